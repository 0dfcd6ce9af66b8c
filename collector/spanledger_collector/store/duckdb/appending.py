"""Write what came in: calls once each, other spans, points of metrics, and what was refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import pyarrow as pa

from spanledger_collector.store.columns import first_of_each
from spanledger_collector.store.duckdb.counting import Counting
from spanledger_collector.store.duckdb.rollups import Rollups
from spanledger_collector.store.duckdb.statements import Statements
from spanledger_collector.store.duckdb.windows import windows
from spanledger_collector.store.protocol import Appended, Batch

__all__ = ["Appending"]


class _Kind(NamedTuple):
    """Rows that are known by a key of their own, and only stored if they are new."""

    statement: str
    key: tuple[str, ...]
    time: str


_SPANS = _Kind("insert_spans", ("span_id", "trace_id"), "start_time")
_POINTS = _Kind("insert_points", ("point_key",), "time")


class Appending:
    """Appends to one database; whoever calls it has a transaction open.

    Args:
        statements: runs the statements.
        rollups: the sums, which follow.
    """

    def __init__(self, statements: Statements, rollups: Rollups) -> None:
        self._statements = statements
        self._counting = Counting(statements, rollups)

    def append(self, batches: Sequence[Batch], batch_id: int, received_at: datetime) -> Appended:
        """Append batches together, leaving out what is there already."""
        # In one piece: a vector of DuckDB's holds four times what a usual request does.
        calls = pa.concat_tables([batch.calls for batch in batches]).combine_chunks()
        counted = self._counting.enter(calls, batch_id, received_at)
        spans = pa.concat_tables([batch.spans for batch in batches])
        points = pa.concat_tables([batch.points for batch in batches])
        refused = pa.concat_tables([batch.quarantine for batch in batches])
        arrival: dict[str, object] = {"batch_id": batch_id, "received_at": received_at}
        return Appended(
            batch_id=batch_id,
            calls=counted.calls,
            spans=self._new(_SPANS, spans, arrival),
            quarantined=self._all("insert_quarantine", refused, arrival),
            duplicates=calls.num_rows - counted.calls,
            kept=counted.kept,
            superseded=counted.superseded,
            points=self._new(_POINTS, points, arrival),
        )

    def _new(self, kind: _Kind, rows: pa.Table, arrival: dict[str, object]) -> int:
        """Insert those rows that are not there, and say how many that were."""
        distinct = first_of_each(rows, *kind.key)
        return sum(
            self._all(kind.statement, window.rows, arrival | window.bounds)
            for window in windows(distinct, kind.time)
        )

    def _all(self, statement: str, rows: pa.Table, parameters: dict[str, object]) -> int:
        if not rows.num_rows:
            return 0
        with self._statements.given(incoming=rows):
            return self._statements.count(statement, **parameters)
