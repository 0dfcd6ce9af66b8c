"""The metrics of Claude Code (`claude_code.token.usage`, `.cost.usage`) → usage by session; pure.

They add up many calls, so that they only count where neither events nor spans of the session came.
Only delta points say what was used between two moments; of cumulative ones no usage is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from spanledger.pricing import Usage
from spanledger_collector.dialects.attribution import attributed
from spanledger_collector.dialects.claude_code import UNKNOWN, call_by, speed_of
from spanledger_collector.dialects.reading import count_of, picodollars, text
from spanledger_collector.dialects.reports import Report, stand_in
from spanledger_collector.json_text import as_json
from spanledger_collector.sources import CLAUDE_CODE_METRICS, USAGE_REPORT
from spanledger_collector.spans import Attributes, MetricPoint, Span, Value

__all__ = ["check", "read"]

_TOKENS: Final = "claude_code.token.usage"
_COST: Final = "claude_code.cost.usage"
_TYPE: Final = "type"
_TYPES: Final = frozenset({"input", "output", "cacheRead", "cacheCreation"})
_UNKNOWN: Final = (*UNKNOWN, "request_lengths")
"""The long-context threshold is for each call; a sum of calls does not tell which were above."""


class _Group(NamedTuple):
    """The points that tell of the same usage: one of each type, and what it cost."""

    first: MetricPoint
    facts: Attributes
    values: dict[str, float]
    starts: list[int]
    """Each series begins when it was first added to, a little apart from the others."""


def check(point: MetricPoint) -> None:
    """See whether a point can be of usage at all, if it is of a metric that should be.

    Raises:
        Absurd: it is no count, or no cost.
    """
    if point.name == _TOKENS:
        count_of({_TOKENS: point.value}, _TOKENS)
    elif point.name == _COST:
        picodollars({_COST: point.value}, _COST)


def read(points: Iterable[MetricPoint]) -> Iterator[Report]:
    """Make one report of the points that tell of the same usage at the same time."""
    groups: dict[str, _Group] = {}
    for point in points:
        kind = _kind_of(point)
        if kind is None or point.temporality != "delta":
            continue
        facts = {name: value for name, value in point.attributes.items() if name != _TYPE}
        group = groups.setdefault(_key(point, facts), _Group(point, facts, {}, []))
        group.starts.append(point.start_ns or point.time_ns)
        group.values[kind] = point.value  # a second one is the same point, sent again
    for key, group in groups.items():
        if not group.values.keys().isdisjoint(_TYPES):
            yield _report(key, group)


def _kind_of(point: MetricPoint) -> str | None:
    if point.name == _COST:
        return _COST
    kind = text(point.attributes, _TYPE)
    return kind if point.name == _TOKENS and kind in _TYPES else None


def _key(point: MetricPoint, facts: dict[str, Value]) -> str:
    identity: dict[str, Value] = {
        "resource": dict(point.resource),
        "scope": point.scope,
        "attributes": facts,
        "time": point.time_ns,
    }
    return as_json(identity, ordered=True)


def _report(key: str, group: _Group) -> Report:
    point, facts, values, _ = group
    usage = Usage(
        input_tokens=int(values.get("input", 0)),
        output_tokens=int(values.get("output", 0)),
        cache_read_tokens=int(values.get("cacheRead", 0)),
        cache_write_5m_tokens=int(values.get("cacheCreation", 0)),
        speed=speed_of(facts),
        ttl_split_known=not values.get("cacheCreation"),
    )
    call = call_by(facts, CLAUDE_CODE_METRICS, USAGE_REPORT)._replace(
        usage=usage,
        usage_complete=True,
        unknown=_UNKNOWN,
        claimed_picodollars=picodollars({_COST: values.get(_COST)}, _COST),
    )
    # Where a relay has cut a request in two, the parts have to add up: each has a key of its own.
    return Report(_place(f"{key}{sorted(values)}", group), attributed(call, facts, point.resource))


def _place(key: str, group: _Group) -> Span:
    point = group.first
    return stand_in(
        key,
        name=USAGE_REPORT,
        start_ns=min(group.starts),
        end_ns=point.time_ns,
        scope=point.scope,
        attributes=group.facts,
        resource=point.resource,
        trace_key=text(group.facts, "session.id"),
    )
