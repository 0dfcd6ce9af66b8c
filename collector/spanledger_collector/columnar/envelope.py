"""What stands around a span's attributes: its ids, its times, its resource."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from spanledger import semconv
from spanledger_collector import ledger
from spanledger_collector.columnar.arrays import Bytes, Flags, Ints
from spanledger_collector.columnar.calls import Columns
from spanledger_collector.columnar.candidates import Candidates
from spanledger_collector.columnar.wire import END, PARENT, SPAN_ID, START, TRACE_ID, Walked
from spanledger_collector.dialects import Call, spanledger
from spanledger_collector.spans import Attributes, Span

__all__ = ["read_envelope", "read_resources"]

_FROM_RESOURCE: Final = ("service", "service_version", "environment", "host", "team")
_DEFAULTS: Final = ("source", "provider")


def read_envelope(body: Bytes, walked: Walked, now_ns: int, odd: Flags) -> tuple[Columns, Flags]:
    """Read ids and times, and say which spans cannot have theirs."""
    starts, sizes = walked.starts, walked.ends - walked.starts
    trace = _bytes(body, starts[TRACE_ID], 16)
    span, parent = _id(body, starts[SPAN_ID]), _id(body, starts[PARENT])
    parent = np.where(sizes[PARENT] == 8, parent, 0)
    begin, end = _time(body, starts[START]), _time(body, starts[END])
    odd = odd | (sizes[TRACE_ID] != 16) | ~trace.any(axis=1) | (sizes[SPAN_ID] != 8) | (span == 0)
    odd |= (sizes[PARENT] != 0) & (sizes[PARENT] != 8)
    odd |= (starts[START] == 0) | (starts[END] == 0)
    odd |= (begin < ledger.EARLIEST_NS) | (end > now_ns + ledger.AHEAD_NS) | (begin > end)
    columns = {
        "trace_id": _uuids(trace),
        "span_id": pa.array(span),
        "parent_span_id": pa.array(parent, mask=parent == 0),
        "start_time": pa.array((begin // 1000).view("datetime64[us]")),
        "duration_ns": pa.array(end - begin),
    }
    return columns, odd


def read_resources(spans: Candidates, columns: Columns) -> None:
    """Fill in what spans have from their resource, and what holds where they say nothing."""
    calls = [_call_of_silent_span(resource.attributes) for resource in spans.resources]
    for field in (*_FROM_RESOURCE, *_DEFAULTS):
        values = pa.array([getattr(call, field) for call in calls], pa.string())
        values = values.take(pa.array(spans.resource))
        columns[field] = pc.coalesce(columns[field], values) if field in columns else values
    teams = pa.array([resource.team for resource in spans.resources], pa.string())
    if teams.null_count < len(teams):
        columns["team"] = pc.coalesce(teams.take(pa.array(spans.resource)), columns["team"])


def _call_of_silent_span(resource: Attributes) -> Call:
    """What the dialect says of a span that itself says nothing."""
    attributes = {semconv.OPERATION_NAME: semconv.CHAT}
    call = spanledger.read(Span(b"", b"", b"", "", 0, 0, 0, 0, attributes, semconv.SCOPE, resource))
    assert call is not None
    return call


def _bytes(body: Bytes, starts: Ints, size: int) -> Bytes:
    return np.take(body, starts[:, None] + np.arange(size))


def _id(body: Bytes, starts: Ints) -> npt.NDArray[np.uint64]:
    return _bytes(body, starts, 8).view(">u8")[:, 0].astype(np.uint64)


def _time(body: Bytes, starts: Ints) -> Ints:
    """One beyond 2^63 comes out negative, which is as wrong."""
    return _bytes(body, starts, 8).view("<i8")[:, 0]


def _uuids(ids: Bytes) -> pa.Array:
    storage = pa.Array.from_buffers(pa.binary(16), len(ids), [None, pa.py_buffer(ids)])
    return pa.ExtensionArray.from_storage(pa.uuid(), storage)
