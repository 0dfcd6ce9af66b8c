"""Trace requests → what the store keeps of them: by column where it can be, else span by span.

The semantics are those of `ledger.book`; this is its fast lane for calls of our own instrumentation
in protobuf. Whatever is not plain goes through `ledger.book` itself, in its place among the others.
Requests that wait at the same time are read together: most of the price of working by column is
fixed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from spanledger.pricing import PriceBook
from spanledger_collector.columnar.arrays import Flags
from spanledger_collector.columnar.candidates import Message, span_count
from spanledger_collector.columnar.plain import plain_calls
from spanledger_collector.ledger import book
from spanledger_collector.receive.errors import MalformedBody
from spanledger_collector.receive.protobuf import attributes_of, parse_traces, span_of
from spanledger_collector.rows import QuarantineRow, Rows
from spanledger_collector.spans import Span
from spanledger_collector.store import Batch, batch_of
from spanledger_collector.store.columns import ROW_BYTES

__all__ = ["Booked", "Sent", "book_protobuf", "book_together"]

_log = logging.getLogger(__name__)

FEWEST: Final = 24
"""Spans worth the fixed price of working by column, which is about that of so many one by one."""


class Sent(NamedTuple):
    """The body of an `ExportTraceServiceRequest`, and the team of its sender's token."""

    body: bytes
    team: str | None = None


class Booked(NamedTuple):
    """A request's rows, and those of them that its sender is told about."""

    batch: Batch
    refused: list[QuarantineRow]


class _Plain(NamedTuple):
    """The calls of one request that were read by column, and which of its spans they were."""

    table: pa.Table
    done: Flags


def book_protobuf(body: bytes, now_ns: int, prices: PriceBook, team: str | None = None) -> Booked:
    """Enter the spans of one request into the ledger's terms.

    Raises:
        MalformedBody: the bytes are no `ExportTraceServiceRequest`.
    """
    [booked] = book_together([Sent(body, team)], now_ns, prices)
    if isinstance(booked, MalformedBody):
        raise booked
    return booked


def book_together(
    sent: Sequence[Sent], now_ns: int, prices: PriceBook, fewest: int = FEWEST
) -> list[Booked | MalformedBody]:
    """Enter requests into the ledger's terms; one that is no such message spoils no other.

    Args:
        sent: the requests.
        now_ns: the time, which no span may be far ahead of.
        prices: what calls are priced by.
        fewest: spans to begin working by column for.
    """
    parsed = [_parsed(each) for each in sent]
    messages = [each for each in parsed if isinstance(each, Message)]
    plain = _plain_of_each(messages, now_ns, prices, fewest)
    return [
        each if isinstance(each, MalformedBody) else _booked(each, next(plain), now_ns, prices)
        for each in parsed
    ]


def _parsed(sent: Sent) -> Message | MalformedBody:
    try:
        return Message(sent.body, parse_traces(sent.body), sent.team)
    except MalformedBody as error:
        return error


def _plain_of_each(
    messages: Sequence[Message], now_ns: int, prices: PriceBook, fewest: int
) -> Iterator[_Plain | None]:
    try:
        plain = plain_calls(messages, now_ns, prices, fewest)
    except Exception:  # noqa: BLE001  # a fault of the fast lane must cost nobody a request
        _log.exception("calls could not be read by column, and are read one by one")
        plain = None
    first = row = 0
    for message in messages:
        if plain is None:
            yield None
            continue
        last = first + span_count(message.request)
        next_row = int(np.searchsorted(plain.which, last))
        done = np.zeros(last - first, np.bool_)
        done[plain.which[row:next_row] - first] = True
        yield _Plain(plain.table.slice(row, next_row - row), done)
        first, row = last, next_row


def _booked(message: Message, plain: _Plain | None, now_ns: int, prices: PriceBook) -> Booked:
    rows = Rows.none()
    numbers: list[int] = []
    for number, span in _others(message, None if plain is None else plain.done):
        book((span,), now_ns, prices, message.team, rows)
        numbers += [number] * (len(rows.calls) - len(numbers))
    batch = batch_of(rows) if any(rows) else _EMPTY
    if plain is not None:
        size = batch.size + plain.table.num_rows * ROW_BYTES
        batch = batch._replace(calls=_merged(plain, batch.calls, numbers), size=size)
    return Booked(batch, rows.quarantine)


def _others(message: Message, done: Flags | None) -> Iterator[tuple[int, Span]]:
    """The spans that are not done yet, with their numbers."""
    if done is not None and done.all():
        return
    number = -1
    for resource_spans in message.request.resource_spans:
        resource = attributes_of(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            scope = scope_spans.scope.name
            for span in scope_spans.spans:
                number += 1
                if done is None or not done[number]:
                    yield number, span_of(span, scope, resource)


def _merged(plain: _Plain, others: pa.Table, numbers: list[int]) -> pa.Table:
    """All calls in the order in which they were sent."""
    if not numbers:
        return plain.table
    order = np.argsort(np.concatenate([np.flatnonzero(plain.done), np.array(numbers, np.int64)]))
    return pa.concat_tables([plain.table, others]).take(pa.array(order))


_EMPTY: Final = batch_of(Rows.none())
