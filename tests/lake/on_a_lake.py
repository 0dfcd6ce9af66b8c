"""A plugin for pytest that has the collector's own tests open a lake where they open a file.

Each data folder becomes a database of one PostgreSQL and a folder of Parquet files. A lake settles
a moment after it acknowledges; here it does so at once, because the tests ask at once.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from spanledger_collector.store import Appended, Batch
from spanledger_collector.store.duckdb import Keep
from spanledger_collector.store.lake import LakePlace, LakeStore
from spanledger_collector.store.lake.election import Session
from spanledger_collector.store.lake.upkeep import Upkeep
from tests.lake.services import Postgres, postgres

_databases: dict[Path, LakePlace] = {}
_cluster: list[Postgres] = []


def place_of(folder: Path) -> LakePlace:
    """The lake that stands for a data folder."""
    if folder not in _databases:
        name = f"ledger_{len(_databases)}"
        target = _cluster[0].create(name)
        _databases[folder] = LakePlace(f"ducklake:postgres:{target}", str(folder / "lake"))
    return _databases[folder]


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
        self.session = Session(self._place.connection)
        self.upkeep = Upkeep(self._connection.cursor(), self.session, self._keep)

    def append(self, batches: Sequence[Batch]) -> Appended:
        """Append and take in."""
        super().append(batches)
        appended = self.upkeep.take_in()
        assert appended is not None
        return appended

    def roll_up(self) -> bool:
        return self.upkeep.roll_up()

    def catch_up(self) -> bool:
        return self.upkeep.catch_up()

    def pack(self) -> int:
        return self.upkeep.pack()

    def tidy(self) -> bool:
        return self.upkeep.tidy()

    def close(self) -> None:
        self.session.close()
        super().close()


@pytest.fixture(scope="session", autouse=True)
def _postgres() -> Iterator[None]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="spanledger-pg-")))
        folder.chmod(0o755)
        _cluster.append(stack.enter_context(postgres(folder / "pg")))
        yield


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Put the lake in the file's place in every module collected."""
    for module in {item.module for item in items}:
        if hasattr(module, "DuckDBStore"):
            module.DuckDBStore = SettledLake
