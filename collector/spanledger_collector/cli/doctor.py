"""Checks the set-up end to end and says what to mend."""

from __future__ import annotations

from collections.abc import Iterator

import typer
from rich.table import Table
from rich.text import Text

from spanledger_collector.cli.console import FAILED, out, print_table, say
from spanledger_collector.cli.findings import Finding, Level, failure
from spanledger_collector.cli.machine_checks import (
    check_data_folder,
    check_ports,
    check_settings,
    check_versions,
)
from spanledger_collector.cli.options import ConfigOption
from spanledger_collector.cli.service_checks import RunningParts
from spanledger_collector.settings import SettingsError, load_settings_with_origins

_STYLES = {Level.ok: "green", Level.warn: "yellow", Level.fail: "bold red"}


def doctor(config: ConfigOption = None) -> None:
    """Check the set-up end to end and say what to mend.

    Looks at versions, settings, data folder, ports, the running collector and dashboard, the
    token and the clock, and exports one real span (no API call, so it costs nothing). Exit code 1
    when something must be mended.

    [bold]Examples[/bold]
      spanledger doctor
      spanledger doctor --config /etc/spanledger.toml
    """
    findings = list(_examine(config))
    table = Table.grid(padding=(0, 2))
    for finding in findings:
        mark = Text(finding.level.value, style=_STYLES[finding.level])
        table.add_row(mark, Text(finding.what), Text(finding.detail))
        if finding.cure:
            table.add_row("", "", Text(f"-> {finding.cure}", style="bold"))
    print_table(table)
    count = sum(finding.level is Level.fail for finding in findings)
    out.print()
    if count:
        say(f"{count} to mend.", "bold red")
        raise typer.Exit(FAILED)
    say("Nothing to mend.", "green")


def _examine(config: ConfigOption) -> Iterator[Finding]:
    yield from check_versions()
    try:
        loaded = load_settings_with_origins(config)
    except SettingsError as error:
        yield failure("Settings", str(error), "Correct it and run this again.")
        return
    yield from check_settings(loaded)
    yield from check_data_folder(loaded.settings)
    running = RunningParts(loaded.settings)
    yield from check_ports(loaded.settings, running.answering)
    yield from running.findings()
