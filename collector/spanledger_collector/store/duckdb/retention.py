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


class Keep(NamedTuple):
    """For how many days rows are kept."""

    calls: int = 400
    spans: int = 30


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
        old_calls, old_spans = now - self._keep.calls * DAY, now - self._keep.spans * DAY
        due = [*((table, old_calls) for table in WITH_CALLS)]
        due += [(table, old_spans) for table in WITH_SPANS]
        deleted = [self._delete(table, _midnight(before), newest) for table, before in due]
        return any(deleted)

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


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
