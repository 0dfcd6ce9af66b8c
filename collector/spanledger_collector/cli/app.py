"""Puts the commands together."""

from __future__ import annotations

import inspect
from typing import Annotated

import typer

from spanledger_collector.cli import (
    about,
    alerts,
    backup,
    demo,
    doctor,
    export,
    migrate,
    prices,
    query,
    serve,
)

_EXAMPLES = "[bold]Example"
EPILOG = (
    "First look, with simulated traffic: [bold]spanledger demo[/bold]. "
    "For real use: [bold]spanledger up[/bold]. "
    "Settings come from spanledger.toml and SPANLEDGER_<SECTION>__<KEY> variables; "
    "[bold]spanledger config[/bold] shows them."
)

app = typer.Typer(
    name="spanledger",
    help="Know what every Claude API call costs and who caused it.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,  # locals hold tokens
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("up", rich_help_panel="Run")(serve.up)
app.command("collector", rich_help_panel="Run")(serve.collector)
app.command("dashboard", rich_help_panel="Run")(serve.dashboard)
app.command("demo", rich_help_panel="Run")(demo.demo)
app.command("query", rich_help_panel="Ask")(query.query)
app.add_typer(prices.app, name="prices", rich_help_panel="Ask")
app.add_typer(alerts.app, name="alerts", rich_help_panel="Ask")
app.add_typer(export.app, name="export", rich_help_panel="Ask")
app.command("backup", rich_help_panel="Look after")(backup.backup)
app.command("restore", rich_help_panel="Look after")(backup.restore)
app.add_typer(migrate.app, name="migrate", rich_help_panel="Look after")
app.command("doctor", rich_help_panel="Look after")(doctor.doctor)
app.command("config", rich_help_panel="Look after")(about.config)
app.command("version", rich_help_panel="Look after")(about.version)


def _fill_lines(within: typer.Typer | None) -> None:
    """Let help fill the terminal's width: Typer keeps the line ends of all but first paragraphs."""
    if within is None:
        return
    for command in within.registered_commands:
        paragraphs = inspect.cleandoc(command.callback.__doc__ or "").split("\n\n")
        command.help = "\n\n".join(
            each if each.startswith(_EXAMPLES) else each.replace("\n", " ") for each in paragraphs
        )
    for group in within.registered_groups:
        _fill_lines(group.typer_instance)


_fill_lines(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        about.version()
        raise typer.Exit


@app.callback()
def root(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show versions and exit."
        ),
    ] = False,
) -> None:
    """Know what every Claude API call costs and who caused it."""
