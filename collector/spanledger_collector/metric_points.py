"""Points of metrics → rows of `metric_points`: which are kept, and by which key; pure."""

from __future__ import annotations

import hashlib
import math
from typing import Final

from spanledger import semconv
from spanledger_collector.dialects.call import Absurd
from spanledger_collector.dialects.content import without_content
from spanledger_collector.dialects.reading import MAX_TEXT, UNKNOWN_SERVICE, text
from spanledger_collector.json_text import as_json
from spanledger_collector.rows import MetricRow
from spanledger_collector.spans import MetricPoint, Value

__all__ = ["is_known", "point_key", "point_row"]

_KNOWN = ("claude_code.", "gen_ai.client.", "spanledger.")
COUNT: Final = "spanledger.point.count"
"""The attribute under which a histogram's count is kept beside its sum."""


def is_known(point: MetricPoint) -> bool:
    """Whether it is of a metric that tells of Claude usage."""
    return point.name.startswith(_KNOWN)


def point_row(point: MetricPoint) -> MetricRow:
    """Keep a point.

    Raises:
        Absurd: its value is no number, or it ends before it starts.
    """
    if point.start_ns > point.time_ns:
        raise Absurd(
            "bad_time", f"started at {point.start_ns}, it cannot end at {point.time_ns} ns"
        )
    if not math.isfinite(point.value):
        raise Absurd("bad_number", f"{point.name[:80]} cannot be {point.value}")
    attributes = without_content(point.attributes)
    if point.observations is not None:
        attributes[COUNT] = point.observations
    return MetricRow(
        point_key=point_key(point),
        name=point.name[:MAX_TEXT],
        unit=point.unit[:MAX_TEXT] or None,
        kind=point.kind,
        temporality=point.temporality,
        start_time=point.start_ns // 1000 or None,
        time=point.time_ns // 1000,
        value=point.value,
        attributes=as_json(attributes),
        service=text(point.resource, semconv.SERVICE_NAME) or UNKNOWN_SERVICE,
        session_id=text(point.attributes, "session.id"),
        scope=point.scope[:MAX_TEXT],
    )


def point_key(point: MetricPoint) -> str:
    """What a delivery of the same point has in common with this one, and no other point."""
    identity: dict[str, Value] = {
        "resource": dict(point.resource),
        "scope": point.scope,
        "name": point.name,
        "attributes": dict(point.attributes),
        "start": point.start_ns,
        "time": point.time_ns,
    }
    return hashlib.blake2b(as_json(identity, ordered=True).encode(), digest_size=16).hexdigest()
