"""The plain calls of trace requests, by column: reading, pricing and putting together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spanledger import semconv
from spanledger.pricing import PriceBook
from spanledger_collector.columnar.arrays import Flags, Ints
from spanledger_collector.columnar.attributes import Attributes
from spanledger_collector.columnar.calls import Columns, read_facts, read_usage
from spanledger_collector.columnar.candidates import Candidates, Message, candidates
from spanledger_collector.columnar.costs import price_calls
from spanledger_collector.columnar.envelope import read_envelope, read_resources
from spanledger_collector.columnar.names import NAMES
from spanledger_collector.columnar.wire import PADDING, walk
from spanledger_collector.rows import CallRow

__all__ = ["PlainCalls", "plain_calls"]

MOST_SPANS: Final = 4096
"""Spans worked on at once: with more nothing gets cheaper, and memory grows."""


class PlainCalls(NamedTuple):
    """The calls that were read by column."""

    table: pa.Table
    which: Ints
    """The number of each one's span, counted through all requests."""


def plain_calls(
    messages: Sequence[Message], now_ns: int, prices: PriceBook, fewest: int
) -> PlainCalls | None:
    """Read the plain calls of some requests; None when there are too few to begin."""
    spans = candidates(messages)
    if len(spans.which) < fewest:
        return None
    raw = b"".join([*(message.body for message in messages), PADDING])
    parts = [
        _priced(_read(raw, spans.part(first, first + MOST_SPANS), now_ns), prices)
        for first in range(0, len(spans.which), MOST_SPANS)
    ]
    return _one_of([part for part in parts if part is not None])


def _one_of(parts: Sequence[PlainCalls]) -> PlainCalls | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    table = pa.concat_tables([part.table for part in parts])
    return PlainCalls(table, np.concatenate([part.which for part in parts]))


def _read(raw: bytes, spans: Candidates, now_ns: int) -> _Read:
    body = np.frombuffer(raw, np.uint8)
    walked = walk(body, spans.places)
    said = Attributes(raw, body, walked, NAMES, semconv.TAG_PREFIX)
    if not len(said):
        return _Read({}, spans.which[:0])
    columns, said.odd = read_envelope(body, walked, now_ns, said.odd)
    columns |= read_facts(said)
    read_usage(said, columns)
    read_resources(spans, columns)
    columns["iterations"] = pa.nulls(len(said.odd), pa.string())
    return _Read(columns, spans.which).without(said.odd)


class _Read(NamedTuple):
    columns: Columns
    which: Ints

    def without(self, odd: Flags) -> _Read:
        """Leave out what has to be read otherwise."""
        if not odd.any():
            return self
        kept = pa.array(~odd)
        columns = {name: column.filter(kept) for name, column in self.columns.items()}
        return _Read(columns, self.which[~odd])


def _priced(read: _Read, prices: PriceBook) -> PlainCalls | None:
    """Add what the calls cost, and the key that they are counted by."""
    if not len(read.which):
        return None
    try:
        costs, absurd = price_calls(read.columns, prices)
    except OverflowError:
        return None
    columns, which = _Read(read.columns | costs, read.which).without(absurd)
    columns["call_key"] = _keys(columns)
    return PlainCalls(pa.table({name: columns[name] for name in CallRow._fields}), which)


def _keys(columns: Columns) -> pa.Array:
    keys = pc.coalesce(columns["message_id"], columns["request_id"])
    if not keys.null_count:
        return keys
    traces = columns["trace_id"].storage.to_pylist()
    spans = columns["span_id"].to_pylist()
    places = [f"{trace.hex()}:{span:016x}" for trace, span in zip(traces, spans, strict=True)]
    return pc.coalesce(keys, pa.array(places, pa.string()))
