"""Plays the demo: simulator, collector, dashboard, history and live traffic, in order."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx2 as httpx
import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from spanledger_collector.cli.console import FAILED, MISUSED, fail, out, say, talk, warn
from spanledger_collector.cli.parts import collector_part, dashboard_part
from spanledger_collector.cli.ports import is_free
from spanledger_collector.cli.supervisor import PartFailed, Supervisor
from spanledger_collector.ports import free_port
from spanledger_collector.settings import (
    AlertsSettings,
    Budget,
    Channel,
    CollectorSettings,
    DashboardSettings,
    Settings,
    StoreSettings,
)
from spanledger_demo.live import TrafficError
from spanledger_demo.reconcile import reconcile
from spanledger_demo.run import backfill, demo_simulator, live
from spanledger_demo.sender import DeliveryError
from spanledger_demo.simulator import Simulator
from spanledger_demo.sink import alert_sink

_BUDGETS = (
    {"name": "company", "usd": 6000, "thresholds": [0.95, 1.0]},
    {"name": "platform", "usd": 4000, "thresholds": [0.95, 1.0], "only": {"team": ["platform"]}},
)
_RUNAWAY_S = 120.0
_JUDGE_EVERY_S = 10.0
_ONCE_LIVE_S = 8.0
_ONCE_RATE = 6.0
_ONCE_PATIENCE_S = 60.0


class Scene(NamedTuple):
    """What the demo was asked for."""

    once: bool
    days: int
    seed: int
    port: int | None
    dashboard_port: int | None
    data_dir: Path | None


def play(scene: Scene) -> None:
    """Play it until Ctrl-C, or once."""
    try:
        with (
            _folder(scene.data_dir) as folder,
            demo_simulator(seed=scene.seed) as simulator,
            alert_sink(_show_alert) as hook,
        ):
            settings = _settings(folder, scene, hook)
            parts = [collector_part(settings), *([] if scene.once else [dashboard_part(settings)])]
            with Supervisor(parts) as supervisor, _causes(supervisor):
                supervisor.wait_until_ready()
                if scene.once:
                    _prove(settings, simulator, scene)
                else:
                    _show(settings, simulator, scene, supervisor)
    except (PartFailed, DeliveryError, TrafficError, httpx.HTTPError) as error:
        fail(str(error), FAILED)
    except KeyboardInterrupt:
        if scene.once:
            fail("Interrupted before the comparison.", FAILED)
        say("Stopped.")


def _show(settings: Settings, simulator: Simulator, scene: Scene, supervisor: Supervisor) -> None:
    out.print(f"\n  Dashboard (demo data)  [bold green]{settings.dashboard.url}[/]", soft_wrap=True)
    out.print(f"  Collector              {settings.collector.url}", soft_wrap=True)
    out.print(f"  Simulated Claude API   {simulator.url}\n", soft_wrap=True)
    _write_history(settings, simulator, scene)
    with live(
        settings.collector.url, None, simulator.url, seed=scene.seed, runaway_s=_RUNAWAY_S
    ) as traffic:
        say("An agent runs away for two minutes; what alerts tell of it is shown here.")
        say("Services are calling the simulated API; the dashboard moves. Ctrl-C ends the demo.")
        supervisor.watch(traffic.check)


def _prove(settings: Settings, simulator: Simulator, scene: Scene) -> None:
    _write_history(settings, simulator, scene)
    say(f"Calling with the real SDK for {_ONCE_LIVE_S:.0f} s …")
    with live(
        settings.collector.url,
        None,
        simulator.url,
        duration_s=_ONCE_LIVE_S,
        rate=_ONCE_RATE,
        seed=scene.seed,
        patience_s=_ONCE_PATIENCE_S,
    ) as traffic:
        if not traffic.wait(_ONCE_LIVE_S + 2 * _ONCE_PATIENCE_S):
            raise TrafficError("The services of the demo did not come to an end in time.")
    result = reconcile(settings.collector.url, None, simulator.bill())
    out.print(result.text, markup=False, soft_wrap=True)
    if not result.equal:
        raise typer.Exit(FAILED)


def _write_history(settings: Settings, simulator: Simulator, scene: Scene) -> None:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("calls"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=talk) as progress:
        task = progress.add_task(f"Writing {scene.days} days of history", total=None)
        result = backfill(
            settings.collector.url,
            None,
            simulator,
            days=scene.days,
            seed=scene.seed,
            progress=lambda sent, total: progress.update(task, completed=sent, total=total),
        )
    say(f"{result.spans:,} calls worth ${result.usd:,.2f} written in {result.seconds:.1f} s.")


def _show_alert(title: str, text: str) -> None:
    out.print(Text(f"\n{title}\n{text}\n"), soft_wrap=True)


def _settings(folder: Path, scene: Scene, hook: str) -> Settings:
    """Settings of the demo alone: no file and no environment, so that no real ledger is touched."""
    sink = {"name": "demo", "webhook": hook, "allow_private": True, "allow_http": True}
    return Settings(
        budgets=tuple(Budget.model_validate(budget) for budget in _BUDGETS),
        alerts=AlertsSettings(interval_s=_JUDGE_EVERY_S, channels=(Channel.model_validate(sink),)),
        collector=CollectorSettings(
            port=_open_port("collector", scene.port, CollectorSettings()), grpc_port="off"
        ),
        store=StoreSettings(path=folder),
        dashboard=DashboardSettings(
            port=_open_port("dashboard", scene.dashboard_port, DashboardSettings()), demo=True
        ),
    )


def _open_port(
    name: str, wanted: int | None, defaults: CollectorSettings | DashboardSettings
) -> int:
    port = defaults.port if wanted is None else wanted
    if port and is_free(defaults.host, port):
        return port
    other = free_port(defaults.host)
    if port:
        warn(f"port {port} is taken; the demo's {name} takes {other} instead.")
    return other


@contextmanager
def _folder(data_dir: Path | None) -> Iterator[Path]:
    if data_dir is None:
        with tempfile.TemporaryDirectory(prefix="spanledger-demo-") as name:
            yield Path(name)
    elif (data_dir / "ledger.duckdb").exists():
        fail(
            f"{data_dir} holds a ledger already, and demo data would mix with it. Give the demo a"
            " folder of its own.",
            MISUSED,
        )
    else:
        yield data_dir


@contextmanager
def _causes(supervisor: Supervisor) -> Iterator[None]:
    """Blame a part that has died rather than the error that its death caused elsewhere."""
    try:
        yield
    except (DeliveryError, TrafficError, httpx.HTTPError):
        supervisor.demand_alive()
        raise
