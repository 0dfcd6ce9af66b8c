"""What happens when a lake is opened for the first time; runs where a lake can be opened."""

from __future__ import annotations

import gzip
import importlib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import pytest

pytest.importorskip(
    "duckdb_extension_ducklake",
    reason="runs in the lake's environment: tests/lake/test_on_a_lake.py has it run there",
)
from psycopg.conninfo import make_conninfo

from spanledger_collector.store import StoreError, StoreUnavailable
from spanledger_collector.store.lake import LakePlace, LakeStore
from spanledger_collector.store.lake.opening import EXTENSIONS, open_lake
from spanledger_collector.store.lake.place import PREFIX
from tests.collector.test_writer import good
from tests.lake.on_a_lake import QUICK, cluster, scratch
from tests.lake.services import free_port, kill, postgres, wait_until

PASSWORD = """it's a "long" \\ one"""
COLLECTORS = 3


def place(name: str, folder: Path) -> LakePlace:
    """A database without a lake, and a place for its files."""
    return LakePlace(f"{PREFIX}{cluster().create(name)}", str(folder))


def test_collectors_that_start_at_once(tmp_path: Path) -> None:
    """They find no lake: one makes it, and the others wait and open it."""
    new = place("at_once", tmp_path / "files")
    together = threading.Barrier(COLLECTORS)

    def start(number: int) -> int:
        together.wait()
        with closing(LakeStore(new, tmp_path / f"{number}", maintain=False)) as store:
            return store.state().schema_version

    with ThreadPoolExecutor(COLLECTORS) as pool:
        versions = list(pool.map(start, range(COLLECTORS)))

    assert len(set(versions)) == 1


def test_a_new_lake_wants_a_place_of_its_own(tmp_path: Path) -> None:
    """Among files of others it is refused, before anything is made; elsewhere it opens then."""
    others = tmp_path / "taken" / "main" / "calls" / "ducklake-of-another-lake.parquet"
    others.parent.mkdir(parents=True)
    others.write_bytes(b"rows")
    refused = place("own_place", tmp_path / "taken")
    with pytest.raises(StoreError, match="may be another lake's") as told:
        open_lake(refused, None, None)
    open_lake(refused._replace(data_path=str(tmp_path / "free")), None, None).close()

    assert str(others) in str(told.value)


def test_the_password_is_used_and_never_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL asks for it; neither when it is wrong nor when PostgreSQL is gone is it told."""
    with scratch() as folder:
        Path(folder).chmod(0o755)
        with postgres(Path(folder) / "pg", *QUICK) as asking:
            target = asking.create("asking")
            quoted = PASSWORD.replace("'", "''")
            asking.ask("asking", f"alter user spanledger password '{quoted}'")
            asking.stop()
            (Path(folder) / "pg" / "data" / "pg_hba.conf").write_text(
                "local postgres all trust\nlocal all all scram-sha-256\n"
            )
            asking.start()
            right = _with_password(target, PASSWORD, tmp_path)
            with pytest.raises(StoreError, match="authentication failed") as refused:
                open_lake(_with_password(target, f"not {PASSWORD}", tmp_path), None, None)
            with monkeypatch.context() as environment:
                environment.setenv("PGPASSWORD", PASSWORD)
                open_lake(right._replace(catalog=f"{PREFIX}{target}"), None, None).close()
            store = LakeStore(right, tmp_path / "scratch", maintain=False)
            store.append([good(1)])
            asking.stop()
            with pytest.raises(StoreUnavailable, match="cannot answer") as unanswered:
                store.state()
            with pytest.raises(StoreError, match="cannot be opened") as unopened:
                store.reopen()

    for told in (refused, unanswered, unopened):
        assert "it's" not in str(told.value)


def test_extensions_come_from_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no wheel fits they are downloaded from the mirror that is named, and checked."""
    new = place("downloaded", tmp_path / "files")
    files = {name: _extension(name) for name in EXTENSIONS}
    for name in EXTENSIONS:
        monkeypatch.setitem(sys.modules, f"duckdb_extension_{name}", None)
    monkeypatch.setenv("HOME", str(tmp_path))  # where DuckDB keeps what it has downloaded
    spoiled = {"ducklake": files["ducklake"][:-1] + b"?"}
    with (
        _mirror(tmp_path / "spoiled", spoiled) as url,
        pytest.raises(StoreError, match="extension ducklake") as refused,
    ):
        open_lake(new._replace(extension_repository=url), None, None)
    with _mirror(tmp_path / "mirror", files) as url:
        open_lake(new._replace(extension_repository=url), None, None).close()
    open_lake(new._replace(extension_repository=url), None, None).close()  # the mirror is gone

    assert "signature" in str(refused.value)
    assert {each.name for each in tmp_path.rglob("*.duckdb_extension")} == {
        f"{name}.duckdb_extension" for name in EXTENSIONS
    }


def _with_password(target: str, password: str, folder: Path) -> LakePlace:
    catalog = make_conninfo(target, password=password)
    return LakePlace(f"{PREFIX}{catalog}", str(folder / "files"))


def _extension(name: str) -> bytes:
    wheel = importlib.import_module(f"duckdb_extension_{name}")
    return next(Path(wheel.__path__[0]).rglob("*.duckdb_extension")).read_bytes()


@contextmanager
def _mirror(folder: Path, files: dict[str, bytes]) -> Iterator[str]:
    """A server laid out as DuckDB's own; a process, for no thread of ours runs meanwhile."""
    with duckdb.connect() as connection:
        [[platform]] = connection.execute("pragma platform").fetchall()
    place = folder / f"v{duckdb.__version__}" / platform
    place.mkdir(parents=True)
    for name, content in files.items():
        (place / f"{name}.duckdb_extension.gz").write_bytes(gzip.compress(content, 0))
    port = free_port()
    serving = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(serving, cwd=folder, stdout=log, stderr=log)
    try:
        wait_until(lambda: _listens(port), "the mirror listens")
        yield f"http://127.0.0.1:{port}"
    finally:
        kill(process)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
