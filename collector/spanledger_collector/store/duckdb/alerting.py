"""Alerts and their messages in one database; whoever calls it has a transaction open."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from spanledger_collector.store.duckdb.statements import Statements
from spanledger_collector.store.protocol import AlertNotes

__all__ = ["Alerting"]


class Alerting:
    """Writes alerts.

    Args:
        statements: runs the statements.
    """

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def note(self, notes: AlertNotes, hour: datetime | None) -> frozenset[str]:
        """Enter alerts, except those that somebody changed since they were read."""
        rows = self._statements.rows
        if hour is not None:
            rows("watch_hour", hour=hour)
        with self._statements.given(
            incoming_alerts=notes.alerts, incoming_events=notes.events, incoming_sends=notes.sends
        ):
            stale = [row[0] for row in rows("stale_alerts")]
            for name in ("put_alerts", "insert_alert_events", "insert_alert_outbox"):
                rows(name, stale=stale)
        return frozenset(stale)

    def lease(self, now: datetime, until: datetime, holder: str, most: int) -> pa.Table:
        """Give out messages that are due."""
        due = self._statements.table("due_sends", now=now, most=most)
        if due.num_rows:
            ids = due["send_id"].to_pylist()
            self._statements.rows("lease_sends", holder=holder, until=until, send_ids=ids)
        return due

    def release(self, now: datetime) -> None:
        """Give out anew what somebody had in hand who is gone."""
        self._statements.rows("release_sends", now=now)

    def settle(self, settled: pa.Table) -> None:
        """Note what came of messages."""
        with self._statements.given(incoming_sends=settled):
            self._statements.rows("settle_sends")
