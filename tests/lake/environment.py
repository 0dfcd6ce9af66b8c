"""The environment of its own in which a collector with a lake runs, and such collectors."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from tests.lake.services import free_port, kill, postgres_programs, wait_until

ROOT = Path(__file__).parents[2]
PARTS = ("instrumentation", "collector", "dashboard")


@cache
def lake_python() -> str:
    """The Python of the environment that `.ci/lake` makes; without it the test is skipped."""
    if postgres_programs() is None:
        pytest.skip("there is no PostgreSQL on this machine (Debian: postgresql)")
    found = subprocess.run(
        [ROOT / ".ci" / "lake", "--there"], capture_output=True, text=True, check=False
    )
    if found.returncode != 0:
        pytest.skip(f"the lake's environment: {found.stderr.strip()}")
    return found.stdout.strip()


def lake_variables() -> dict[str, str]:
    """The environment of a process that runs this checkout there."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SPANLEDGER_")}
    return {**ours, "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in (*PARTS, "."))}


class LakeCollector:
    """One collector of several, as a process that can be killed and started again."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._settings = {
            **settings,
            "SPANLEDGER_COLLECTOR__PORT": str(self.port),
            "SPANLEDGER_COLLECTOR__GRPC_PORT": "off",
            "SPANLEDGER_STORE__PATH": str(folder),
        }
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "log"
        self.start()

    def start(self) -> None:
        """Start it, again if it ends at once, and wait until it takes calls in."""
        for _ in range(5):
            self._start()
            if self.process.poll() is None:
                return
        raise AssertionError(self.log.read_text())

    def revive(self) -> None:
        """Start it if it ended, as a service manager would; a crash of PostgreSQL can end it."""
        if self.process.poll() is not None:
            self.start()

    def _start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [lake_python(), "-m", "spanledger", "collector", "--config", os.devnull],
                env={**lake_variables(), **self._settings},
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        listens = f"listens on {self.url}"
        wait_until(lambda: self._said(listens) or self.process.poll() is not None, listens, 120)

    def maintains(self) -> bool:
        """Whether it said last that it maintains the lake, and still lives."""
        if self.process.poll() is not None:
            return False
        words = "this collector maintains the lake", "upkeep of the lake failed"
        elected, gave_up = map(self.log.read_text().rfind, words)
        return elected > gave_up

    def kill(self) -> None:
        """Kill -9, and start its log anew."""
        kill(self.process)
        self.log.write_text("")

    def stop(self) -> None:
        """Stop it as a service manager would."""
        self.process.terminate()
        try:
            self.process.wait(120)
        finally:
            kill(self.process)

    def _said(self, words: str) -> bool:
        return self.log.exists() and words in self.log.read_text()


@contextmanager
def lake_collectors(
    folder: Path, count: int, settings: Mapping[str, str]
) -> Iterator[list[LakeCollector]]:
    """Run some collectors of one lake."""
    collectors: list[LakeCollector] = []
    try:
        collectors.extend(
            LakeCollector(folder / f"collector-{number}", settings) for number in range(count)
        )
        yield collectors
    finally:
        for collector in collectors:
            kill(collector.process)
