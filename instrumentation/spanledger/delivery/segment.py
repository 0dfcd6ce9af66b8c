"""One file of the spool: appended to by its owner, read from the front, deleted when read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from .frames import frame, frames
from .record import Record

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)


class Reading(NamedTuple):
    """Records from the front of a segment."""

    records: list[Record]
    damaged: int
    """Stretches before the end that hold no record that can be believed."""
    end: int


class Segment:
    """A file of frames; `offset` is how far it has been delivered."""

    def __init__(self, path: Path, descriptor: int | None = None) -> None:
        self.path = path
        self.size = 0 if descriptor is not None else path.stat().st_size
        self.offset = 0
        self.spans = 0
        """Spans that this process wrote and that are not settled."""
        self._descriptor = descriptor
        self._unsynced = False

    @classmethod
    def create(cls, path: Path) -> Segment:
        """Make an empty segment to append to."""
        return cls(path, os.open(path, _NEW, 0o600))

    @property
    def writable(self) -> bool:
        """Whether it is the newest of a living process."""
        return self._descriptor is not None

    @property
    def exhausted(self) -> bool:
        """Whether everything in it has been delivered."""
        return self.offset >= self.size

    def append(self, record: Record) -> None:
        """Write a record whole, or leave the file as it was and raise `OSError`."""
        assert self._descriptor is not None
        data = memoryview(frame(record))
        length = len(data)
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            self._cut()
            raise
        self.size += length
        self.spans += record.spans
        self._unsynced = True

    def read(self, most_spans: int) -> Reading:
        """Read records from the front, up to so many spans but at least one record."""
        data = self._unread()
        records: list[Record] = []
        damaged = spans = end = 0
        for found in frames(data):
            if found.record is None:
                damaged += 1
            elif records and spans + found.record.spans > most_spans:
                break
            else:
                records.append(found.record)
                spans += found.record.spans
            end = found.end
        return Reading(records, damaged, self.offset + end)

    def advance(self, end: int) -> None:
        """Everything before `end` is settled. What is all settled takes no room on the disk."""
        self.offset = end
        if self.exhausted and self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            self.offset = self.size = 0

    def _unread(self) -> bytes:
        try:
            with self.path.open("rb") as file:
                file.seek(self.offset)
                return file.read(self.size - self.offset)
        except FileNotFoundError:  # somebody emptied the spool
            self.offset = self.size
            return b""

    def _cut(self) -> None:
        """Take back a record of which only a part was written, or write no more behind it."""
        assert self._descriptor is not None
        try:
            os.ftruncate(self._descriptor, self.size)
        except OSError:
            self.seal()

    def sync(self) -> None:
        """Ask the disk to have what was written, should the power fail."""
        if self._unsynced and self._descriptor is not None:
            self._unsynced = False
            os.fsync(self._descriptor)

    def seal(self) -> None:
        """Append no more."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def delete(self) -> None:
        """Remove the file."""
        self.seal()
        self.path.unlink(missing_ok=True)
