"""A lake's files stay few, and none stays that nobody needs; runs where a lake can be opened."""

from __future__ import annotations

import random
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

pytest.importorskip(
    "duckdb_extension_ducklake",
    reason="runs in the lake's environment: tests/lake/test_on_a_lake.py has it run there",
)
from spanledger_collector.store.lake.files import SMALL, Files
from tests.collector.test_rollup import batch, totals
from tests.collector.truth import random_call
from tests.lake.on_a_lake import SettledLake

BEGIN = datetime(2026, 11, 1)
NOTHING = "0 seconds"


def test_merged_forgotten_and_swept(tmp_path: Path) -> None:
    """Small files become one, replaced and orphaned ones go, and every sum stays what it was."""
    dice = random.Random(3)
    lake = SettledLake(tmp_path)
    for number in range(5):
        at = BEGIN + timedelta(minutes=number)
        lake.append([batch([random_call(dice, at) for _ in range(40)])])
        lake.roll_up()
    folder = tmp_path / "lake" / "main" / "calls"
    small = set(folder.glob("*.parquet"))
    before = totals(lake, BEGIN, BEGIN + timedelta(days=1), fine=True)
    files = Files(lake.writing)
    files.merge(SMALL)
    merged = set(folder.glob("*.parquet")) - small
    shutil.copy(next(iter(merged)), folder / f"ducklake-{UUID(int=1)}.parquet")  # an orphan
    files.clean(NOTHING)
    files.sweep(NOTHING)
    left = set(folder.glob("*.parquet"))
    after = totals(lake, BEGIN, BEGIN + timedelta(days=1), fine=True)
    lake.close()

    assert len(small) == 5
    assert len(merged) == 1
    assert left == merged
    assert before == after != []


@pytest.mark.parametrize(
    "name", ["sales/2026.parquet", f"staging/main/calls/ducklake-{UUID(int=2)}.parquet"]
)
def test_what_others_wrote_is_not_swept(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A file that is not named as ours stays, orphans wait until it is gone, and the log tells."""
    lake = SettledLake(tmp_path)
    folder = tmp_path / "lake"
    orphan = folder / "main" / "calls" / f"ducklake-{UUID(int=1)}.parquet"
    orphan.parent.mkdir(parents=True, exist_ok=True)
    orphan.write_bytes(b"left behind")
    others = folder / name
    others.parent.mkdir(parents=True)
    others.write_bytes(b"dear to somebody")
    files = Files(lake.writing)
    files.sweep(NOTHING)
    kept = others.exists(), orphan.exists()
    others.rename(tmp_path / "2026.parquet")
    files.sweep(NOTHING)
    lake.close()

    assert kept == (True, True)
    assert not orphan.exists()
    assert str(others) in caplog.text
