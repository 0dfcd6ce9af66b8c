"""Where the dashboard shows what an alert is about: exactly those calls, traces and that alert."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple
from urllib.parse import urlencode

from spanledger_collector.alerts.alert import Alert
from spanledger_collector.alerts.instants import stamp
from spanledger_collector.alerts.rules import Scope

__all__ = ["Links", "links_of"]

_MEASURES = {
    "unpriced": "unpriced",
    "cache": "cache_hit",
    "errors": "error_share",
    "silence": "calls",
}
"""The explorer's measures of what is not dollars."""


class Links(NamedTuple):
    """The dashboard's pages."""

    explorer: str
    """The cost explorer on the window judged, and what is counted in it."""
    traces: list[str]
    alert: str


def links_of(
    dashboard_url: str,
    zone: tzinfo,
    alert: Alert,
    scope: Scope,
    traces: Sequence[str],
    by: str | None,
) -> Links:
    """The pages on an alert.

    Args:
        dashboard_url: where the dashboard is.
        zone: whose clock its pages go by.
        alert: the alert.
        scope: the calls that it counts.
        traces: ids of its costliest traces.
        by: the dimension that drives it, which the explorer tells apart; else services.
    """
    asked = [
        ("range", "custom"),
        ("from", _instant(alert.window_start)),
        ("to", _instant(alert.window_end)),
        ("by", _parameter(by or "service")),
        ("tz", str(zone)),
    ]
    if measure := _MEASURES.get(alert.kind):
        asked.append(("measure", measure))
    for dimension, values in scope.items():
        asked += [(_parameter(dimension), value) for value in values]
    when = {"at": stamp(alert.window_end), "tz": str(zone)}
    return Links(
        explorer=f"{dashboard_url}/explorer?{urlencode(asked, safe=':')}",
        traces=[
            f"{dashboard_url}/traces?{urlencode({'trace': trace, **when}, safe=':')}"
            for trace in traces
        ],
        alert=f"{dashboard_url}/alerts?{urlencode({'alert': alert.alert_id})}",
    )


def _parameter(dimension: str) -> str:
    """The dashboard's name of one of the ledger's dimensions."""
    return dimension.removesuffix("_id")


def _instant(at: datetime) -> str:
    """An instant in links: seconds only where there are some."""
    return f"{at:%Y-%m-%dT%H:%M}{f':{at:%S}' if at.second else ''}Z"
