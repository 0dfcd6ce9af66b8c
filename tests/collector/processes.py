"""The collector as users start it: a process of its own, of which one sees memory and log."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

from spanledger_collector.server import RunningCollector

MIB = 1 << 20


class Started(NamedTuple):
    """A collector that runs in another process."""

    process: subprocess.Popen[str]
    running: RunningCollector
    log: list[str]
    """What it wrote so far; all of it once it has ended."""
    reader: threading.Thread

    def peak_bytes(self) -> int:
        """The most memory that it ever had resident."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1024

    def resident_bytes(self) -> int:
        """The memory that it has resident now."""
        size: int = psutil.Process(self.process.pid).memory_info().rss
        return size

    def end(self) -> int:
        """Stop it as a service manager would; returns its exit code."""
        self.process.terminate()
        code = self.process.wait(300)
        self.reader.join()
        return code


@contextmanager
def started(folder: Path, **variables: str) -> Iterator[Started]:
    """Run `spanledger collector` on free ports with these settings of `[collector]`."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SPANLEDGER_")}
    settings = {"PORT": "0", **variables}
    process = subprocess.Popen(
        [sys.executable, "-m", "spanledger", "collector", "--config", os.devnull],
        env={
            **ours,
            "SPANLEDGER_STORE__PATH": str(folder),
            **{f"SPANLEDGER_COLLECTOR__{name.upper()}": text for name, text in settings.items()},
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    log: list[str] = []
    up = threading.Event()
    reader = threading.Thread(target=_read, args=(process, log, up))
    reader.start()
    try:
        assert up.wait(300), log
        running = RunningCollector(
            _found(log, r"(https?://[^\s\"]+)"), process.terminate, _grpc(log)
        )
        yield Started(process, running, log, reader)
    finally:
        process.kill()
        process.wait()
        reader.join()


def _read(process: subprocess.Popen[str], log: list[str], up: threading.Event) -> None:
    assert process.stderr is not None
    with process.stderr as lines:
        for line in lines:
            log.append(line.rstrip("\n"))
            if "the collector listens on" in line:
                up.set()
    up.set()


def _grpc(log: list[str]) -> str:
    return _found(log, r"taken in on ([\w.:\[\]]+)")


def _found(log: list[str], pattern: str) -> str:
    found = re.search(pattern, "\n".join(log))
    assert found is not None, log
    return found[1]
