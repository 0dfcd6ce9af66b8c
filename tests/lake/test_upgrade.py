"""A lake of an earlier release, opened by this one; runs where a lake can be opened."""

from __future__ import annotations

import random
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip(
    "duckdb_extension_ducklake",
    reason="runs in the lake's environment: tests/lake/test_on_a_lake.py has it run there",
)
from spanledger_collector.store import sql_files
from spanledger_collector.store.lake import LakePlace, LakeStore, opening
from spanledger_collector.store.lake.connection import Translating
from tests.collector.support import Document
from tests.collector.test_migration import CALLS
from tests.collector.test_rollup import batch
from tests.collector.truth import random_call
from tests.lake.on_a_lake import SettledLake, cluster

BEFORE_LEAN = 5
"""The last version in which a call's input cost and its reporter's claim were stored."""


def calls_of(store: LakeStore) -> list[Document]:
    rows: list[Document] = store.query().run(CALLS, {}, 1000).table.to_pylist()
    return rows


def test_what_was_stored_is_worked_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls of version 5 keep every amount to the last digit, and nothing is written anew."""
    dice = random.Random(5)
    calls = [
        random_call(dice, datetime(2026, 11, 1) + timedelta(minutes=number)) for number in range(80)
    ]
    new = SettledLake(tmp_path / "new")
    new.append([batch(calls)])
    expected = calls_of(new)
    place = LakePlace(f"ducklake:postgres:{cluster().create('older')}", str(tmp_path / "older"))
    schema = sql_files.schema()
    with monkeypatch.context() as older:
        older.setattr(opening, "SCHEMA_VERSION", BEFORE_LEAN)
        kept = {number: each for number, each in schema.items() if number <= BEFORE_LEAN}
        older.setattr(sql_files, "schema", lambda: kept)
        older.setattr(sql_files, "macros", list)
        columns = ", ".join(opening.stored_columns()["calls"])
        rows = new.query().run(f"select {columns} from calls", {}, 1000).table
        with closing(opening.open_lake(place, None, None)) as lake:
            lake.register("incoming", rows)
            Translating.of(lake).execute("insert into calls by name\nselect * from incoming")
    new.close()
    files = sorted((tmp_path / "older").rglob("*.parquet"))
    upgraded = LakeStore(place, tmp_path / "scratch", maintain=False)
    found = calls_of(upgraded)
    upgraded.close()

    assert "claimed_usd" in columns
    assert len(found) == 80
    assert found == expected
    assert set(files) <= set((tmp_path / "older").rglob("*.parquet"))
