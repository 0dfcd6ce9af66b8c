"""One part as a child process: its output, its health, its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import httpx2 as httpx

from spanledger_collector.cli.console import say

_LAST_LINES = 12


class PartFailed(Exception):
    """A part did not start or stopped by itself; the message says which and why."""


@dataclass(frozen=True)
class Part:
    """What it takes to run one part."""

    name: str
    module: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    health_url: str


class Child:
    """One part as a running process, with its latest output."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.echo = False
        self._lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "spanledger_collector.cli.child", part.module, *part.arguments],
            env={**_neutral_environment(), "PYTHONUNBUFFERED": "1", **part.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            # Ctrl-C goes to the supervisor alone, which then stops all parts in its own way.
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name=part.name, daemon=True)
        self._reader.start()

    def is_ready(self, client: httpx.Client) -> bool:
        """Whether the part answers its health check."""
        try:
            return client.get(self.part.health_url).is_success
        except httpx.HTTPError:
            return False

    def demand_alive(self) -> None:
        """Raise PartFailed with the last lines of output when the process has ended."""
        code = self._process.poll()
        if code is None:
            return
        self._reader.join(timeout=1.0)
        raise PartFailed(f"The {self.part.name} stopped{_by(code)}. {self._last_words()}")

    def too_late(self, timeout_s: float) -> PartFailed:
        """The error for a part that lives but does not answer."""
        return PartFailed(
            f"The {self.part.name} did not answer {self.part.health_url} within"
            f" {timeout_s:.0f} s. {self._last_words()}"
        )

    def terminate(self) -> None:
        """Ask the part to stop."""
        self._process.terminate()

    def wait_or_kill(self, deadline: float) -> None:
        """Wait for the end until the deadline (monotonic), then kill."""
        try:
            self._process.wait(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            say(f"The {self.part.name} does not stop; killing it.", "yellow")
            self.kill()
            self._process.wait()
        self._reader.join(timeout=1.0)
        if self._process.stdin is not None:
            self._process.stdin.close()

    def kill(self) -> None:
        """End the part at once; safe in a signal handler, so it does not wait."""
        self._process.kill()

    def _last_words(self) -> str:
        said = "\n".join(f"  {line}" for line in self._lines)
        return f"Its last words:\n{said}" if said else "It said nothing."

    def _read(self) -> None:
        with self._process.stdout or nullcontext(()) as lines:
            for line in lines:
                text = line.rstrip()
                self._lines.append(text)
                if self.echo:
                    say(f"{self.part.name:>9} | {text}", "dim")


def _neutral_environment() -> dict[str, str]:
    """Ours without settings: a part's own environment states all of them."""
    return {
        name: value
        for name, value in os.environ.items()
        if not (name.startswith("SPANLEDGER_") and "__" in name)
    }


def _by(code: int) -> str:
    if code >= 0:
        return f" with exit code {code}"
    return f" by {signal.Signals(-code).name}"
