"""A plugin for pytest that has the collector's own tests open a lake where they open a file.

Each data folder becomes a database of one PostgreSQL and a folder of Parquet files. A lake settles
a moment after it acknowledges; here it does so at once where a test talks to the store itself, and
before the next question where it talks to a collector. What a lake is not meant to do is skipped,
with the reason: `NOT_IN_A_LAKE`.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pytest

import spanledger_collector.store.duckdb
import spanledger_collector.stores
import tests.collector.ledgers
from spanledger_collector.store import Appended, Backup, Batch
from spanledger_collector.store.duckdb import Keep
from spanledger_collector.store.duckdb.reading import RunningQuery
from spanledger_collector.store.lake import LakePlace, LakeStore
from spanledger_collector.store.lake.connection import Translating
from spanledger_collector.store.lake.election import Session
from spanledger_collector.store.lake.opening import open_lake
from spanledger_collector.store.lake.upkeep import Upkeep
from spanledger_collector.store.protocol import StoreState
from tests.lake.services import Postgres, postgres

NOT_IN_A_LAKE: Final = {
    "collector/test_queries.py::test_health": "how much room is left is not known of a bucket",
    "collector/test_count_once.py::test_a_ledger_of_version_2": "a file's upgrade",
    "collector/test_writer.py::test_a_poisoned_batch": "acknowledged first: test_settling.py",
    "collector/test_writer.py::test_a_disk_that": "a lake's disks are not the collector's",
    "alerts/test_retention.py::test_killed": "its child opens a file; test_kills.py",
    "alerts/test_outage.py": "spoils a file, or closes it under its collector",
    "cli/test_export.py::test_restore_keeps_what_was_there": "puts a file in place",
    "cli/test_export.py::test_a_folder_that_is_named": "names the folder of a file",
    "prices/test_reprice.py::test_without_a_collector_the_file_is_repriced": "opens the file",
}
"""Tests, by the beginning of their names, and why they are about a file alone."""
QUICK: Final = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
"""Nothing of these tests is to outlive the machine; the tests of kills leave all that on."""
MEMORY: Final = Path("/dev/shm")
NAME_FILE: Final = "name-of-the-database"
TEMPLATE: Final = "ledger_template"
_MOVE: Final = "update spanledger_lake.ducklake_metadata set value = '{}/' where key = 'data_path'"

_stack = ExitStack()
_clusters: list[Postgres] = []
_databases: dict[str, Path] = {}


def cluster() -> Postgres:
    """The one PostgreSQL of this run, with the template of all lakes."""
    if not _clusters:
        folder = Path(_stack.enter_context(scratch()))
        folder.chmod(0o755)
        made = _stack.enter_context(postgres(folder / "pg", *QUICK, "max_connections=300"))
        _clusters.append(made)
        made.create(TEMPLATE)
        open_lake(_place(TEMPLATE, folder / "template"), None, None).close()
    return _clusters[0]


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder for a moment, in memory where that can be."""
    return tempfile.TemporaryDirectory(
        prefix="spanledger-", dir=MEMORY if MEMORY.exists() else None
    )


def place_of(folder: Path) -> LakePlace:
    """The lake that stands for a data folder; that of a copied folder is a copy."""
    named = folder / NAME_FILE
    name = named.read_text() if named.exists() else TEMPLATE
    if _databases.get(name) != folder:
        copied, name = name, f"ledger_{len(_databases)}"
        cluster().ask("postgres", f'create database "{name}" template "{copied}"')
        cluster().ask(name, _MOVE.format(folder.absolute() / "lake"))
        folder.mkdir(parents=True, exist_ok=True)
        named.write_text(name)
        _databases[name] = folder
    return _place(name, folder / "lake")


def _place(name: str, files: Path) -> LakePlace:
    return LakePlace(f"ducklake:postgres:{cluster().target(name)}", str(files.absolute()))


@contextmanager
def opened(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the tables of the lake that stands for a data folder."""
    with closing(open_lake(place_of(folder), None, None)) as connection:
        yield Translating.of(connection)


class SettledLake(LakeStore):
    """A lake without a thread: what comes in is taken in at once, and upkeep is done when asked."""

    def __init__(
        self,
        folder: Path,
        memory_limit: str | None = None,
        threads: int | None = None,
        keep: Keep | None = None,
        min_free_bytes: int = 0,
    ) -> None:
        super().__init__(place_of(folder), folder, memory_limit, threads, keep, maintain=False)

    def _open(self) -> None:
        super()._open()
        self._turn = threading.RLock()  # the writer's thread, and those that ask
        self.session = Session(self._place.connection)
        self.writing = self._connection.cursor()
        self.upkeep = Upkeep(self.writing, self.session, self._keep)
        self.take_in_all()

    def take_in_all(self) -> None:
        """Take in what waits, also from before it was opened."""
        with self._turn:
            while self.upkeep.take_in() is not None:
                pass

    @property
    def leads(self) -> bool:
        """It is alone."""
        return True

    def append(self, batches: Sequence[Batch]) -> Appended:
        """Append and take in."""
        super().append(batches)
        appended = self.upkeep.take_in()
        assert appended is not None
        return appended

    def roll_up(self) -> bool:
        with self._turn:
            return self.upkeep.roll_up()

    def catch_up(self) -> bool:
        with self._turn:
            return self.upkeep.catch_up()

    def pack(self) -> int:
        with self._turn:
            return self.upkeep.pack()

    def tidy(self) -> bool:
        with self._turn:
            return self.upkeep.tidy()

    def close(self) -> None:
        self.session.close()
        super().close()


class AskedLake(SettledLake):
    """A lake that takes in what waits when it is asked something, as a collector's own would."""

    def append(self, batches: Sequence[Batch]) -> Appended:
        """Append."""
        return LakeStore.append(self, batches)

    def roll_up(self) -> bool:
        self.take_in_all()
        return super().roll_up()

    def state(self) -> StoreState:
        """Take in, and say where the store stands."""
        self.take_in_all()
        return super().state()

    def query(self) -> RunningQuery:
        """Take in, and prepare to answer."""
        self.take_in_all()
        return super().query()

    def export(
        self,
        sql: str,
        parameters: Mapping[str, object],
        columns: Sequence[str],
        *,
        as_text: bool,
    ) -> Iterator[pa.RecordBatch]:
        """Take in, and yield rows."""
        self.take_in_all()
        return super().export(sql, parameters, columns, as_text=as_text)

    def back_up(self, target: Path) -> Backup:
        """Take in, and write a backup."""
        self.take_in_all()
        return super().back_up(target)


def pytest_configure(config: pytest.Config) -> None:
    """Put the lake in the file's place before any test is read."""
    vars(spanledger_collector.store.duckdb)["DuckDBStore"] = SettledLake
    vars(spanledger_collector.stores)["DuckDBStore"] = AskedLake
    vars(tests.collector.ledgers)["opened"] = opened
    if config.option.basetemp is None:
        config.option.basetemp = str(Path(_stack.enter_context(scratch())) / "tests")


def pytest_unconfigure() -> None:
    """Let go of PostgreSQL."""
    _stack.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what a lake is not meant to do."""
    for item in items:
        for name, reason in NOT_IN_A_LAKE.items():
            if item.nodeid.removeprefix("tests/").startswith(name):
                item.add_marker(pytest.mark.skip(reason=f"not in a lake: {reason}"))
