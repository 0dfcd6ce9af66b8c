"""What may be set about delivery, and how patient it is; reads the environment, nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from .._version import __version__

DEFAULT_SPOOL_BYTES = 512 * 2**20


class Target(NamedTuple):
    """Where batches go."""

    url: str
    token: str | None

    @property
    def headers(self) -> dict[str, str]:
        """The headers of an export request."""
        headers = {
            "Content-Type": "application/x-protobuf",
            "Content-Encoding": "gzip",
            "User-Agent": f"spanledger/{__version__}",
        }
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return headers


class SpoolSettings(NamedTuple):
    """The buffer on disk."""

    root: Path
    max_bytes: int = DEFAULT_SPOOL_BYTES

    @property
    def segment_bytes(self) -> int:
        """How large a file grows: small beside the cap, which drops whole files."""
        return max(1, min(4 * 2**20, self.max_bytes // 8))


class Pace(NamedTuple):
    """How long things take, in seconds."""

    interval: float = 0.5
    timeout: float = 10.0
    max_backoff: float = 30.0
    max_retry_after: float = 300.0
    exit_timeout: float = 5.0


def spool_from_environment(folder: str | os.PathLike[str] | None) -> SpoolSettings | None:
    """The spool that an argument or else the environment asks for; None keeps spans in memory."""
    root = folder if folder is not None else os.environ.get("SPANLEDGER_SPOOL_DIR")
    if not root:
        return None
    max_bytes = _number("SPANLEDGER_SPOOL_MAX_BYTES", DEFAULT_SPOOL_BYTES)
    return SpoolSettings(Path(root).absolute(), int(max_bytes))


def pace_from_environment() -> Pace:
    """The usual pace, with the exit timeout that the environment asks for."""
    return Pace(exit_timeout=_number("SPANLEDGER_EXIT_TIMEOUT", Pace().exit_timeout))


def flushes_on_sigterm() -> bool:
    """Whether a SIGTERM that would end the process waits for delivery first."""
    return os.environ.get("SPANLEDGER_FLUSH_ON_SIGTERM", "").lower() not in {"false", "0", "no"}


def _number(name: str, default: float) -> float:
    """A setting that makes no sense must not stop a service from starting."""
    try:
        given = float(os.environ.get(name, ""))
    except ValueError:
        return default
    return given if 0 <= given < float("inf") else default
