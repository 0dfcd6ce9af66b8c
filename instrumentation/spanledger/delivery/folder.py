"""The sub-folder of the spool that one process writes: whoever holds its lock owns it."""

from __future__ import annotations

import os
import secrets
from collections import deque
from contextlib import suppress
from pathlib import Path

from .locking import can_tell, is_ours, lock
from .record import Record
from .segment import Segment

_LOCK = "lock"
_SUFFIX = ".seg"


class Folder:
    """Segments in the order of their making."""

    def __init__(self, path: Path, descriptor: int, segments: list[Segment]) -> None:
        self.path = path
        self.segments = deque(segments)
        self._lock: int | None = descriptor
        self._made = 0

    @classmethod
    def create(cls, root: Path) -> Folder:
        """Make a folder of our own; it appears under its name only once it is locked."""
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{os.getpid()}-{secrets.token_hex(4)}"
        unnamed = root / f".{name}"
        unnamed.mkdir(mode=0o700)
        descriptor = lock(unnamed / _LOCK)
        assert descriptor is not None
        return cls(unnamed.rename(root / name), descriptor, [])

    @classmethod
    def adopt(cls, path: Path) -> Folder | None:
        """Take over the folder of a dead process; None when its owner lives or it is not ours."""
        if not can_tell() or not is_ours(path) or not (path / _LOCK).exists():
            return None
        descriptor = lock(path / _LOCK)
        if descriptor is None:
            return None
        return cls(path, descriptor, [Segment(found) for found in sorted(path.glob(f"*{_SUFFIX}"))])

    @property
    def size(self) -> int:
        """Bytes of segments on disk."""
        return sum(segment.size for segment in self.segments)

    @property
    def empty(self) -> bool:
        """Whether everything in it has been delivered."""
        return all(segment.exhausted for segment in self.segments)

    def append(self, record: Record, segment_bytes: int) -> None:
        """Write a record, in a new segment if the newest is full; raises `OSError`."""
        newest = self.segments[-1] if self.segments else None
        if newest is None or not newest.writable or newest.size >= segment_bytes:
            newest = self._roll()
        newest.append(record)

    def _roll(self) -> Segment:
        segment = Segment.create(self.path / f"{self._made + 1:08d}{_SUFFIX}")
        if self.segments:
            self.segments[-1].sync()
            self.segments[-1].seal()
        self.segments.append(segment)
        self._made += 1
        return segment

    def remove(self, segment: Segment) -> None:
        """Delete a segment."""
        self.segments.remove(segment)
        segment.delete()

    def sync(self) -> None:
        """Ask the disk to have everything."""
        if self.segments:
            self.segments[-1].sync()

    def close(self) -> None:
        """Give the folder up: it goes if nothing waits in it, else the next process adopts it."""
        if self.empty:
            with suppress(OSError):
                while self.segments:
                    self.remove(self.segments[0])
                (self.path / _LOCK).unlink(missing_ok=True)
                self.path.rmdir()
        self.abandon()

    def abandon(self) -> None:
        """Close our descriptors. A parent that has them too still holds the lock."""
        for segment in self.segments:
            segment.seal()
        descriptor, self._lock = self._lock, None
        if descriptor is not None:
            os.close(descriptor)
