"""`spanledger alerts`: what fires, and what to do about it, by the collector's API."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from spanledger_collector.cli.api import Api, ApiError, WrongRequest, client
from spanledger_collector.cli.console import FAILED, MISUSED, fail, print_table, say
from spanledger_collector.cli.options import (
    ConfigOption,
    TokenOption,
    UrlOption,
    settings_or_fail,
)

app = typer.Typer(help="What fires, and what to do about it.", no_args_is_help=True)

FIRING = ("firing", "recovering")
_EVER = {"start": ["2000-01-01T00:00:00Z"]}


class Format(str, Enum):
    """How to print."""

    table = "table"
    json = "json"


FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How to print.")]
AlertArgument = Annotated[
    str, typer.Argument(metavar="ID", help="The alert, or how its id begins.")
]
NoteOption = Annotated[str | None, typer.Option("--note", help="Why, for the audit trail.")]
FeedbackOption = Annotated[
    str | None,
    typer.Option("--feedback", help="What it was: real, expected or planned."),
]


@app.command("list")
def list_alerts(
    everything: Annotated[
        bool, typer.Option("--all", help="Also those of the last 30 days that are over.")
    ] = False,
    format: FormatOption = Format.table,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
) -> None:
    """Show what fires now.

    [bold]Examples[/bold]
      spanledger alerts list
      spanledger alerts list --all --format json
    """
    with _api(config, url, token) as api:
        states = [] if everything else ["pending", *FIRING]
        _print_alerts(_alerts(api, {"state": states}), format)


@app.command()
def check(
    severity: Annotated[
        str,
        typer.Option("--severity", help="From which severity on: info, warning or critical."),
    ] = "warning",
    now: Annotated[
        bool, typer.Option("--now", help="Judge first, instead of trusting the last minute.")
    ] = False,
    format: FormatOption = Format.table,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
) -> None:
    """End with 1 while something fires, with 0 when nothing does: for cron and CI.

    [bold]Examples[/bold]
      spanledger alerts check || notify-send "Claude spend"
      spanledger alerts check --severity critical --now
    """
    ranks = ("info", "warning", "critical")
    if severity not in ranks:
        fail(f"--severity is {severity!r}; it must be one of {', '.join(ranks)}.", MISUSED)
    with _api(config, url, token) as api:
        if now:
            api.post("/api/v1/alerts/evaluate", {})
        wanted = list(ranks[ranks.index(severity) :])
        rows = _alerts(api, {"state": list(FIRING), "severity": wanted})
    _print_alerts(rows, format)
    if rows:
        raise typer.Exit(FAILED)


@app.command("test")
def send_test(
    channel: Annotated[
        str | None, typer.Option("--channel", help="Only this one; otherwise every channel.")
    ] = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
) -> None:
    """Send a test message through the channels, and say what came of it.

    [bold]Examples[/bold]
      spanledger alerts test
      spanledger alerts test --channel ops
    """
    with _api(config, url, token) as api:
        told = api.post("/api/v1/alerts/test", {"channel": channel})["channels"]
    if not told:
        fail("No channel is set: add [[alerts.channels]] (docs/alerting.md).", MISUSED)
    for each in told:
        say(f"{each['name']}: {'sent' if each['sent'] else each['error']}")
    if not all(each["sent"] for each in told):
        raise typer.Exit(FAILED)


@app.command()
def backtest(
    rule: Annotated[
        str | None, typer.Argument(metavar="RULE", help="A rule in force, by name.")
    ] = None,
    keys: Annotated[
        str | None,
        typer.Option("--rule", metavar="JSON", help="A rule's keys, to try one that is not."),
    ] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="Days of history.")] = 14,
    format: FormatOption = Format.table,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
) -> None:
    """Replay a rule over history, and print what it would have told. Nothing is sent.

    [bold]Examples[/bold]
      spanledger alerts backtest team-spend --days 30
      spanledger alerts backtest --rule '{"kind": "cap", "by": "team", "usd": 20}'
    """
    wanted = {"rule": _rule(rule, keys), "days": days}
    with _api(config, url, token) as api:
        found = api.post("/api/v1/alerts/backtest", wanted)
    if format is Format.json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return
    episodes = found["episodes"]
    if episodes:
        _print_rows(_EPISODE, episodes)
    messages = sum(each["messages"] for each in episodes)
    say(
        f"{len(episodes)} alerts and {messages} messages in {days} days, over {found['series']}"
        f" groups ({found['seconds']:.1f} s)."
    )


@app.command()
def ack(
    alert: AlertArgument,
    note: NoteOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
) -> None:
    """Say that somebody is on it: no more reminders; growth is still told.

    [bold]Example[/bold]
      spanledger alerts ack 3f9a --note "the migration"
    """
    _act("ack", alert, {"note": note}, config, url, token)


@app.command()
def snooze(
    alert: AlertArgument,
    hours: Annotated[float, typer.Option("--hours", min=0.01, help="For how long.")] = 8.0,
    note: NoteOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
) -> None:
    """Be told nothing of it for a while, but its end.

    [bold]Example[/bold]
      spanledger alerts snooze 3f9a --hours 24
    """
    _act("snooze", alert, {"note": note, "hours": hours}, config, url, token)


@app.command()
def resolve(
    alert: AlertArgument,
    feedback: FeedbackOption = None,
    note: NoteOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
) -> None:
    """End it. The same trouble stays quiet until it was good once, or has doubled.

    [bold]Example[/bold]
      spanledger alerts resolve 3f9a --feedback planned
    """
    _act("resolve", alert, {"note": note}, config, url, token)
    if feedback is not None:
        _act("feedback", alert, {"note": note, "feedback": feedback}, config, url, token)


@contextmanager
def _api(config: Any, url: str | None, token: str | None) -> Iterator[Api]:
    settings = settings_or_fail(config)
    try:
        with client(settings, url, token, timeout_s=600.0) as api:
            yield api
    except WrongRequest as error:
        fail(str(error), MISUSED)
    except ApiError as error:
        fail(str(error), FAILED)


def _act(
    action: str,
    alert: str,
    fields: Mapping[str, Any],
    config: Any,
    url: str | None,
    token: str | None,
) -> None:
    with _api(config, url, token) as api:
        found = _only(api, alert)
        wanted = {"actor": _actor(), **{k: v for k, v in fields.items() if v is not None}}
        after = api.post(f"/api/v1/alerts/{found['alert_id']}/{action}", wanted)
    say(f"{after['rule']} {after['value']}: {action}, {after['state']}.")


def _only(api: Api, start: str) -> Mapping[str, Any]:
    """The alert that an id begins for."""
    found = [row for row in _alerts(api, _EVER) if row["alert_id"].startswith(start)]
    if len(found) != 1:
        many = "several alerts" if found else "no alert"
        fail(f"{start!r} is the id of {many}; `spanledger alerts list --all` shows them.", MISUSED)
    return found[0]


def _actor() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "somebody"


def _rule(name: str | None, keys: str | None) -> str | dict[str, Any]:
    if (name is None) == (keys is None):
        fail("Name a rule, or write one with --rule; one of the two.", MISUSED)
    if keys is None:
        return name or ""
    try:
        parsed = json.loads(keys)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        fail('--rule must be a JSON object such as {"kind": "cap", "usd": 20}.', MISUSED)
    return parsed


def _alerts(api: Api, parameters: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    answer = api.query("alerts", parameters, "application/json").json()
    rows: list[dict[str, Any]] = answer["rows"]
    return rows


_ALERT = ("alert_id", "state", "rule", "observed", "expected", "fired_at", "title")
_EPISODE = ("fired_at", "resolved_at", "severity", "value", "observed", "expected", "messages")


def _print_alerts(rows: list[dict[str, Any]], format: Format) -> None:
    if format is Format.json:
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
    elif rows:
        shown = [row | {"alert_id": row["alert_id"][:8]} for row in rows]
        _print_rows(_ALERT, shown)
    else:
        say("Nothing fires.")


def _print_rows(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    table = Table(*columns)
    for row in rows:
        table.add_row(*(Text(_cell(row[column])) for column in columns))
    print_table(table)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:,.2f}" if isinstance(value, float) else str(value)
