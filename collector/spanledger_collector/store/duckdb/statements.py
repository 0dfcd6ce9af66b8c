"""Run the store's statements on the connection that writes; knows none of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from spanledger_collector.store import sql_files

__all__ = ["Statements"]


class Statements:
    """The statements of `sql/statements`, by name.

    Args:
        connection: the one that writes.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def rows(self, name: str, **parameters: object) -> list[tuple[Any, ...]]:
        """Run a statement and fetch its rows: DuckDB refuses further work while some are unread."""
        return self._connection.execute(sql_files.statement(name), parameters).fetchall()

    def table(self, name: str, **parameters: object) -> pa.Table:
        """Run a query and fetch its columns."""
        # Not `connection.sql`, which plans twice: a batch of few rows costs little else.
        reader = self._connection.execute(sql_files.statement(name), parameters).to_arrow_reader()
        assert reader is not None  # it is for statements without a result
        return reader.read_all()

    def count(self, name: str, **parameters: object) -> int:
        """Run a statement that changes rows, and say how many."""
        [[changed]] = self.rows(name, **parameters)
        return int(changed)

    @contextmanager
    def given(self, **tables: pa.Table) -> Iterator[None]:
        """Let statements read columns as if they were tables."""
        for name, table in tables.items():
            self._connection.register(name, table)
        yield
        # Not in a `finally`: in a failed transaction it would hide the error by one of its own.
        for name in tables:
            self._connection.unregister(name)
