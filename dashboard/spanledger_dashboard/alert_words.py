"""Alerts, rules and budgets in words; pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from spanledger_dashboard import formats
from spanledger_dashboard.alerting import Alert, Budget, Event, Rule
from spanledger_dashboard.catalogue import DIMENSIONS
from spanledger_dashboard.ends import written

__all__ = [
    "KINDS",
    "as_toml",
    "binding",
    "causes",
    "compared",
    "drivers",
    "event_words",
    "figure",
    "headline",
    "judged",
    "only_words",
    "rule_fields",
    "since",
    "slice_link",
    "who",
    "within",
]

KINDS = {
    "spike": "spend is above the usual",
    "cap": "spend runs away",
    "budget": "budget",
    "unpriced": "calls have no known price",
    "cache": "the cache serves less",
    "errors": "requests fail more often",
    "silence": "no calls come in",
}
_EVENTS = {
    "pending": "looks bad",
    "fired": "fired",
    "told": "told",
    "escalated": "became more severe",
    "grown": "doubled",
    "reminder": "reminded",
    "inhibited": "held back: another alert tells it",
    "recovering": "is good again",
    "resolved": "is over",
    "dropped": "was nothing",
    "unknown": "cannot be judged: its hours are missing",
    "acked": "acknowledged",
    "unack": "no longer acknowledged",
    "snoozed": "snoozed",
    "unsnooze": "no longer snoozed",
    "feedback": "judged",
}
_CAUSES = {
    "volume_usd": "More calls",
    "tokens_usd": "More tokens a call",
    "price_usd": "Prices",
    "cache_usd": "Less from the cache",
    "mix_usd": "Other models",
    "search_usd": "Web searches",
}
_MEASURES = {
    "unpriced": "unpriced",
    "cache": "cache_hit",
    "errors": "error_share",
    "silence": "calls",
}
"""What the explorer measures for an alert that is not about dollars."""
_IN_LINKS = {column: name for name, (column, _) in DIMENSIONS.items()}


def who(dimension: str, value: str) -> str:
    """Whom an alert is about."""
    return "all calls" if dimension == "none" else f"{dimension.removesuffix('_id')} {value}"


def headline(alert: Alert) -> str:
    """An alert in one line."""
    what = KINDS.get(alert.kind, alert.kind)
    if alert.kind == "budget":
        group = "" if alert.dimension == "none" else f" of {who(alert.dimension, alert.value)}"
        return f"Budget {alert.rule.removeprefix('budget:')}{group}"
    group = who(alert.dimension, alert.value)
    return f"{group[:1].upper()}{group[1:]}: {what}"


def figure(value: float, unit: str) -> str:
    """A number in an alert's unit."""
    if unit == "usd":
        return formats.money(Decimal(repr(round(value, 4))))
    if unit == "share":
        return formats.share(value)
    if unit == "minutes":
        return formats.duration(int(value * 60e9))
    return formats.count(round(value), unit.removesuffix("s"))


def compared(alert: Alert) -> str:
    """What was seen, against what was expected."""
    seen = f"{figure(alert.observed, alert.unit)}{within(alert)}"
    if alert.expected is None:
        return seen
    expected = figure(alert.expected, alert.unit)
    if alert.kind == "budget":
        return f"{seen} of {expected}"
    if alert.kind == "cap":
        return f"{seen}, the cap is {expected}"
    around = ""
    if alert.low is not None and alert.high is not None:
        low, high = figure(alert.low, alert.unit), figure(alert.high, alert.unit)
        around = f" ({low} to {high} in nine of ten)"
    return f"{seen} against {expected} as usual{around}"


def within(alert: Alert) -> str:
    """In how long it was seen; nothing of what has a period of its own, or is a time itself."""
    if alert.kind in {"budget", "silence"}:
        return ""
    minutes = round((alert.window_end - alert.window_start).total_seconds() / 60)
    return f" in {minutes} min" if minutes < 60 else f" in {round(minutes / 60)} h"


def drivers(alert: Alert) -> list[dict[str, Any]]:
    """Who makes up how much of the difference, and by which cause."""
    told = alert.message.get("drivers") or []
    return [
        {
            "Who": who(each["dimension"], each["value"]),
            "Difference": _usd(each["difference_usd"]),
            "Share": float(each["share"]) * 100,
            **{words: _usd(each.get(cause)) for cause, words in _CAUSES.items()},
        }
        for each in told
    ]


