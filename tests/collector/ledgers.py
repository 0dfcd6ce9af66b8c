"""A ledger's tables themselves, past the store, for what only a test would do to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from spanledger_collector.store.duckdb import DATABASE_NAME

__all__ = ["opened"]


@contextmanager
def opened(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the ledger of a data folder, which nobody else may have open."""
    with duckdb.connect(str(folder / DATABASE_NAME)) as connection:
        yield connection
