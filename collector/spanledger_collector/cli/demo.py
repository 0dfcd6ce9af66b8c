"""`spanledger demo`: its options; `demo_scene` plays it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spanledger_collector.cli.options import DashboardPortOption, PortOption


def demo(
    once: Annotated[
        bool,
        typer.Option(
            "--once",
            help="Without dashboard: write the history, call a little with the real SDK, compare"
            " the ledger with what the simulator billed, and end with 0 if they are equal, else 1.",
        ),
    ] = False,
    days: Annotated[int, typer.Option("--days", min=1, max=400, help="Days of history.")] = 30,
    seed: Annotated[int, typer.Option("--seed", help="What the history is drawn from.")] = 7,
    port: PortOption = None,
    dashboard_port: DashboardPortOption = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            "--data-dir",
            metavar="FOLDER",
            help="Keep the demo's ledger here; otherwise it is deleted at the end.",
        ),
    ] = None,
) -> None:
    """See it at work: a simulated Claude API, real SDK clients, collector and dashboard.

    Writes a month of believable history, then keeps services calling until Ctrl-C. Needs no API
    key, calls nothing outside this machine and leaves your own ledger alone. Takes other ports
    when the usual ones are taken.

    [bold]Examples[/bold]
      spanledger demo
      spanledger demo --days 90 --data-dir ./demo-data
      spanledger demo --once
    """
    # The scene loads simulator and SDK, which no other command should wait for.
    from spanledger_collector.cli.demo_scene import Scene, play

    play(Scene(once, days, seed, port, dashboard_port, data_dir))
