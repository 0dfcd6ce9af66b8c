"""Put judged reports where they belong: into `calls`, or beside them into `call_reports`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import pyarrow as pa

from spanledger_collector.store.duckdb.finding import Place
from spanledger_collector.store.duckdb.rollups import Rollups
from spanledger_collector.store.duckdb.statements import Statements
from spanledger_collector.store.duckdb.suspects import Row
from spanledger_collector.store.reports import FACTS, Verdict

__all__ = ["Change", "Mover"]

INSTANT = timedelta(microseconds=1)


class Change(NamedTuple):
    """A stored report that is judged otherwise now."""

    row: Row
    verdict: Verdict


class Mover:
    """Moves reports in one database; whoever calls it has a transaction open.

    Args:
        statements: runs the statements.
        rollups: the sums, which follow.
    """

    def __init__(self, statements: Statements, rollups: Rollups) -> None:
        self._statements = statements
        self._rollups = rollups

    def enter(
        self,
        calls: pa.Table,
        verdicts: Mapping[int, Verdict],
        batch_id: int,
        received_at: datetime,
    ) -> int:
        """Enter incoming reports, chosen by index, and say how many of them count."""
        if not verdicts:
            return 0
        arrived = pa.array([received_at] * len(verdicts), pa.timestamp("us"))
        judged = (
            calls.take(list(verdicts))
            .append_column("n", pa.array(list(verdicts), pa.int64()))
            .append_column("received_at", arrived)
        )
        self._insert(judged, verdicts, batch_id)
        return sum(verdict.counts for verdict in verdicts.values())

    def move(self, changes: Mapping[Place, Change], batch_id: int) -> int:
        """Move stored reports, and say how many calls count no more.

        What counts from now on is in the newest batch, so that the sums take it from there.
        """
        calls = {place.row_number: each for place, each in changes.items() if not place.is_kept}
        kept = {place.row_number: each for place, each in changes.items() if place.is_kept}
        self._take_back((each.row for each in calls.values()), batch_id)
        taken = [(self._take("calls", calls), calls), (self._take("reports", kept), kept)]
        for judged, moved in taken:
            if judged is not None:
                verdicts = {number: each.verdict for number, each in moved.items()}
                self._insert(judged, verdicts, batch_id)
        return sum(not each.verdict.counts for each in calls.values())

    def _take_back(self, calls: Iterable[Row], batch_id: int) -> None:
        """Take calls out of the sums, hour by hour: within an hour, a key names one call."""
        hours: defaultdict[datetime, list[Row]] = defaultdict(list)
        for row in calls:
            hours[row["start_time"].replace(minute=0, second=0, microsecond=0)].append(row)
        for rows in hours.values():
            starts = [row["start_time"] for row in rows]
            keys = [row["call_key"] for row in rows]
            self._rollups.take_back(keys, min(starts), max(starts) + INSTANT, batch_id)

    def _take(self, kind: str, moved: Mapping[int, Change]) -> pa.Table | None:
        """Take rows out of a table."""
        if not moved:
            return None
        starts = [each.row["start_time"] for each in moved.values()]
        bounds: dict[str, object] = {"first": min(starts), "last": max(starts)}
        with self._statements.given(moved=pa.table({"n": pa.array(list(moved), pa.int64())})):
            judged = self._statements.table(f"{kind}_to_move", **bounds)
            self._statements.rows(f"drop_moved_{kind}", **bounds)
        return judged

    def _insert(self, judged: pa.Table, verdicts: Mapping[int, Verdict], batch_id: int) -> None:
        with self._statements.given(judged=judged, verdicts=_columns(verdicts)):
            if any(verdict.counts for verdict in verdicts.values()):
                self._statements.rows("insert_counted", batch_id=batch_id)
            if not all(verdict.counts for verdict in verdicts.values()):
                self._statements.rows("insert_reports", batch_id=batch_id)


def _columns(verdicts: Mapping[int, Verdict]) -> pa.Table:
    given = list(verdicts.values())
    facts = dict(zip(FACTS, zip(*(verdict.facts for verdict in given), strict=True), strict=True))
    return pa.table(
        {
            "n": pa.array(list(verdicts), pa.int64()),
            "counts": pa.array([verdict.counts for verdict in given], pa.bool_()),
            "counted_key": pa.array([verdict.counted_key for verdict in given], pa.string()),
            "matched_by": pa.array([verdict.matched_by for verdict in given], pa.string()),
            "filled": pa.array([verdict.filled for verdict in given], pa.string()),
            **{name: pa.array(values, pa.string()) for name, values in facts.items()},
        }
    )
