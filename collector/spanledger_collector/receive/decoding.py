"""From a request's bytes to a batch for the writer; runs in a worker thread, knows no HTTP."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from spanledger.pricing import PriceBook
from spanledger_collector.columnar import Booked, Sent, book_protobuf, book_together
from spanledger_collector.ledger import book, book_logs, book_points
from spanledger_collector.receive.answers import JSON
from spanledger_collector.receive.errors import RequestRefused
from spanledger_collector.receive.otlp_json import (
    points_from_json,
    records_from_json,
    spans_from_json,
)
from spanledger_collector.receive.pieces import PIECE_BYTES, joined, pieces
from spanledger_collector.receive.protobuf import points_from_protobuf, records_from_protobuf
from spanledger_collector.rows import Rows
from spanledger_collector.store import Batch, batch_of

__all__ = ["Decoded", "Order", "decode", "decode_together"]

_RECORDS: Final = {"traces": "spans", "metrics": "data points", "logs": "log records"}
_LARGE_JSON: Final = threading.Lock()
"""A large JSON text takes ten times its size while it is read, so only one is at a time."""
_MOST_DETAIL: Final = 200
"""Characters of the first detail of a reason for which records were refused."""
_MOST_NAMES: Final = 8
"""Names of dropped records that an answer lists; there may be as many as records."""
_MOST_NAME: Final = 80
"""Characters of each."""


class Decoded(NamedTuple):
    """A request's rows, and what to tell its sender about those that were refused."""

    batch: Batch | None
    """None when the request held nothing to keep."""
    rejected: int
    message: str


class Order(NamedTuple):
    """What to decode."""

    signal: str
    """`traces`, `metrics` or `logs`."""
    body: bytes
    """The request, not compressed."""
    encoding: str
    """Its content type."""
    team: str | None
    """Whom the sender's token belongs to, whatever it claims."""


def decode_together(orders: Sequence[Order], prices: PriceBook) -> list[Decoded | RequestRefused]:
    """Decode requests, calls in protobuf all at once; one that is refused spoils no other."""
    in_columns = [
        order.signal == "traces" and order.encoding != JSON and len(order.body) <= PIECE_BYTES
        for order in orders
    ]
    sent = [
        Sent(each.body, each.team)
        for each, wanted in zip(orders, in_columns, strict=True)
        if wanted
    ]
    booked = iter(book_together(sent, time.time_ns(), prices))
    return [
        _outcome(next(booked)) if wanted else _alone(order, prices)
        for order, wanted in zip(orders, in_columns, strict=True)
    ]


def _outcome(booked: Booked | RequestRefused) -> Decoded | RequestRefused:
    return booked if isinstance(booked, RequestRefused) else _told("traces", booked)


def _alone(order: Order, prices: PriceBook) -> Decoded | RequestRefused:
    signal, body, encoding, team = order
    try:
        if len(body) <= PIECE_BYTES:
            return decode(signal, body, encoding, prices, team)
        if encoding == JSON:
            with _LARGE_JSON:
                return decode(signal, body, encoding, prices, team)
        return _in_pieces([decode(signal, piece, encoding, prices, team) for piece in pieces(body)])
    except RequestRefused as error:
        return error


def _in_pieces(parts: list[Decoded]) -> Decoded:
    batch = joined([part.batch for part in parts if part.batch is not None])
    messages = "; ".join(part.message for part in parts if part.message)
    return Decoded(batch, sum(part.rejected for part in parts), messages)


def decode(
    signal: str, body: bytes, encoding: str, prices: PriceBook, team: str | None = None
) -> Decoded:
    """Decode, normalise and price a request.

    Args:
        signal: `traces`, `metrics` or `logs`.
        body: the request, not compressed.
        encoding: its content type.
        prices: what calls are priced by.
        team: whom the sender's token belongs to, whatever it claims.

    Raises:
        MalformedBody: the body is not what its content type promises.
    """
    now_ns = time.time_ns()
    if encoding == JSON:
        return _decode_json(signal, body, now_ns, prices, team)
    if signal == "traces":
        return _told(signal, book_protobuf(body, now_ns, prices, team))
    if signal == "logs":
        return _entered(signal, book_logs(records_from_protobuf(body), now_ns, prices, team))
    return _entered(signal, book_points(points_from_protobuf(body), now_ns, prices, team))


def _decode_json(
    signal: str, body: bytes, now_ns: int, prices: PriceBook, team: str | None
) -> Decoded:
    left_out: list[str] = []
    if signal == "traces":
        rows = book(spans_from_json(body, left_out), now_ns, prices, team)
    elif signal == "logs":
        rows = book_logs(records_from_json(body, left_out), now_ns, prices, team)
    else:
        rows = book_points(points_from_json(body, left_out), now_ns, prices, team)
    return _entered(signal, rows, left_out)


def _entered(signal: str, rows: Rows, left_out: Sequence[str] = ()) -> Decoded:
    return _told(signal, Booked(batch_of(rows), rows.quarantine), rows.dropped, left_out)


def _told(
    signal: str, booked: Booked, dropped: Sequence[str] = (), left_out: Sequence[str] = ()
) -> Decoded:
    reasons = Counter(row.reason for row in booked.refused)
    details = {row.reason: row.detail for row in reversed(booked.refused)}
    sentences = []
    if reasons:
        told = ", ".join(
            f"{reason}: {count} ({details[reason][:_MOST_DETAIL]})"
            for reason, count in sorted(reasons.items())
        )
        sentences.append(f"{_RECORDS[signal]} refused and kept in quarantine: {told}")
    if dropped:
        told = ", ".join(f"{name}: {count}" for name, count in _most(dropped, _MOST_NAME))
        sentences.append(f"{_RECORDS[signal]} that report no Claude usage were not kept: {told}")
    if left_out:
        told = ", ".join(f"{what}: {count}" for what, count in _most(left_out, _MOST_DETAIL))
        sentences.append(f"what cannot be read of resources was left out: {told}")
    batch = booked.batch if booked.batch.size else None
    return Decoded(batch, len(booked.refused), "; ".join(sentences))


def _most(told: Sequence[str], length: int) -> list[tuple[str, int]]:
    counts = Counter(told).most_common()
    others = sum(count for _, count in counts[_MOST_NAMES:])
    return [
        *((name[:length], count) for name, count in counts[:_MOST_NAMES]),
        *([("others", others)] if others else []),
    ]
