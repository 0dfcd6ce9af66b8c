"""The commands that run the product: both parts together, or one of them in the foreground."""

from __future__ import annotations

import os
import runpy
import sys
from typing import Annotated

import typer
from rich.markup import escape

from spanledger_collector.cli.console import FAILED, MISUSED, fail, out, say
from spanledger_collector.cli.options import (
    ConfigOption,
    DashboardPortOption,
    DataDirOption,
    HostOption,
    PortOption,
    loaded_or_fail,
    settings_or_fail,
    warn_of_unknown_variables,
)
from spanledger_collector.cli.parts import (
    collector_part,
    dashboard_environment,
    dashboard_part,
    self_contained,
    with_real_ports,
)
from spanledger_collector.cli.ports import PortTaken, demand_dashboard_port, demand_free_ports
from spanledger_collector.cli.supervisor import PartFailed, Supervisor
from spanledger_collector.settings import CollectorSettings, Settings

_APART = (
    "With collector.tls_client_ca every client needs a certificate, and `spanledger up` has none."
    " Run `spanledger collector` by itself, and ask it through a proxy that has one."
)


def up(
    config: ConfigOption = None,
    port: PortOption = None,
    dashboard_port: DashboardPortOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Run collector and dashboard together until Ctrl-C.

    Checks the ports first, says where both answer, and stops both when one of them stops.

    [bold]Examples[/bold]
      spanledger up
      spanledger up --data-dir /var/lib/spanledger
      spanledger up --config spanledger.toml --port 4400 --dashboard-port 8600
    """
    loaded = loaded_or_fail(
        config,
        collector={"port": port},
        dashboard={"port": dashboard_port},
        store={"path": data_dir},
    )
    warn_of_unknown_variables(loaded)
    settings = self_contained(with_real_ports(loaded.settings))
    if settings.collector.tls_client_ca is not None:
        fail(_APART, MISUSED)
    try:
        demand_free_ports(settings)
        with Supervisor(
            [collector_part(settings, loaded.file), dashboard_part(settings)]
        ) as supervisor:
            supervisor.wait_until_ready()
            _announce(settings)
            supervisor.watch()
    except (PortTaken, PartFailed) as error:
        fail(str(error), FAILED)
    except KeyboardInterrupt:
        say("Stopped.")


def collector(
    config: ConfigOption = None,
    host: HostOption = None,
    port: PortOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Run the collector alone, in the foreground.

    It takes in OTLP over HTTP and gRPC and answers queries (GET /api/v1/query/NAME).

    [bold]Examples[/bold]
      spanledger collector
      spanledger collector --data-dir /var/lib/spanledger --port 4318
      SPANLEDGER_COLLECTOR__TOKEN=… spanledger collector --host 0.0.0.0
    """
    settings = settings_or_fail(
        config, collector={"host": host, "port": port}, store={"path": data_dir}
    )
    from spanledger_collector.logs import start_logging
    from spanledger_collector.prices import ContractError
    from spanledger_collector.server import PortInUse, TlsError, run_collector
    from spanledger_collector.store import StoreError

    start_logging(settings.collector)
    try:
        run_collector(settings)
    except (ContractError, PortInUse, StoreError, TlsError) as error:
        fail(str(error), FAILED)


def dashboard(
    config: ConfigOption = None,
    host: HostOption = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="Port of the dashboard (default 8501)."),
    ] = None,
    collector_url: Annotated[
        str | None,
        typer.Option(
            "--collector-url", help="Where the collector answers; several with commas between."
        ),
    ] = None,
) -> None:
    """Run the dashboard alone, in the foreground, beside a collector that runs elsewhere.

    [bold]Examples[/bold]
      spanledger dashboard
      spanledger dashboard --collector-url http://10.0.0.5:4318 --port 8600
    """
    settings = settings_or_fail(
        config, dashboard={"host": host, "port": port, "collector_url": collector_url}
    )
    try:
        demand_dashboard_port(settings, "--port")
    except PortTaken as error:
        fail(str(error), FAILED)
    os.environ.update(dashboard_environment(with_real_ports(settings)))
    sys.argv = ["spanledger dashboard"]  # the options are in the environment now
    runpy.run_module("spanledger_dashboard", run_name="__main__", alter_sys=True)


def _announce(settings: Settings) -> None:
    lines = (
        "",
        f"  Dashboard  [bold green]{settings.dashboard.url}[/]",
        f"  Collector  {settings.collector.url}",
        *_grpc(settings.collector),
        f"  Ledger     {escape(str(settings.store.path.absolute()))}",
        "",
        "  Add to a service that uses the anthropic SDK:",
        f"    [bold]{_one_line(settings)}[/]",
        "",
        "  Ctrl-C stops both.",
        "",
    )
    out.print("\n".join(lines), soft_wrap=True)


def _grpc(collector: CollectorSettings) -> list[str]:
    port = collector.grpc_asked
    return [] if port is None else [f"  OTLP/gRPC  {collector.grpc_target(port)}"]


def _one_line(settings: Settings) -> str:
    if settings.collector.port == type(settings.collector)().port:
        return "import spanledger; spanledger.instrument()"
    return f'import spanledger; spanledger.instrument(endpoint="{settings.collector.url}")'
