"""What is told of an alert: title, text and the webhook's document; pure, and never a prompt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone, tzinfo
from decimal import Decimal
from typing import Any, NamedTuple

from spanledger_collector.alerts.alert import Alert, Key
from spanledger_collector.alerts.instants import stamp
from spanledger_collector.alerts.links import Links, links_of
from spanledger_collector.alerts.plain import plain
from spanledger_collector.alerts.rules import Scope

__all__ = [
    "BudgetLeft",
    "Driver",
    "Facts",
    "Message",
    "document",
    "message",
    "test_document",
    "title_of",
]

VERSION = 1
_NOTHING_USD = 1e-4
"""What an alert is about is dollars: less than this is the end of a range, and reads as nothing."""
_WORDS = {
    "opened": "",
    "escalated": "More severe: ",
    "grown": "Twice as much: ",
    "reminder": "Still: ",
    "resolved": "Over: ",
}
_KINDS = {
    "spike": "spend is above the usual",
    "cap": "spend runs away",
    "budget": "budget",
    "unpriced": "calls have no known price",
    "cache": "the cache serves less",
    "errors": "requests fail",
    "silence": "no calls come in",
}
_CAUSES = {
    "volume": "more calls",
    "tokens": "more tokens a call",
    "price": "higher prices",
    "cache": "less from the cache",
    "mix": "other models",
    "search": "more web searches",
}
_WARNINGS = {
    "budget_forecast": " The forecast is above it.",
    "budget_burn": " The last hour went far above an even pace.",
}


class Driver(NamedTuple):
    """Who makes up how much of the difference, and by which cause."""

    dimension: str
    value: str
    difference_usd: Decimal
    share: float
    """Of the whole difference."""
    causes: dict[str, Decimal]


class BudgetLeft(NamedTuple):
    """The budget that the calls in question are part of."""

    key: Key
    """Its name, and the group whose budget it is."""
    usd: Decimal
    left_usd: Decimal
    forecast_usd: Decimal | None


class Facts(NamedTuple):
    """What is known beside the alert."""

    scope: Scope
    drivers: Sequence[Driver] = ()
    traces: Sequence[str] = ()
    day_usd: Decimal | None = None
    """What today comes to as it goes now."""
    month_usd: Decimal | None = None
    budget: BudgetLeft | None = None
    prices_version: str = ""
    priced_share: float | None = None
    newest_call_at: datetime | None = None


class Message(NamedTuple):
    """What people read."""

    title: str
    text: str


class Place(NamedTuple):
    """Whose clock, and where the dashboard is."""

    zone: tzinfo
    dashboard_url: str | None

    def clock(self, at: datetime) -> str:
        """An instant by that clock."""
        local = at.replace(tzinfo=timezone.utc).astimezone(self.zone)
        return f"{local:%Y-%m-%d %H:%M}"


def document(
    send_id: str, reason: str, alert: Alert, facts: Facts, place: Place, now: datetime
) -> dict[str, Any]:
    """The webhook's document, whose `title` and `text` the other channels get."""
    told = message(reason, alert, facts, place, now)
    links = _links(alert, facts, place)
    return {
        "version": VERSION,
        "id": send_id,
        "reason": reason,
        "title": told.title,
        "text": told.text,
        "alert": {
            "id": alert.alert_id,
            "rule": alert.rule,
            "kind": alert.kind,
            "severity": alert.severity,
            "state": alert.state,
            "dimension": alert.dimension,
            "value": alert.value,
            "episode": alert.episode,
            "fired_at": _stamp(alert.fired_at),
            "resolved_at": _stamp(alert.resolved_at),
            "bad_since": _stamp(alert.bad_since),
        },
        "window": {
            "start": _stamp(alert.window_start),
            "end": _stamp(alert.window_end),
            "time_zone": str(place.zone),
        },
        "observed": alert.observed,
        "expected": alert.expected,
        "expected_low": alert.expected_low,
        "expected_high": alert.expected_high,
        "unit": alert.unit,
        "excess_usd": _exact(alert.excess_usd),
        "times": _times(alert),
        "projection": {
            "day_usd": _exact(facts.day_usd),
            "month_usd": _exact(facts.month_usd),
            "budget": facts.budget.key.rule if facts.budget else None,
            "budget_dimension": facts.budget.key.dimension if facts.budget else None,
            "budget_value": facts.budget.key.value if facts.budget else None,
            "budget_usd": _exact(facts.budget.usd) if facts.budget else None,
            "left_usd": _exact(facts.budget.left_usd) if facts.budget else None,
            "forecast_usd": _exact(facts.budget.forecast_usd) if facts.budget else None,
        },
        "drivers": [
            {
                "dimension": driver.dimension,
                "value": driver.value,
                "difference_usd": _exact(driver.difference_usd),
                "share": round(driver.share, 4),
                **{f"{name}_usd": _exact(usd) for name, usd in driver.causes.items()},
            }
            for driver in facts.drivers
        ],
        "traces": list(facts.traces),
        "trace_links": links.traces if links else [],
        "link": links.explorer if links else None,
        "alert_link": links.alert if links else None,
        "prices_version": facts.prices_version,
        "priced_share": facts.priced_share,
        "newest_call_at": _stamp(facts.newest_call_at),
    }