def causes(alert: Alert) -> str:
    """The first driver in words; nothing where none is known."""
    told = alert.message.get("drivers") or []
    if not told:
        return ""
    first = told[0]
    whole = Decimal(first["difference_usd"])
    parts = sorted(
        ((Decimal(first.get(cause) or 0), words) for cause, words in _CAUSES.items()),
        key=lambda part: -abs(part[0]),
    )
    named = [words.lower() for usd, words in parts if whole and abs(usd) >= abs(whole) / 5]
    split = f": {', '.join(named[:2])}" if named else ""
    name, share = who(first["dimension"], first["value"]), formats.share(float(first["share"]))
    return f"{name} makes up {share} of it ({formats.change(whole, Decimal(0))}){split}"


def event_words(event: Event) -> str:
    """What happened, by whom."""
    what = _EVENTS.get(event.event, event.event)
    by = "" if event.actor == "spanledger" else f" by {event.actor}"
    remark = f": {event.remark}" if event.remark else ""
    return f"{what}{by}{remark}"


def only_words(only: Mapping[str, Any]) -> str:
    """Which calls count."""
    parts = [f"{name.removesuffix('_id')} {' or '.join(values)}" for name, values in only.items()]
    return ", ".join(parts) or "all calls"


def slice_link(alert: Alert, only: Mapping[str, Sequence[str]]) -> dict[str, str | list[str]]:
    """The cost explorer on exactly the calls that an alert is about.

    Args:
        alert: the alert.
        only: which calls its rule or budget counts.
    """
    told = alert.message.get("drivers") or []
    by = _IN_LINKS.get(told[0]["dimension"], "service") if told else "service"
    link: dict[str, str | list[str]] = {
        "range": "custom",
        "from": written(alert.window_start),
        "to": written(alert.window_end),
        "by": by,
    }
    if measure := _MEASURES.get(alert.kind):
        link["measure"] = measure
    link |= {_IN_LINKS[name]: list(values) for name, values in only.items() if name in _IN_LINKS}
    if alert.dimension in _IN_LINKS:
        link[_IN_LINKS[alert.dimension]] = [alert.value]
    return link


def as_toml(rule: Mapping[str, Any]) -> str:
    """A rule as it stands in the configuration file; JSON's texts and lists are TOML's, too."""
    lines = ["[[alerts.rule]]"]
    for name, value in rule.items():
        if isinstance(value, Mapping):
            inner = ", ".join(f"{key} = {json.dumps(each)}" for key, each in value.items())
            lines.append(f"{name} = {{{inner}}}")
        else:
            lines.append(f"{name} = {json.dumps(value)}")
    return "\n".join(lines)


def since(moment: datetime, now: datetime) -> str:
    """How long ago, and when."""
    local = moment.astimezone(now.tzinfo)
    day = "" if local.date() == now.date() else f"{formats.day(local)} "
    return f"{formats.ago(now - moment)} ({day}{local:%H:%M})"


def binding(budgets: list[Budget]) -> Budget | None:
    """The budget that ends first as it goes now; None where none does."""
    short = [
        each
        for each in budgets
        if each.left_usd <= 0 or (each.forecast_usd is not None and each.forecast_usd > each.usd)
    ]
    return min(
        short, key=lambda each: (each.left_usd > 0, each.run_out_at or each.end), default=None
    )


def judged(rule: Rule) -> str:
    """How many groups a rule looked at last."""
    if rule.trouble is not None:
        return "not now"
    if rule.left_out:
        return f"{rule.judged:,} of {rule.judged + rule.left_out:,}"
    return formats.count(rule.judged, "group")


def rule_fields(rule: Rule, changed: Mapping[str, Any]) -> dict[str, Any]:
    """A rule as the settings have it, with some options changed."""
    fields: dict[str, Any] = {"name": rule.name, "kind": rule.kind, "by": rule.by}
    if rule.only:
        fields["only"] = dict(rule.only)
    fields |= {"severity": rule.severity} | dict(rule.options) | dict(changed)
    return {name: value for name, value in fields.items() if value is not None}


def _usd(text: str | None) -> float | None:
    return None if text is None else float(text)
