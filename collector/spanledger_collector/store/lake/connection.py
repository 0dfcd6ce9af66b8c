"""A connection to the lake that takes the statements written for a DuckDB file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import duckdb

from spanledger_collector.store.errors import BadBatch, StoreUnavailable
from spanledger_collector.store.lake.dialect import translated

__all__ = ["Translating", "in_transaction"]

T = TypeVar("T")
_DATA_ERRORS = (duckdb.DataError, duckdb.IntegrityError)


class Translating:
    """Whatever a connection does, with every statement translated first.

    Args:
        connection: the lake's.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    @classmethod
    def of(cls, connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
        """The same connection, for code that knows nothing of lakes."""
        return cast(duckdb.DuckDBPyConnection, cls(connection))

    def execute(self, sql: str, parameters: object = None) -> duckdb.DuckDBPyConnection:
        """Run a statement."""
        return self._connection.execute(translated(sql), parameters or {})

    def sql(self, sql: str, *, params: object = None) -> duckdb.DuckDBPyRelation:
        """Prepare a query."""
        return self._connection.sql(translated(sql), params=params or {})

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def in_transaction(connection: duckdb.DuckDBPyConnection, work: Callable[[], T]) -> T:
    """Do something in one transaction of the lake.

    Raises:
        BadBatch: the lake refuses the rows themselves.
        StoreUnavailable: it cannot commit now.
    """
    try:
        connection.begin()
        result = work()
        connection.commit()
    except duckdb.Error as error:
        _roll_back(connection)
        if isinstance(error, _DATA_ERRORS):
            raise BadBatch(str(error)) from error
        raise StoreUnavailable(str(error)) from error
    except BaseException:
        _roll_back(connection)
        raise
    return result


def _roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    try:
        connection.rollback()
    except duckdb.Error:
        return  # the transaction is gone already