def test_document(send_id: str, place: Place) -> dict[str, Any]:
    """What a test of a channel sends."""
    text = "A test message of SpanLedger: alerts reach you here."
    return {
        "version": VERSION,
        "id": send_id,
        "reason": "test",
        "title": "SpanLedger: a test",
        "text": text,
        "alert": None,
        "link": place.dashboard_url,
    }


def message(reason: str, alert: Alert, facts: Facts, place: Place, now: datetime) -> Message:
    """Title and text."""
    lines = _lines(reason, alert, facts, place, now)
    return Message(title_of(reason, alert), "\n".join(lines))


def title_of(reason: str, alert: Alert) -> str:
    """The message in one line."""
    return f"[{alert.severity}] {_WORDS[reason]}{_headline(alert)}"


def _headline(alert: Alert) -> str:
    what = _KINDS[alert.kind]
    if alert.kind == "budget":
        return f"{_who(alert)}: {_amount(alert)} of ${_usd(alert.expected or 0)}"
    times = _times(alert)
    much = f", {times:.1f}x ({_amount(alert)})" if times and alert.unit == "usd" else ""
    return f"{_who(alert)}: {what}{much}"


def _lines(reason: str, alert: Alert, facts: Facts, place: Place, now: datetime) -> Iterator[str]:
    start, end = place.clock(alert.window_start), place.clock(alert.window_end)
    links = _links(alert, facts, place)
    rule = "" if alert.kind == "budget" else f"Rule {alert.rule}, "
    yield f"{_capital(f'{rule}{_who(alert)}')}, {start} to {end} ({place.zone})."
    yield _compared(alert)
    if reason == "resolved":
        lasted = (alert.resolved_at or now) - (alert.fired_at or alert.pending_since)
        yield f"It lasted {_long(lasted.total_seconds())}; at most ${_usd(alert.peak_usd)} beyond."
    yield f"It began about {place.clock(alert.bad_since)}."
    if facts.drivers:
        yield "What drives the difference to a week before:"
        yield from (f"• {_driver(driver)}" for driver in facts.drivers)
    if facts.day_usd is not None and facts.month_usd is not None:
        yield (
            f"As it goes now: ${_usd(facts.day_usd)} today, ${_usd(facts.month_usd)} this month."
        )
    if facts.budget is not None:
        left, whole = facts.budget.left_usd, _usd(facts.budget.usd)
        stands = f"${_usd(left)} of ${whole} left" if left >= 0 else f"${_usd(-left)} over ${whole}"
        ahead = facts.budget.forecast_usd
        ends = "" if ahead is None else f", ${_usd(ahead)} expected by its end"
        yield f"{_capital(_budget(facts.budget.key))}: {stands}{ends}."
    if facts.traces:
        yield "Costliest traces:"
        yield from (f"• {trace}" for trace in (links.traces if links else facts.traces))
    if links is not None:
        yield f"Look: {links.explorer}"
        yield f"Acknowledge or snooze: {links.alert}"
    yield _grounds(facts, now)


