"""A backup is the ledger of one moment, whole and checked, made while calls come in."""

from __future__ import annotations

import random
import threading
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import orjson
import pytest

from spanledger_collector.backup import FACTS_HEADER, digest_of
from spanledger_collector.server import running_collector
from spanledger_collector.store import StoreError, StoreUnavailable
from spanledger_collector.store.duckdb import DATABASE_NAME, DuckDBStore, examine, is_open
from tests.collector.support import Client, Document, call_span, settings_for
from tests.collector.test_rollup import batch
from tests.collector.truth import random_call

BEGIN = datetime(2026, 11, 1)
TABLES = (
    "calls",
    "spans",
    "quarantine",
    "call_reports",
    "calls_by_hour",
    "totals_by_hour",
    "latency_by_hour",
    "users_by_day",
    "rollup_watermark",
    "counted_until",
    "kept_from",
    "schema_version",
)


def filled(folder: Path, calls: int = 60) -> DuckDBStore:
    """A ledger with counted and uncounted calls."""
    dice = random.Random(11)
    store = DuckDBStore(folder)
    for _ in range(2):
        made = [
            random_call(dice, BEGIN + timedelta(seconds=dice.randrange(9 * 3600)))
            for _ in range(calls // 2)
        ]
        store.append([batch(made)])
        store.roll_up()
    store.append([batch([random_call(dice, BEGIN)])])
    return store


def contents(store: DuckDBStore) -> dict[str, list[Document]]:
    return {
        table: store.query().run(f"from {table} order by all", {}, 10_000).table.to_pylist()
        for table in TABLES
    }


def test_a_backup_holds_every_row(tmp_path: Path) -> None:
    """Every table of the copy is row for row that of the ledger, with exact money and types."""
    store = filled(tmp_path / "here")
    (tmp_path / "there").mkdir()
    told = store.back_up(tmp_path / "there" / DATABASE_NAME)
    before = contents(store)
    store.close()
    copy = DuckDBStore(tmp_path / "there")

    assert contents(copy) == before
    assert (told.calls, told.cost_usd) == (
        len(before["calls"]),
        sum(row["cost_usd"] for row in before["calls"] if row["cost_usd"] is not None),
    )
    assert copy.state().newest_batch == told.newest_batch == 3
    copy.close()


def test_a_copy_goes_on_where_the_ledger_was(tmp_path: Path) -> None:
    """A restored ledger knows its calls again when they are sent once more, and takes new ones."""
    dice = random.Random(2)
    old, new = batch([random_call(dice, BEGIN)]), batch([random_call(dice, BEGIN)])
    store = DuckDBStore(tmp_path / "here")
    store.append([old])
    (tmp_path / "there").mkdir()
    store.back_up(tmp_path / "there" / DATABASE_NAME)
    store.close()
    copy = DuckDBStore(tmp_path / "there")

    assert copy.append([old]).duplicates == 1
    assert copy.append([new]).calls == 1
    copy.close()


def test_commits_during_a_backup(tmp_path: Path) -> None:
    """Calls are committed while a copy is made, and the copy is that of one moment."""
    dice = random.Random(4)
    store = filled(tmp_path / "here", 400)
    done = threading.Event()
    told = []

    def copy() -> None:
        told.append(store.back_up(tmp_path / "copy.duckdb"))
        done.set()

    thread = threading.Thread(target=copy)
    thread.start()
    committed = 0
    while not done.is_set():
        committed += store.append([batch([random_call(dice, BEGIN)])]).calls
        store.roll_up()
    thread.join()
    [backup] = told

    assert committed > 0
    assert examine(tmp_path / "copy.duckdb") == backup
    assert 401 <= backup.calls <= 401 + committed
    store.close()


def test_over_http(tmp_path: Path) -> None:
    """The collector's answer is a ledger with the digest and the contents that its header tells."""
    with running_collector(settings_for(tmp_path / "here")) as collector:
        client = Client(collector.url)
        client.send(call_span("msg_1"), call_span("msg_2"))
        answer = client.http.post("/api/v1/backup")
        client.close()
    file = tmp_path / "copy.duckdb"
    file.write_bytes(answer.content)
    facts = orjson.loads(answer.headers[FACTS_HEADER])

    assert answer.status_code == 200
    assert facts["sha256"] == digest_of(file)
    assert facts["calls"] == examine(file).calls == 2
    assert not list((tmp_path / "here").glob(".backup-*"))


def test_only_who_may_do_everything_backs_up(tmp_path: Path) -> None:
    """Without the collector's token there is no backup."""
    with running_collector(settings_for(tmp_path, token="secret-of-this-test")) as collector:
        client = Client(collector.url)
        answer = client.http.post("/api/v1/backup")
        client.close()

    assert answer.status_code == 401


def test_a_backup_that_cannot_be_written(tmp_path: Path) -> None:
    """A file that exists is not touched, and the error says so."""
    store = filled(tmp_path / "here", 2)
    target = tmp_path / "copy.duckdb"
    target.write_text("mine")
    with pytest.raises(StoreUnavailable, match="exists already"):
        store.back_up(target)
    store.close()

    assert target.read_text() == "mine"


def test_files_that_are_no_backup(tmp_path: Path) -> None:
    """A missing, foreign, damaged or newer file is refused by what it is."""
    foreign, garbage, newer = (tmp_path / name for name in ("foreign", "garbage", "newer"))
    with duckdb.connect(str(foreign)) as connection:
        connection.execute("create table mine (a integer)")
    garbage.write_bytes(b"no database " * 1000)
    DuckDBStore(tmp_path / "new").close()
    (tmp_path / "new" / DATABASE_NAME).rename(newer)
    with duckdb.connect(str(newer)) as connection:
        connection.execute("insert into schema_version values (99, timestamp '2030-01-01', '9')")

    for file, says in (
        (tmp_path / "missing", "There is no file"),
        (foreign, "not a SpanLedger ledger"),
        (garbage, "not a valid DuckDB database"),
        (newer, "schema version 99"),
    ):
        with pytest.raises(StoreError, match=says):
            examine(file)


def test_whether_a_ledger_is_open(tmp_path: Path) -> None:
    """A ledger that nobody has open is not said to be."""
    DuckDBStore(tmp_path).close()

    assert not is_open(tmp_path / DATABASE_NAME)
