"""Telling the living from the dead: a lock that the operating system frees with its process."""

from __future__ import annotations

import os
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # there is no flock to import

_OPEN = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


def lock(path: Path) -> int | None:
    """Lock a file for as long as the returned descriptor is open; None when another has it."""
    descriptor = os.open(path, _OPEN, 0o600)
    if fcntl is not None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return None
    return descriptor


def can_tell() -> bool:
    """Whether this platform can tell that a process is gone."""
    return fcntl is not None


def is_ours(path: Path) -> bool:
    """Whether a folder belongs to our user: nobody else may have us deliver spans of theirs."""
    return not hasattr(os, "getuid") or path.lstat().st_uid == os.getuid()
