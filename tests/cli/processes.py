"""Runs the command as a process of its own and reads what it says while it runs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

LOOPBACK = "127.0.0.1"
PATIENCE_S = 300.0
"""How long is waited for what takes a second or two on a machine that is not overloaded."""


class Command:
    """`spanledger ARGUMENTS` at work, its output in files."""

    def __init__(self, arguments: tuple[str, ...], folder: Path, **environment: str) -> None:
        self._out = folder / "stdout.txt"
        self._err = folder / "stderr.txt"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "spanledger", *arguments],
                cwd=folder,
                stdout=out,
                stderr=err,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
            )

    @property
    def stdout(self) -> str:
        """What it has written so far."""
        return self._out.read_text(encoding="utf-8")

    @property
    def stderr(self) -> str:
        """What it has told so far."""
        return self._err.read_text(encoding="utf-8")

    def says(self, word: str, timeout_s: float = PATIENCE_S) -> bool:
        """Wait until the word is in its output."""
        return eventually(
            lambda: word in self.stdout + self.stderr or self.process.poll() is not None, timeout_s
        ) and (word in self.stdout + self.stderr)

    def children(self) -> list[psutil.Process]:
        """The processes that it has started."""
        return list(psutil.Process(self.process.pid).children(recursive=True))

    def ends(self, timeout_s: float = PATIENCE_S) -> int:
        """Wait for the end and tell the exit code."""
        return self.process.wait(timeout_s)


@contextmanager
def running(folder: Path, *arguments: str, **environment: str) -> Iterator[Command]:
    """Run `spanledger ARGUMENTS` in a folder; whatever is left of it at the end is killed."""
    command = Command(arguments, folder, **environment)
    try:
        yield command
    finally:
        if command.process.poll() is None:
            for process in [*command.children(), psutil.Process(command.process.pid)]:
                process.kill()
            command.process.wait()


def eventually(claim: Callable[[], bool], timeout_s: float = PATIENCE_S) -> bool:
    """Whether a claim about other processes comes true in time."""
    deadline = time.monotonic() + timeout_s
    while not claim():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def lives(process: psutil.Process) -> bool:
    """Whether a process runs, and is not merely waiting to be buried."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
