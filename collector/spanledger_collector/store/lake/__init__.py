"""The store beyond one machine: a DuckLake of Parquet files, with its catalog in PostgreSQL."""

from __future__ import annotations

from spanledger_collector.store.lake.migrating import move_in
from spanledger_collector.store.lake.place import LakePlace
from spanledger_collector.store.lake.store import LakeStore

__all__ = ["LakePlace", "LakeStore", "move_in"]
