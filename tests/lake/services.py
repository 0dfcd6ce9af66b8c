"""What a lake stands on, as processes of this machine: PostgreSQL, and a gateway that speaks S3."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from spanledger_collector import ports

DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
PATIENCE_S = 120.0


def postgres_programs() -> Path | None:
    """Where initdb and postgres are."""
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else (DEBIAN[-1] if DEBIAN else None)


class Postgres:
    """A cluster of its own in a folder, run as a user that PostgreSQL accepts.

    Args:
        folder: the folder, which must not be there yet.
        settings: what is not as usual, such as `fsync=off`.
    """

    def __init__(self, folder: Path, *settings: str) -> None:
        programs = postgres_programs()
        assert programs is not None
        self._programs = programs
        self._folder = folder
        self._settings = [word for setting in settings for word in ("-c", setting)]
        self._user = "postgres" if os.getuid() == 0 else None
        folder.mkdir(parents=True)
        if self._user is not None:
            shutil.chown(folder, self._user)
        self.port = free_port()
        self._data = folder / "data"
        self._run("initdb", "-D", str(self._data), "-A", "trust", "-U", "spanledger", "-N")
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self._folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self._as_user(
                    str(self._programs / "postgres"),
                    *("-D", str(self._data), "-p", str(self.port), "-k", str(self._folder)),
                    *("-c", "listen_addresses=", *self._settings),
                ),
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd="/",
            )
        wait_until(self._answers, "PostgreSQL answers")

    def restart_immediately(self) -> None:
        """Let it crash as `pg_ctl -m immediate` would, and start it again."""
        self.stop(signal.SIGQUIT)
        self.start()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it."""
        if self.process is not None and self.process.poll() is None:
            postmaster = int((self._data / "postmaster.pid").read_text().split()[0])
            os.kill(postmaster, how)
            self.process.wait(120)

    def target(self, database: str) -> str:
        """How libpq connects to a database."""
        return f"host={self._folder} port={self.port} user=spanledger dbname={database}"

    def create(self, database: str) -> str:
        """Make a database, and say how libpq connects to it."""
        self.ask("postgres", f'create database "{database}"')
        return self.target(database)

    def ask(self, database: str, sql: str) -> list[tuple[object, ...]]:
        """Run one statement."""
        with psycopg.connect(self.target(database), autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def _answers(self) -> bool:
        try:
            self.ask("postgres", "select 1")
        except psycopg.Error:
            return False
        return True

    def _as_user(self, *command: str) -> list[str]:
        if self._user is None:
            return list(command)
        return ["runuser", "-u", self._user, "--", *command]

    def _run(self, program: str, *arguments: str) -> None:
        command = self._as_user(str(self._programs / program), *arguments)
        subprocess.run(command, check=True, capture_output=True, cwd="/")


@contextmanager
def postgres(folder: Path, *settings: str) -> Iterator[Postgres]:
    """Run a cluster."""
    cluster = Postgres(folder, *settings)
    try:
        yield cluster
    finally:
        cluster.stop()


def free_port() -> int:
    """A port that nothing listens on at the moment."""
    return ports.free_port("127.0.0.1")


def wait_until(condition: object, what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait for something, for as long as a busy machine may need."""
    assert callable(condition)
    deadline = time.monotonic() + patience_s
    pause_s = 0.02
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience_s:g} s: {what}")
        time.sleep(pause_s)
        pause_s = min(1.5 * pause_s, 0.5)  # to ask a collector takes it some time


def kill(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
    """Kill -9."""
    with suppress(ProcessLookupError):
        process.kill()
    process.wait()
