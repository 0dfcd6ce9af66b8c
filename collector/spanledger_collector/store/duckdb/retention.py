"""Let go of what has been kept long enough, a day at a time, so that commits never wait long.

The sums by hour outlive the calls: what old months cost stays known, by every dimension but user
and session. Whatever could tell of one person goes with the calls.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

import duckdb

from spanledger_collector.store import sql_files
from spanledger_collector.store.duckdb.rollups import Rollups

__all__ = ["Keep", "Retention"]

DAY = timedelta(days=1)
WITH_CALLS = ("calls", "call_reports", "latency_by_hour", "users_by_day")
WITH_SPANS = ("spans", "quarantine", "metric_points")
WITH_ALERTS = ("alert_outbox",)
ALERTS_AT_ONCE = 1000


class Keep(NamedTuple):
    """For how many days rows are kept."""

    calls: int = 400
    spans: int = 30
    alerts: int = 400


class Retention:
    """What deletes old rows of one database.

    Args:
        connection: the one that writes.
        transaction: runs work in a transaction of its own.
        rollups: the sums, which must have counted a call before it goes.
        keep: for how long.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        transaction: Callable[[Callable[[], None]], None],
        rollups: Rollups,
        keep: Keep,
    ) -> None:
        self._connection = connection
        self._transaction = transaction
        self._rollups = rollups
        self._keep = keep

    def tidy(self, now: datetime, newest: int) -> bool:
        """Delete the oldest day of each table that is due; False when nothing is."""
        calls, spans, alerts = (_midnight(now - days * DAY) for days in self._keep)
        due = [*((table, calls) for table in WITH_CALLS)]
        due += [(table, spans) for table in WITH_SPANS]
        due += [(table, alerts) for table in WITH_ALERTS]
        deleted = [self._delete(table, before, newest) for table, before in due]
        return any([*deleted, self._delete_alerts(alerts)])

    def _delete(self, table: str, before: datetime, newest: int) -> bool:
        [[oldest]] = self._connection.execute(sql_files.statement(f"oldest_{table}")).fetchall()
        if oldest is None or oldest >= before:
            return False
        until = min(_midnight(oldest) + DAY, before)

        def work() -> None:
            if table == "calls":
                self._rollups.count(newest)
                self._connection.execute(sql_files.statement("set_kept_from"), {"until": until})
            self._connection.execute(sql_files.statement(f"forget_{table}"), {"until": until})

        self._transaction(work)
        return True

    def _delete_alerts(self, before: datetime) -> bool:
        """Delete alerts that are over with their events and messages, the first episodes first."""
        if not self._forgettable(before):
            return False

        def work() -> None:
            ids = self._forgettable(before)  # anew: somebody may have said something of one
            for what in ("sends_of_alerts", "alert_events", "alerts"):
                self._connection.execute(sql_files.statement(f"forget_{what}"), {"alert_ids": ids})

        self._transaction(work)
        return True

    def _forgettable(self, before: datetime) -> list[str]:
        statement = sql_files.statement("forgettable_alerts")
        asked = {"until": before, "most": ALERTS_AT_ONCE}
        return [alert_id for [alert_id] in self._connection.execute(statement, asked).fetchall()]


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
