"""Alerts as columns and back: what the ledger is asked, and what it is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import pyarrow as pa

from spanledger_collector.alerts.alert import Alert, Event, Key
from spanledger_collector.store import AlertNotes, Store, sql_files

__all__ = [
    "NO_LIMIT",
    "Send",
    "Settled",
    "alert_of",
    "ask",
    "newest_alerts",
    "notes_of",
    "one_alert",
]

NO_LIMIT = 2**31

_TIME = pa.timestamp("us")
_MONEY = pa.decimal128(38, 12)
_TEXT, _REAL, _WHOLE = pa.string(), pa.float64(), pa.int64()
_ALERTS = pa.schema(
    {
        "alert_id": _TEXT,
        "rule": _TEXT,
        "kind": _TEXT,
        "dimension": _TEXT,
        "value": _TEXT,
        "episode": pa.int32(),
        "state": _TEXT,
        "severity": _TEXT,
        "level": pa.int32(),
        "pending_since": _TIME,
        "fired_at": _TIME,
        "last_bad_at": _TIME,
        "good_since": _TIME,
        "last_good_at": _TIME,
        "resolved_at": _TIME,
        "bad_since": _TIME,
        "window_start": _TIME,
        "window_end": _TIME,
        "observed": _REAL,
        "expected": _REAL,
        "expected_low": _REAL,
        "expected_high": _REAL,
        "unit": _TEXT,
        "excess_usd": _MONEY,
        "peak_usd": _MONEY,
        "reason": _TEXT,
        "keep_s": _REAL,
        "parent_id": _TEXT,
        "told": pa.int32(),
        "told_at": _TIME,
        "told_level": pa.int32(),
        "told_usd": _MONEY,
        "acked_at": _TIME,
        "acked_by": _TEXT,
        "snoozed_until": _TIME,
        "snoozed_by": _TEXT,
        "feedback": _TEXT,
        "held": pa.bool_(),
        "message": _TEXT,
        "revision": _WHOLE,
        "based_on": _WHOLE,
    }
)
_EVENTS = pa.schema(
    {
        "alert_id": _TEXT,
        "revision": _WHOLE,
        "number": pa.int32(),
        "happened_at": _TIME,
        "event": _TEXT,
        "state": _TEXT,
        "severity": _TEXT,
        "actor": _TEXT,
        "note": _TEXT,
        "observed": _REAL,
        "expected": _REAL,
        "excess_usd": _MONEY,
    }
)
_SENDS = pa.schema(
    {
        "send_id": _TEXT,
        "alert_id": _TEXT,
        "channel": _TEXT,
        "reason": _TEXT,
        "body": _TEXT,
        "queued_at": _TIME,
        "state": _TEXT,
        "attempts": pa.int32(),
        "next_at": _TIME,
    }
)
_SETTLED = pa.schema(
    {
        "send_id": _TEXT,
        "holder": _TEXT,
        "state": _TEXT,
        "attempts": pa.int32(),
        "next_at": _TIME,
        "settled_at": _TIME,
        "error": _TEXT,
    }
)


class Send(NamedTuple):
    """A row of `alert_outbox` as it is queued."""

    send_id: str
    alert_id: str
    channel: str
    reason: str
    body: str
    queued_at: datetime
    state: str
    attempts: int
    next_at: datetime


class Settled(NamedTuple):
    """What came of a message."""

    send_id: str
    holder: str
    state: str
    """`sent`, `waiting` for another try, or `given_up`."""
    attempts: int
    next_at: datetime
    settled_at: datetime | None
    error: str | None


def ask(
    store: Store, name: str, parameters: Mapping[str, object], most: int = NO_LIMIT
) -> pa.Table:
    """Run one of the store's statements that only read.

    Raises:
        StoreUnavailable: it does not answer now.
    """
    return store.query().run(sql_files.statement(name), parameters, most).table


def newest_alerts(store: Store) -> dict[Key, Alert]:
    """The newest alert of each rule and group."""
    found = map(alert_of, ask(store, "newest_alerts", {}).to_pylist())
    return {alert.key: alert for alert in found}


def one_alert(store: Store, alert_id: str) -> Alert | None:
    """The alert with an id."""
    rows = ask(store, "one_alert", {"alert_id": alert_id}).to_pylist()
    return alert_of(rows[0]) if rows else None


def alert_of(row: Mapping[str, Any]) -> Alert:
    """An alert from its row."""
    return Alert(**row)


def notes_of(
    alerts: Sequence[tuple[Alert, int]], events: Iterable[Event], sends: Iterable[Send]
) -> AlertNotes:
    """Columns to enter.

    Args:
        alerts: each with the revision that it is based on.
        events: what happened to them.
        sends: the messages about them.
    """
    rows = [alert._asdict() | {"based_on": based_on} for alert, based_on in alerts]
    happened = [event._asdict() | {"number": number} for number, event in enumerate(events)]
    return AlertNotes(
        pa.Table.from_pylist(rows, _ALERTS),
        pa.Table.from_pylist(happened, _EVENTS),
        pa.Table.from_pylist([send._asdict() for send in sends], _SENDS),
    )


def settled_rows(settled: Iterable[Settled]) -> pa.Table:
    """Columns of what came of messages."""
    return pa.Table.from_pylist([each._asdict() for each in settled], _SETTLED)
