"""Metrics: which points are kept, what of them is usage, and what a sender is told."""

from __future__ import annotations

from typing import Any

import pytest

from spanledger.pricing import price_book
from spanledger_collector.ledger import book_points
from spanledger_collector.rows import Rows
from spanledger_collector.spans import MetricPoint
from tests.collector.recorded import NOW_NS, START_NS

MODEL = "claude-sonnet-4-6"


def point(name: str = "claude_code.token.usage", value: float = 10.0, **fields: Any) -> MetricPoint:
    """A delta point of Claude Code."""
    made = MetricPoint(
        name=name,
        unit="tokens",
        kind="sum",
        temporality="delta",
        start_ns=START_NS - 10**9,
        time_ns=START_NS,
        value=value,
        observations=None,
        attributes={"session.id": "s", "model": MODEL, "type": "input"},
        scope="com.anthropic.claude_code",
        resource={"service.name": "claude-code"},
    )
    return made._replace(**fields)


def typed(kind: str, value: float, **more: Any) -> MetricPoint:
    """A count of one type."""
    return point(value=value, attributes={"session.id": "s", "model": MODEL, "type": kind, **more})


def booked(*points: MetricPoint) -> Rows:
    """What the ledger makes of points."""
    return book_points(points, NOW_NS, price_book())


USED = (
    typed("input", 25),
    typed("output", 321),
    typed("cacheRead", 4000),
    typed("cacheCreation", 1500),
    point("claude_code.cost.usage", 0.5, attributes={"session.id": "s", "model": MODEL}),
)


def test_points_of_one_collection_are_one_sum() -> None:
    """Four types and a cost make one row, whatever their order and however often they come."""
    [call] = booked(*USED).calls
    [again] = booked(*USED[::-1], *USED).calls

    assert again == call
    assert call.input_tokens == 25
    assert call.cache_write_5m_tokens == 1500
    assert call.claimed_usd == 500_000_000_000
    assert call.duration_ns == 10**9


def test_what_belongs_to_others_is_another_sum() -> None:
    """Other models, subagents, speeds and times are rows of their own."""
    rows = booked(
        *USED,
        typed("input", 5, query_source="subagent"),
        typed("input", 5, speed="fast"),
        typed("input", 5)._replace(time_ns=START_NS + 1),
        typed("input", 5)._replace(resource={"service.name": "claude-code-desktop"}),
    )

    assert [call.input_tokens for call in rows.calls] == [25, 5, 5, 5, 5]
    assert len({call.call_key for call in rows.calls}) == 5


def test_the_parts_of_a_request_that_was_cut_in_two_add_up() -> None:
    """A relay may split a request between points: nothing is lost, nothing counted twice."""
    [whole] = booked(*USED).calls
    parts = [*booked(*USED[:2]).calls, *booked(*USED[2:]).calls]

    assert len({part.call_key for part in parts}) == 2
    assert sum(part.cost_usd or 0 for part in parts) == whole.cost_usd
    assert sum(part.claimed_usd or 0 for part in parts) == whole.claimed_usd


def test_cumulative_points_are_kept_and_are_no_usage() -> None:
    """They say what was used since a start; what they repeat would be counted again."""
    rows = booked(*(used._replace(temporality="cumulative") for used in USED))

    assert (len(rows.points), rows.calls) == (5, [])


def test_a_cost_without_tokens_is_no_usage() -> None:
    """There would be nothing to reckon: the point is kept."""
    rows = booked(USED[-1])

    assert (len(rows.points), rows.calls) == (1, [])


def test_the_key_of_a_point() -> None:
    """The same for the same point, whatever the order of its attributes; else another."""
    one = point(attributes={"a": "1", "b": 2})
    others = [
        one._replace(attributes={"a": "1", "b": "2"}),
        one._replace(time_ns=START_NS + 1),
        one._replace(start_ns=START_NS - 5),
        one._replace(name="claude_code.session.count"),
        one._replace(scope="another"),
        one._replace(resource={}),
    ]
    keys = [row.point_key for row in booked(one, *others).points]
    [same] = booked(one._replace(attributes={"b": 2, "a": "1"}, value=3.0)).points

    assert len(set(keys)) == 7
    assert same.point_key == keys[0]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"value": -1.0}, "absurd_count"),
        ({"value": 0.5}, "bad_number"),
        ({"value": float("nan")}, "bad_number"),
        ({"value": 1e300}, "bad_number"),
        ({"name": "claude_code.cost.usage", "value": -0.1}, "absurd_cost"),
        ({"name": "claude_code.cost.usage", "value": float("inf")}, "absurd_cost"),
        ({"name": "spanledger.cost", "value": float("inf")}, "bad_number"),
        ({"time_ns": 0}, "bad_time"),
        ({"time_ns": 2**63}, "bad_time"),
        ({"start_ns": START_NS + 1}, "bad_time"),
        ({"start_ns": 1}, "bad_time"),
    ],
)
def test_a_point_that_cannot_be(fields: dict[str, Any], reason: str) -> None:
    """It is refused with its reason, adds nothing to a sum, and its neighbours land."""
    rows = booked(*USED, point()._replace(**fields))

    assert [row.reason for row in rows.quarantine] == [reason]
    assert (len(rows.points), len(rows.calls), rows.calls[0].input_tokens) == (5, 1, 25)


def test_a_histogram_keeps_its_sum_and_count() -> None:
    """GenAI metrics are kept for looking at; they repeat what spans say, and cost nothing."""
    [row] = booked(
        point("gen_ai.client.token.usage", 5525.0, kind="histogram", observations=3, unit="")
    ).points

    assert (row.kind, row.value, row.unit) == ("histogram", 5525.0, None)
    assert '"spanledger.point.count":3' in row.attributes


def test_a_point_without_a_start() -> None:
    """It is legal: then it tells of a moment."""
    rows = booked(point(start_ns=0))

    assert rows.points[0].start_time is None
    assert rows.calls[0].duration_ns == 0


def test_metrics_of_others_leave_their_names() -> None:
    """What tells of no Claude usage is not stored."""
    rows = booked(point("http.server.duration"), point("process.cpu"))

    assert rows == Rows([], [], [], [], ["http.server.duration", "process.cpu"])
