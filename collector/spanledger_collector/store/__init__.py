"""The ledger's store: `Store` is all the rest knows of it, DuckDB stands behind it."""

from __future__ import annotations

from spanledger_collector.store import sql_files
from spanledger_collector.store.columns import batch_of
from spanledger_collector.store.errors import (
    BadBatch,
    NoSuchColumn,
    QueryStopped,
    StoreError,
    StoreUnavailable,
)
from spanledger_collector.store.protocol import (
    AlertNotes,
    Answer,
    Appended,
    Backup,
    Batch,
    Running,
    Store,
    StoreState,
)

__all__ = [
    "AlertNotes",
    "Answer",
    "Appended",
    "Backup",
    "BadBatch",
    "Batch",
    "NoSuchColumn",
    "QueryStopped",
    "Running",
    "Store",
    "StoreError",
    "StoreState",
    "StoreUnavailable",
    "batch_of",
    "sql_files",
]
