"""`export calls`, `backup` and `restore` as a user runs them, beside a real collector."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from spanledger import semconv
from spanledger_collector.server import RunningCollector, running_collector
from spanledger_collector.store.duckdb import DATABASE_NAME, DuckDBStore, examine
from tests.cli.conftest import Run
from tests.collector.support import Client, call_span, settings_for
from tests.durability.process import collector_process

TAG = semconv.TAG_PREFIX


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[RunningCollector]:
    """A collector with three calls, one of whose features is a spreadsheet's formula."""
    with running_collector(settings_for(tmp_path / "data")) as running:
        client = Client(running.url)
        client.send(
            call_span("msg_1", attributes={TAG + "team": "red", TAG + "feature": "=1+1"}),
            call_span("msg_2", attributes={TAG + "team": "blue", TAG + "feature": 'say "a, b"'}),
            call_span("msg_3", attributes={semconv.INPUT_TOKENS: 1, semconv.OUTPUT_TOKENS: 0}),
        )
        client.close()
        yield running


def test_parquet_holds_the_ledger(run: Run, collector: RunningCollector, tmp_path: Path) -> None:
    """Every call is a row with the ledger's columns, money as exact decimals, ids in hex."""
    file = tmp_path / "calls.parquet"
    result = run("export", "calls", "-o", str(file), "--url", collector.url)
    rows = pq.read_table(file).to_pylist()

    assert result.exit_code == 0, result.stderr
    assert [row["message_id"] for row in rows] == ["msg_1", "msg_2", "msg_3"]
    assert rows[0]["cost_usd"] == Decimal("0.0045")
    assert rows[0]["start_time"].tzinfo is not None
    assert len(rows[0]["trace_id"]) == 32
    assert not {"id_hash", "request_hash", "row_id"} & rows[0].keys()
    assert not list(tmp_path.glob(".*.part"))


def test_csv_is_safe_and_exact(run: Run, collector: RunningCollector, tmp_path: Path) -> None:
    """A text that a spreadsheet would run gets an apostrophe; money has no exponent."""
    file = tmp_path / "calls.csv"
    names = "message_id,feature,start_time,cost_usd,input_usd,tags,cost_reasons"
    result = run("export", "calls", "-o", str(file), "--columns", names, "--url", collector.url)
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))

    assert result.exit_code == 0, result.stderr
    assert list(rows[0]) == names.split(",")
    assert [row["feature"] for row in rows] == ["'=1+1", 'say "a, b"', ""]
    assert rows[2]["cost_usd"] == "0.000003000000"
    assert rows[0]["start_time"].endswith("Z")


def test_filters_and_time(run: Run, collector: RunningCollector, tmp_path: Path) -> None:
    """Only calls of the range that pass the filters are written; none of them is a file, too."""
    named, none = tmp_path / "red.csv", tmp_path / "none.parquet"
    run("export", "calls", "-o", str(named), "-p", "team=red", "--url", collector.url)
    run("export", "calls", "-o", str(none), "--to", "2020-01-01", "--url", collector.url)

    assert named.read_text().count("msg_") - named.read_text().count("trace:") >= 1
    assert "msg_2" not in named.read_text()
    assert pq.read_table(none).num_rows == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["-o", "calls.txt"], "neither .parquet nor .csv"),
        (["-o", "calls.csv", "--columns", "nothing"], "no column 'nothing'"),
        (["-o", "calls.csv", "-p", "colour=red"], "no parameter 'colour'"),
        (["-o", "calls.csv", "--from", "yesterday"], "must be an ISO 8601 instant"),
        (["-o", "nowhere/calls.csv"], "cannot be written"),
    ],
)
def test_what_cannot_be_exported(
    run: Run, collector: RunningCollector, arguments: list[str], says: str
) -> None:
    """The error says what would have been allowed, and no file is left."""
    result = run("export", "calls", *arguments, "--url", collector.url)

    assert result.exit_code in {1, 2}
    assert says in result.stderr
    assert not Path("calls.csv").exists()


def test_no_file_is_overwritten(run: Run, collector: RunningCollector, tmp_path: Path) -> None:
    """A file that exists stays, unless --force says otherwise."""
    file = tmp_path / "calls.csv"
    file.write_text("mine")
    refused = run("export", "calls", "-o", str(file), "--url", collector.url)
    kept = file.read_text()
    forced = run("export", "calls", "-o", str(file), "--force", "--url", collector.url)

    assert (refused.exit_code, kept, forced.exit_code) == (2, "mine", 0)
    assert "msg_1" in file.read_text()


def test_backup_and_restore(run: Run, collector: RunningCollector, tmp_path: Path) -> None:
    """A backup of a running collector, put in place elsewhere, is the same ledger."""
    file, folder = tmp_path / "copy.duckdb", tmp_path / "elsewhere"
    made = run("backup", str(file), "--url", collector.url)
    restored = run("restore", str(file), "--data-dir", str(folder))

    assert made.exit_code == 0, made.stderr
    assert "3 calls" in made.stderr
    assert restored.exit_code == 0, restored.stderr
    assert examine(folder / DATABASE_NAME).calls == 3


def test_a_folder_that_is_named_is_the_one(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A collector answers only for its own ledger, however near it is; an open one it is asked."""
    alone, missing = tmp_path / "alone", tmp_path / "missing"
    DuckDBStore(alone).close()
    with collector_process(tmp_path / "data") as (_, url):
        monkeypatch.setenv("SPANLEDGER_COLLECTOR__PORT", url.rpartition(":")[2])
        client = Client(url)
        client.send(call_span("msg_1"))
        client.close()
        told = [
            run("backup", f"{folder.name}.duckdb", "--data-dir", str(folder))
            for folder in (alone, tmp_path / "data", missing)
        ]
        repriced = run("prices", "reprice", "--data-dir", str(alone))

    assert [each.exit_code for each in told] == [0, 0, 1], told
    assert [examine(Path(f"{name}.duckdb")).calls for name in ("alone", "data")] == [0, 1]
    assert "There is no ledger in" in told[2].stderr
    assert "0 of 0 calls changed" in repriced.stderr


def test_restore_keeps_what_was_there(run: Run, tmp_path: Path) -> None:
    """A ledger is replaced only with --force, and is then kept beside the other."""
    DuckDBStore(tmp_path / "data").close()
    file = tmp_path / "copy.duckdb"
    offline = run("backup", str(file), "--data-dir", str(tmp_path / "data"))
    refused = run("restore", str(file), "--data-dir", str(tmp_path / "data"))
    forced = run("restore", str(file), "--data-dir", str(tmp_path / "data"), "--force")

    assert (offline.exit_code, refused.exit_code, forced.exit_code) == (0, 2, 0), offline.stderr
    assert len(list((tmp_path / "data").glob("ledger-*.duckdb"))) == 1


def test_restore_beside_a_running_collector(run: Run, tmp_path: Path) -> None:
    """A ledger that is open is not replaced, and neither by what is no backup."""
    bad = tmp_path / "bad.duckdb"
    bad.write_bytes(b"no database " * 1000)
    result = run("restore", str(bad), "--data-dir", str(tmp_path / "data"))

    assert result.exit_code == 1
    assert "not a valid DuckDB database" in result.stderr
    assert not (tmp_path / "data" / DATABASE_NAME).exists()
