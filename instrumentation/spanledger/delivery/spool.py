"""The buffer on disk: what is in it outlives the process, and the next one delivers it."""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from typing import NamedTuple

from .folder import Folder
from .record import Record
from .segment import Reading, Segment
from .settings import SpoolSettings
from .store import MAX_BATCH, Batch, MemoryStore
from .tally import Tally


class _OnItsWay(NamedTuple):
    folder: Folder
    segment: Segment
    reading: Reading


class Spool:
    """A folder of our own and those of dead processes; memory takes what the disk refuses."""

    def __init__(self, settings: SpoolSettings, tally: Tally) -> None:
        self._memory = MemoryStore(tally)
        self._settings = settings
        self._tally = tally
        self._lock = threading.RLock()
        self._own: Folder | None = None
        self._adopted: list[Folder] = []
        self._others_bytes = 0
        self._spooled = 0
        self._on_its_way: _OnItsWay | None = None

    @property
    def spare(self) -> MemoryStore:
        """What the disk refused."""
        return self._memory

    def append(self, record: Record) -> None:
        """Write a record; it is safe from a kill when this returns."""
        with self._lock:
            try:
                self._write(record)
            except OSError:
                self._tally.fail_to_spool()
                self._memory.append(record)
            else:
                self._make_room()

    def _write(self, record: Record) -> None:
        if self._own is not None and self._own.empty and not self._own.path.is_dir():
            self._own.abandon()  # somebody emptied the spool
            self._own = None
        if self._own is None:
            self._own = Folder.create(self._settings.root)
            self._measure_others()
        self._own.append(record, self._settings.segment_bytes)
        self._spooled += record.spans

    def take(self) -> Batch | None:
        """What had to stay in memory, then our own records, then those of the dead."""
        with self._lock:
            self._on_its_way = None
            batch = self._memory.take()
            if batch is None and self._own is not None:
                batch = self._take_from(self._own)
            while batch is None and self._adopted:
                batch = self._take_from(self._adopted[0])
                if batch is None:
                    self._adopted.pop(0).close()
            return batch

    def done(self) -> None:
        """The batch on its way need not be kept any longer."""
        with self._lock:
            self._memory.done()
            way, self._on_its_way = self._on_its_way, None
            if way is not None:
                self._settle(way)

    def back(self) -> None:
        """The batch on its way is the oldest again."""
        with self._lock:
            self._memory.back()
            self._on_its_way = None

    def sync(self) -> None:
        """Make what was written safe from a power failure, too."""
        with self._lock, suppress(OSError):
            if self._own is not None:
                self._own.sync()

    def adopt(self) -> None:
        """Take over the folders of processes that are gone; each can be taken by one only."""
        with self._lock, suppress(OSError):
            held = {folder.path for folder in self._folders()}
            for path in sorted(self._settings.root.iterdir()):
                if path in held or path.name.startswith("."):
                    continue
                with suppress(OSError):  # it may vanish: another process adopts and delivers, too
                    folder = Folder.adopt(path)
                    if folder is not None:
                        self._adopted.append(folder)
            self._measure_others()

    def spooled(self) -> int:
        """Spans of this process that are on disk; never waits for one."""
        return self._spooled

    @property
    def has_adopted(self) -> bool:
        """Whether records of dead processes wait."""
        return bool(self._adopted)

    def tidy(self) -> None:
        """Remove our folder if nothing waits in it."""
        with self._lock:
            if self._own is not None and self._own.empty:
                self._own.close()
                self._own = None

    def close(self) -> None:
        """Give the folders up, for others to adopt."""
        with self._lock:
            for folder in self._folders():
                with suppress(OSError):
                    folder.sync()
                folder.close()
            self._own, self._adopted, self._on_its_way = None, [], None
            self._spooled = 0

    def abandon(self) -> None:
        """Let go of files that belong to the process that forked this one."""
        for folder in self._folders():
            folder.abandon()

    def _take_from(self, folder: Folder) -> Batch | None:
        while folder.segments:
            segment = folder.segments[0]
            if segment.exhausted and segment.writable:
                return None
            reading = segment.read(MAX_BATCH)
            way = _OnItsWay(folder, segment, reading)
            if reading.records:
                self._on_its_way = way
                return Batch(tuple(reading.records), folder is self._own)
            self._settle(way)
        return None

    def _settle(self, way: _OnItsWay) -> None:
        folder, segment, reading = way
        segment.advance(reading.end)
        if folder is self._own:
            settled = sum(record.spans for record in reading.records)
            segment.spans -= settled
            self._spooled -= settled
        elif reading.damaged:
            self._tally.drop(reading.damaged, own=False)
        if segment.exhausted:
            self._lose(folder, segment)

    def _lose(self, folder: Folder, segment: Segment) -> None:
        """Whatever of ours is still in a segment is lost; it goes unless it is appended to."""
        if segment.spans:
            self._tally.drop(segment.spans)
            self._spooled -= segment.spans
            segment.spans = 0
        if not (segment.writable and segment.exhausted):
            folder.remove(segment)

    def _make_room(self) -> None:
        used = self._others_bytes + sum(folder.size for folder in self._folders())
        for folder in self._folders():
            for segment in list(folder.segments):
                busy = self._on_its_way is not None and segment is self._on_its_way.segment
                if used > self._settings.max_bytes and not busy:
                    used -= segment.size
                    self._drop(folder, segment)

    def _drop(self, folder: Folder, segment: Segment) -> None:
        if folder is not self._own:
            left = segment.read(sys.maxsize)
            lost = sum(record.spans for record in left.records) + left.damaged
            self._tally.drop(lost, own=False)
        self._lose(folder, segment)

    def _folders(self) -> list[Folder]:
        """The oldest first."""
        return [*self._adopted, *([self._own] if self._own is not None else [])]

    def _measure_others(self) -> None:
        held = {folder.path for folder in self._folders()}
        self._others_bytes = 0
        for file in self._settings.root.glob("*/*.seg"):
            with suppress(OSError):  # delivered and deleted meanwhile
                self._others_bytes += file.stat().st_size if file.parent not in held else 0
