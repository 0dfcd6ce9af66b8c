"""`spanledger alerts`: what fires, and what to do about it, by the collector's API."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from spanledger_collector.alerts.lifecycle import MAX_SNOOZE_H
from spanledger_collector.cli.api import Api
from spanledger_collector.cli.asking import asking
from spanledger_collector.cli.console import FAILED, MISUSED, fail, print_table, say, warn

app = typer.Typer(help="What fires, and what to do about it.", no_args_is_help=True)

FIRING = ("firing", "recovering")
UNKNOWN = 3
"""How `check` ends when nobody knows whether something fires."""
_EVER = {"start": ["2000-01-01T00:00:00Z"], "limit": ["10000"]}
_RANKS = ("info", "warning", "critical")


class Format(str, Enum):
    """How to print."""

    table = "table"
    json = "json"


class Feedback(str, Enum):
    """What an alert was."""

    real = "real"
    expected = "expected"
    planned = "planned"


FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How to print.")]
AlertArgument = Annotated[
    str, typer.Argument(metavar="ID", help="The alert, or how its id begins.")
]
NoteOption = Annotated[str | None, typer.Option("--note", help="Why, for the audit trail.")]
FeedbackOption = Annotated[Feedback | None, typer.Option("--feedback", help="What it was.")]


@app.command("list")
@asking()
def list_alerts(
    api: Api,
    everything: Annotated[
        bool, typer.Option("--all", help="Also those of the last 30 days that are over.")
    ] = False,
    format: FormatOption = Format.table,
) -> None:
    """Show what fires now.

    [bold]Examples[/bold]
      spanledger alerts list
      spanledger alerts list --all --format json
    """
    states = [] if everything else ["pending", *FIRING]
    _print_alerts(_alerts(api, {"state": states}), format)
    _troubles(api)
    _say_planned(api)


@app.command()
@asking(unreachable=UNKNOWN)
def check(
    api: Api,
    severity: Annotated[
        str,
        typer.Option("--severity", help="From which severity on: info, warning or critical."),
    ] = "warning",
    now: Annotated[
        bool, typer.Option("--now", help="Judge first, instead of trusting the last minute.")
    ] = False,
    format: FormatOption = Format.table,
) -> None:
    """End with 1 while something fires, with 0 when nothing does, with 3 when nobody knows.

    [bold]Examples[/bold]
      spanledger alerts check || notify-send "Claude spend"
      spanledger alerts check --severity critical --now
    """
    if severity not in _RANKS:
        fail(f"--severity is {severity!r}; it must be one of {', '.join(_RANKS)}.", MISUSED)
    if now:
        api.post("/api/v1/alerts/evaluate", {})
    wanted = list(_RANKS[_RANKS.index(severity) :])
    rows = _alerts(api, {"state": list(FIRING), "severity": wanted})
    unknown = _troubles(api)
    if rows or not unknown or format is Format.json:
        _print_alerts(rows, format)
    if rows:
        raise typer.Exit(FAILED)
    if unknown:
        raise typer.Exit(UNKNOWN)


@app.command("test")
@asking()
def send_test(
    api: Api,
    channel: Annotated[
        str | None, typer.Option("--channel", help="Only this one; otherwise every channel.")
    ] = None,
) -> None:
    """Send a test message through the channels, and say what came of it.

    [bold]Examples[/bold]
      spanledger alerts test
      spanledger alerts test --channel ops
    """
    told = api.post("/api/v1/alerts/test", {"channel": channel})["channels"]
    if not told:
        fail(
            "No channel is set, so nobody is told: add [[alerts.channels]] (docs/alerting.md).",
            MISUSED,
        )
    for each in told:
        say(f"{each['name']}: {'sent' if each['sent'] else each['error']}")
    if not all(each["sent"] for each in told):
        raise typer.Exit(FAILED)


@app.command()
@asking()
def backtest(
    api: Api,
    rule: Annotated[
        str | None, typer.Argument(metavar="RULE", help="A rule in force, by name.")
    ] = None,
    keys: Annotated[
        str | None,
        typer.Option("--rule", metavar="JSON", help="A rule's keys, to try one that is not."),
    ] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="Days of history.")] = 14,
    format: FormatOption = Format.table,
) -> None:
    """Replay a rule over history, and print what it would have told. Nothing is sent.

    [bold]Examples[/bold]
      spanledger alerts backtest team-spend --days 30
      spanledger alerts backtest --rule '{"kind": "cap", "by": "team", "usd": 20}'
    """
    wanted = {"rule": _rule(rule, keys), "days": days}
    found = api.post("/api/v1/alerts/backtest", wanted)
    if format is Format.json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return
    messages = found["messages"]
    if messages:
        _print_messages(messages)
    say(
        f"{_count(len(found['episodes']), 'alert')} and {_count(len(messages), 'message')} in"
        f" {_count(days, 'day')}, over {_count(found['series'], 'group')}"
        f" ({found['seconds']:.1f} s)."
    )


@app.command()
@asking()
def ack(
    api: Api,
    alert: AlertArgument,
    note: NoteOption = None,
) -> None:
    """Say that somebody is on it: no more reminders; growth is still told.

    [bold]Example[/bold]
      spanledger alerts ack 3f9a --note "the migration"
    """
    _act(api, "ack", _only(api, alert), {"note": note})


@app.command()
@asking()
def snooze(
    api: Api,
    alert: AlertArgument,
    hours: Annotated[
        float, typer.Option("--hours", min=0.01, max=MAX_SNOOZE_H, help="For how long.")
    ] = 8.0,
    note: NoteOption = None,
) -> None:
    """Be told nothing of it for a while, but its end.

    [bold]Example[/bold]
      spanledger alerts snooze 3f9a --hours 24
    """
    _act(api, "snooze", _only(api, alert), {"note": note, "hours": hours})


@app.command()
@asking()
def resolve(
    api: Api,
    alert: AlertArgument,
    feedback: FeedbackOption = None,
    note: NoteOption = None,
) -> None:
    """End it. The same trouble stays quiet until it was good once, or has doubled.

    With --feedback say what it was, also of an alert that is over.

    [bold]Example[/bold]
      spanledger alerts resolve 3f9a --feedback planned
    """
    found = _only(api, alert)
    if feedback is None or found["state"] != "resolved":
        _act(api, "resolve", found, {"note": note})
    if feedback is not None:
        _act(api, "feedback", found, {"note": note, "feedback": feedback.value})


def _act(api: Api, action: str, alert: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
    """Do something to an alert, and say what it is now."""
    wanted = {"actor": _actor(), **{k: v for k, v in fields.items() if v is not None}}
    after = api.post(f"/api/v1/alerts/{alert['alert_id']}/{action}", wanted)
    who = "" if after["dimension"] == "none" else f" of {after['dimension']} {after['value']}"
    say(f"{after['rule']}{who} ({after['alert_id'][:8]}): {_done(action, after)}.")


def _done(action: str, alert: Mapping[str, Any]) -> str:
    if action == "ack":
        return f"acknowledged by {alert['acked_by']}, still {alert['state']}"
    if action == "snooze":
        return f"snoozed until {alert['snoozed_until']}, still {alert['state']}"
    if action == "feedback":
        return f"noted as {alert['feedback']}"
    return "resolved"


def _troubles(api: Api) -> bool:
    """Say which rules nobody can trust now, and which look at some groups alone."""
    rules = api.query("alert_rules", {}, "application/json").json()["rows"]
    if not rules:
        warn(
            "No rule is in force: alerts.enabled is off, or alerts.defaults is and there are none."
        )
        return True
    troubles = [rule for rule in rules if rule["trouble"] is not None]
    told = {rule["trouble"] for rule in troubles}
    for trouble in sorted(told):
        names = [rule["rule"] for rule in troubles if rule["trouble"] == trouble]
        warn(trouble if len(names) == len(rules) else f"{', '.join(names)}: {trouble}")
    for rule in rules:
        if rule["left_out_groups"]:
            warn(
                f"{rule['rule']} judges the {rule['judged_groups']:,} groups by"
                f" {rule['dimension']} that matter most to it, and not"
                f" {rule['left_out_groups']:,} others."
            )
    return bool(troubles)


def _say_planned(api: Api) -> None:
    """Say which planned work goes on, and which begins within a day: its calls do not fire."""
    now = datetime.now(timezone.utc)
    asked = {"start": [now.isoformat()], "end": [(now + timedelta(days=1)).isoformat()]}
    for row in api.query("planned", asked, "application/json").json()["rows"]:
        only = json.loads(row["only"]).items()
        calls = ", ".join(f"{name} {' or '.join(values)}" for name, values in only) or "all calls"
        say(f"Planned: {row['planned']}, {calls}, {row['planned_start']} to {row['planned_end']}.")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _only(api: Api, start: str) -> Mapping[str, Any]:
    """The alert that an id begins for."""
    if not start:
        fail("The id is empty; `spanledger alerts list --all` shows those of all alerts.", MISUSED)
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


def _print_alerts(rows: list[dict[str, Any]], format: Format) -> None:
    if format is Format.json:
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
    elif rows:
        table = Table("alert", "state", "rule", "who", "seen", "expected", "since (UTC)", "message")
        for row in rows:
            table.add_row(*(Text(cell) for cell in _shown(row)))
        print_table(table)
    else:
        say("Nothing fires.")


def _shown(row: Mapping[str, Any]) -> tuple[str, ...]:
    """An alert as a line: what fires, for whom, and who tells it."""
    told = row["title"] or "not told"
    if row["parent_id"] is not None and not row["told"]:
        told = f"told by {row['parent_id'][:8]}"
    elif row["state"] == "pending":
        told = "fires if the next judgement says so, too"
    marks = [
        row["state"],
        *(["acknowledged"] if row["acked_at"] else []),
        *(["snoozed"] if row["snoozed_until"] else []),
        *(["hours missing"] if row["verdict"] == "missing_hours" else []),
    ]
    return (
        row["alert_id"][:8],
        ", ".join(marks),
        row["rule"],
        "all calls" if row["dimension"] == "none" else row["value"],
        _figure(row["observed"], row["unit"]),
        _figure(row["expected"], row["unit"]),
        (row["fired_at"] or row["pending_since"])[:16].replace("T", " "),
        told,
    )


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    if unit == "usd":
        return f"${value:,.2f}"
    return f"{value:.1%}" if unit == "share" else f"{value:,.0f} {unit}"


def _print_messages(messages: Sequence[Mapping[str, Any]]) -> None:
    table = Table("when (UTC)", "why", "message")
    for each in messages:
        when = each["at"][:16].replace("T", " ")
        table.add_row(*(Text(cell) for cell in (when, each["reason"], each["title"])))
    print_table(table)
