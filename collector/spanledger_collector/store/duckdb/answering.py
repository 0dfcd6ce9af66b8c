"""The half of a store that reads, which a file and a lake have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from spanledger_collector.store.duckdb.exporting import export
from spanledger_collector.store.duckdb.reading import Readers, RunningQuery

__all__ = ["Answering"]


class Answering:
    """Answers from whatever database its readers are let into."""

    def __init__(self) -> None:
        self._readers = Readers()

    def query(self) -> RunningQuery:
        """Prepare to answer one query."""
        return RunningQuery(self._readers)

    def export(
        self,
        sql: str,
        parameters: Mapping[str, object],
        columns: Sequence[str],
        *,
        as_text: bool,
    ) -> Iterator[pa.RecordBatch]:
        """Run a query and yield its rows, however many."""
        return export(self._readers, sql, parameters, columns, as_text=as_text)
