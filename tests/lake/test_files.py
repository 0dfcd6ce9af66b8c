"""A lake's files stay few, and none stays that nobody needs; runs where a lake can be opened."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import duckdb
import psycopg
import pytest

pytest.importorskip(
    "duckdb_extension_ducklake",
    reason="runs in the lake's environment: tests/lake/test_on_a_lake.py has it run there",
)
from spanledger_collector.store import Batch, StoreUnavailable
from spanledger_collector.store.lake.files import SMALL, Files
from spanledger_collector.store.lake.opening import open_lake
from tests.collector.reports import batch as batch_of_reports
from tests.collector.reports import report
from tests.collector.test_rollup import batch, totals
from tests.collector.truth import random_call
from tests.lake.on_a_lake import SettledLake, place_of

BEGIN = datetime(2026, 11, 1)
NOTHING = "0 seconds"
FILES = "select file_count, delete_file_count from ducklake_table_info('lake')"
OF_NUMBERS = f"{FILES} where table_name = 'numbers'"
DELETE = "delete from lake.calls where rowid in (select rowid from lake.calls order by 1 limit {})"
MERGE = "ducklake_merge_adjacent_files"
REWRITE = "ducklake_rewrite_data_files('lake', 'calls'"


class Met:
    """A connection on which something happens once, when a function has written files."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        function: str,
        happens: Callable[[], object],
    ) -> None:
        self._connection = connection
        self._function = function
        self._happens: Callable[[], object] | None = happens

    def as_connection(self) -> duckdb.DuckDBPyConnection:
        return cast(duckdb.DuckDBPyConnection, self)

    def execute(self, sql: str) -> Any:
        done = self._connection.execute(sql)
        if self._happens is None or self._function not in sql:
            return done
        table = done.to_arrow_table()  # files are written by now, and not committed
        self._happens()
        self._happens = None
        return duckdb.from_arrow(table)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def reports(source: str, numbers: range) -> Batch:
    """Reports of some calls."""
    return batch_of_reports(
        report(source=source, span_id=each, message_id=f"msg_{each}") for each in numbers
    )


def files_of(lake: SettledLake) -> list[tuple[int, int]]:
    """How many files of rows each table has, and how many of rows that are gone from them."""
    return lake.writing.execute(FILES).fetchall()


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
    files = Files(lake.writing, lake.session)
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


def test_few_stay_though_rows_go(tmp_path: Path) -> None:
    """Better reports replace a few of many calls again and again: no table gets more files."""
    lake = SettledLake(tmp_path)
    files = Files(lake.writing, lake.session)
    most, numbers = 0, range(1, 161)
    for first in numbers[::40]:
        some = range(first, first + 40)
        lake.append([reports("openllmetry", some)])
        lake.roll_up()
        lake.append([reports("anthropic_sdk", some[:3])])
        lake.roll_up()
        files.merge(SMALL)
        files.rewrite()
        files.merge(SMALL)
        most = max(most, *(data + holes for data, holes in files_of(lake)))
    sources = lake.query().run("select source, count(*) from calls group by all", {}, 9).table
    lake.close()

    assert most == 1
    counted = dict(zip(*(column.to_pylist() for column in sources.columns), strict=True))
    assert counted == {"openllmetry": 148, "anthropic_sdk": 12}


@pytest.mark.parametrize("rows", [7, 61, 1000, 12_345])
def test_any_share_is_met(rows: int, tmp_path: Path) -> None:
    """Whatever share of its rows a file has lost, DuckLake finds it to be the one that is named."""
    lake = SettledLake(tmp_path)
    lake.append([reports("openllmetry", range(1))])
    lake.writing.execute(f"create table lake.numbers as select n from range({rows}) as rows(n)")
    files = Files(lake.writing, lake.session)
    left = []
    for number in range(5):
        lake.writing.execute(f"delete from lake.numbers where n = {number}")
        files.rewrite()
        left += lake.writing.execute(OF_NUMBERS).fetchall()
    lake.close()

    assert left == [(1, 0)] * 5


def test_a_change_meanwhile_costs_one_pass(tmp_path: Path) -> None:
    """Somebody deletes rows while they are written anew: theirs counts, and the next pass works."""
    lake = SettledLake(tmp_path)
    for first in (1, 61):
        lake.append([reports("openllmetry", range(first, first + 60))])
    lake.writing.execute(DELETE.format(3))
    with closing(open_lake(place_of(tmp_path), None, None)) as other:
        met = Met(lake.writing, REWRITE, lambda: other.execute(DELETE.format(20)))
        with pytest.raises(StoreUnavailable, match="another transaction has deleted from it"):
            Files(met.as_connection(), lake.session).rewrite()
    files = Files(lake.writing, lake.session)
    files.rewrite()
    [[calls]] = lake.writing.execute("select count(*) from lake.calls").fetchall()
    holes = sum(holes for _, holes in files_of(lake))
    lake.close()

    assert (calls, holes) == (120 - 3 - 20, 0)


def test_without_the_turn_nothing_is_replaced(tmp_path: Path) -> None:
    """The session that holds the turn breaks meanwhile: what another one deletes stays deleted."""
    lake = SettledLake(tmp_path)
    for first in (1, 61):
        lake.append([reports("openllmetry", range(first, first + 60))])
    session = lake.session.connection
    with closing(open_lake(place_of(tmp_path), None, None)) as other:

        def lose_the_turn() -> None:
            with psycopg.connect(place_of(tmp_path).connection, autocommit=True) as admin:
                admin.execute("select pg_terminate_backend(%s)", (session.info.backend_pid,))
            other.execute("delete from lake.calls where rowid = 0")

        met = Met(lake.writing, MERGE, lose_the_turn)
        with pytest.raises(psycopg.Error), lake.session.turn():
            Files(met.as_connection(), lake.session).merge(SMALL)
    [[calls]] = lake.writing.execute("select count(*) from lake.calls").fetchall()
    lake.close()

    assert calls == 120 - 1


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
    files = Files(lake.writing, lake.session)
    files.sweep(NOTHING)
    kept = others.exists(), orphan.exists()
    others.rename(tmp_path / "2026.parquet")
    files.sweep(NOTHING)
    lake.close()

    assert kept == (True, True)
    assert not orphan.exists()
    assert str(others) in caplog.text
