"""Give calls other costs in one database; whoever calls this has a transaction open."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from spanledger_collector.store.duckdb.rollups import Rollups
from spanledger_collector.store.duckdb.statements import Statements

__all__ = ["reprice"]


def reprice(
    statements: Statements, rollups: Rollups, calls: pa.Table, entry: pa.Table, newest: int
) -> None:
    """Enter new amounts, count the calls' hours again from nothing, and note that it was done.

    Args:
        statements: runs the statements.
        rollups: the sums, which follow.
        calls: the calls with their new amounts.
        entry: the note.
        newest: the newest batch.
    """
    hours = pc.unique(pc.floor_temporal(calls["start_time"], unit="hour")).to_pylist()
    if hours:
        rollups.count(newest)
        with statements.given(incoming=calls):
            others = [row[0] for row in statements.rows("hours_of_other_models")]
            for name in ("reprice_amounts", "reprice_reasons"):
                statements.rows(name)
        rollups.recount(hours, newest, latency_of=others)
    with statements.given(incoming=entry):
        statements.rows("insert_reprice")