def _compared(alert: Alert) -> str:
    if alert.expected is None:
        return f"Now {_amount(alert)}."
    if alert.kind == "budget":
        share = alert.observed / alert.expected if alert.expected else 0
        forecast = _WARNINGS.get(alert.reason, "")
        return f"Spent {_amount(alert)} of ${_usd(alert.expected)}: {share:.0%}.{forecast}"
    beyond = ""
    if alert.unit == "usd" and alert.observed > alert.expected:
        beyond = f": ${_usd(alert.observed - alert.expected)} more"
        beyond += f", {times:.1f}x" if (times := _times(alert)) else ""
    if alert.kind == "cap":
        return f"Spent {_amount(alert)}; ${_usd(alert.expected)} is the cap{beyond}."
    usual = _figure(alert.expected, alert.unit)
    around = ""
    if alert.expected_low is not None and alert.expected_high is not None:
        low, high = (_figure(x, alert.unit) for x in (alert.expected_low, alert.expected_high))
        around = f" ({low} to {high} in nine of ten)"
    return f"{_amount(alert)} against {usual} as usual{around}{beyond}."


def _driver(driver: Driver) -> str:
    whole = driver.difference_usd
    causes = sorted(driver.causes.items(), key=lambda cause: -abs(cause[1]))
    told = [
        f"{_CAUSES[name]} {'+' if usd >= 0 else '-'}${_usd(abs(usd))}"
        for name, usd in causes
        if whole and abs(usd) >= abs(whole) / 20
    ]
    sign = "+" if whole >= 0 else "-"
    split = f" ({', '.join(told)})" if told else ""
    name = driver.dimension.removesuffix("_id")
    return f"{name} “{plain(driver.value)}” {sign}${_usd(abs(whole))}, {driver.share:.0%}{split}"


def _grounds(facts: Facts, now: datetime) -> str:
    parts = [f"Prices {facts.prices_version}"] if facts.prices_version else []
    if facts.priced_share is not None:
        parts.append(f"{facts.priced_share:.1%} of the calls have a price")
    if facts.newest_call_at is not None:
        parts.append(f"newest call {_long((now - facts.newest_call_at).total_seconds())} old")
    return ", ".join(parts) + "."


def _links(alert: Alert, facts: Facts, place: Place) -> Links | None:
    """The dashboard's pages on it, for those who know where that is."""
    if place.dashboard_url is None:
        return None
    by = facts.drivers[0].dimension if facts.drivers else None
    return links_of(place.dashboard_url, place.zone, alert, facts.scope, facts.traces, by)


def _who(alert: Alert) -> str:
    if alert.kind == "budget":
        return _budget(alert.key._replace(rule=alert.rule.partition(":")[2]))
    return "all calls" if alert.dimension == "none" else _group(alert.key)


def _budget(key: Key) -> str:
    of = "" if key.dimension == "none" else f" of {_group(key)}"
    return f"budget “{plain(key.rule)}”{of}"


def _group(key: Key) -> str:
    return f"{key.dimension.removesuffix('_id')} “{plain(key.value)}”"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _times(alert: Alert) -> float | None:
    if not alert.expected or alert.unit not in {"usd", "share"}:
        return None
    return round(alert.observed / alert.expected, 2)


def _amount(alert: Alert) -> str:
    return _figure(alert.observed, alert.unit)


def _figure(value: float, unit: str) -> str:
    if unit == "usd":
        return f"${_usd(value)}"
    if unit == "share":
        return f"{value:.1%}"
    return f"{value:,.0f} {unit}"


def _usd(usd: float | Decimal) -> str:
    shown = float(usd)
    if abs(shown) < _NOTHING_USD:
        return "0"
    return f"{shown:,.2f}" if abs(shown) >= 0.1 else f"{shown:.2g}"


def _long(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 0):.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours" if seconds < 172_800 else f"{seconds / 86_400:.1f} days"


def _stamp(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)


def _exact(usd: Decimal | None) -> str | None:
    return None if usd is None else f"{usd:f}"
