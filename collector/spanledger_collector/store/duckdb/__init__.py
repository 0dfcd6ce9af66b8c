"""The store in a DuckDB file; nothing outside this package imports duckdb."""

from __future__ import annotations

from spanledger_collector.store.duckdb.backup import copy_portable, examine
from spanledger_collector.store.duckdb.opening import DATABASE_NAME, is_open
from spanledger_collector.store.duckdb.retention import Keep
from spanledger_collector.store.duckdb.store import DuckDBStore

__all__ = ["DATABASE_NAME", "DuckDBStore", "Keep", "copy_portable", "examine", "is_open"]
