"""A ledger that cannot or must not be opened is refused in a paragraph that helps."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from spanledger_collector.server import running_collector
from spanledger_collector.store import StoreError
from spanledger_collector.store.duckdb import DuckDBStore
from spanledger_collector.store.duckdb.upgrading import SCHEMA_VERSION
from tests.collector.support import Client, call_span, settings_for


def newer(folder: Path) -> None:
    DuckDBStore(folder).close()
    with duckdb.connect(str(folder / "ledger.duckdb")) as connection:
        connection.execute("insert into schema_version values (99, timestamp '2030-01-01', '9')")


def foreign(folder: Path) -> None:
    with duckdb.connect(str(folder / "ledger.duckdb")) as connection:
        connection.execute("create table mine (a integer)")


def garbage(folder: Path) -> None:
    (folder / "ledger.duckdb").write_bytes(b"not a database " * 1000)


def torn(folder: Path) -> None:
    DuckDBStore(folder).close()
    file = folder / "ledger.duckdb"
    file.write_bytes(file.read_bytes()[:40_000])


def scrambled(folder: Path) -> None:
    DuckDBStore(folder).close()
    file = folder / "ledger.duckdb"
    content = bytearray(file.read_bytes())
    content[0x3000:0x20000] = os.urandom(0x20000 - 0x3000)
    file.write_bytes(content)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (newer, "schema version 99.*newer release made it.*Upgrade SpanLedger"),
        (foreign, "not a SpanLedger ledger.*store.path"),
        (garbage, "not a valid DuckDB database file.*backup"),
        (torn, "cannot be opened.*backup"),
        (scrambled, "cannot be opened.*backup"),
    ],
)
def test_a_file_that_is_not_our_ledger(
    tmp_path: Path, make: Callable[[Path], None], says: str
) -> None:
    """The error names the file, what is wrong and what to do; the file stays as it was."""
    make(tmp_path)
    before = (tmp_path / "ledger.duckdb").read_bytes()
    with pytest.raises(StoreError) as refusal, running_collector(settings_for(tmp_path)):
        pass

    message = str(refusal.value)
    assert re.search(says, message)
    assert str(tmp_path / "ledger.duckdb") in message
    assert "\n" not in message
    assert (tmp_path / "ledger.duckdb").read_bytes() == before


def test_a_ledger_in_use(tmp_path: Path) -> None:
    """A second collector on the same ledger is told that a first one has it."""
    program = (
        "import sys; from pathlib import Path\n"
        "from spanledger_collector.store.duckdb import DuckDBStore\n"
        "store = DuckDBStore(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(StoreError, match=r"open in another process.*lsof"):
            DuckDBStore(tmp_path)
        holder.communicate("")


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    """A data folder that is no folder is named, with the setting to change."""
    path = tmp_path / "data"
    path.write_text("")
    with pytest.raises(StoreError, match=r"is a file.*store\.path"):
        DuckDBStore(path)
    with pytest.raises(StoreError, match=r"cannot be made.*store\.path"):
        DuckDBStore(path / "deeper")


def test_too_little_memory(tmp_path: Path) -> None:
    """A limit of memory in which nothing can be done is named, and not the file as damaged."""
    DuckDBStore(tmp_path).close()
    with pytest.raises(StoreError, match=r"memory.*store\.memory_limit.*higher"):
        DuckDBStore(tmp_path, memory_limit="1KB")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_data_folder_without_permission(tmp_path: Path) -> None:
    """A folder that this user may not write is named, with what to do."""
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match=r"this user.*store\.path"):
        DuckDBStore(tmp_path)
    tmp_path.chmod(0o700)


def test_a_ledger_opens_again(tmp_path: Path) -> None:
    """A ledger closed and opened holds what it held, and goes on counting batches."""
    for number in range(3):
        with running_collector(settings_for(tmp_path)) as collector:
            client = Client(collector.url)
            client.send(call_span(f"msg_{number}"))
            health = client.health()
            client.close()

    assert health["calls"] == 3
    assert health["schema_version"] == SCHEMA_VERSION


def test_the_database_is_locked_down(tmp_path: Path) -> None:
    """No statement can reach files, load extensions or loosen the settings."""
    store = DuckDBStore(tmp_path)
    target = tmp_path / "out.csv"
    refused = [
        f"copy calls to '{target}'",
        "select * from read_csv('/etc/passwd')",
        f"attach '{tmp_path / 'other.duckdb'}'",
        "set enable_external_access = true",
        "set memory_limit = '100GB'",
        "install httpfs",
        "select * from target",
    ]
    for statement in refused:
        with pytest.raises(duckdb.Error):
            store.query().run(statement, {}, 10)
    store.close()

    assert not target.exists()
