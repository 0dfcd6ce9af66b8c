"""What is looked at now and then, by whichever thread comes by: what waits, and what there is."""

from __future__ import annotations

import threading
import time
from typing import Final

import duckdb
import psycopg

from spanledger_collector.store.lake.dialect import LAKE
from spanledger_collector.store.lake.election import Session
from spanledger_collector.store.lake.inbox import Inbox

__all__ = ["Watching"]

LOOK_EVERY_S: Final = 5.0
_SIZE: Final = f"select coalesce(sum(file_size_bytes), 0) from ducklake_table_info('{LAKE}')"


class Watching:
    """Looks from a session of its own.

    Args:
        target: how libpq connects.
    """

    def __init__(self, target: str) -> None:
        self._session = Session(target)
        self._inbox = Inbox(self._session)
        self._lock = threading.Lock()
        self._next_look = self._next_size = 0.0
        self._bytes = self._size = 0

    @property
    def bytes_waiting(self) -> int:
        """What waits in the inbox, a few seconds ago."""
        with self._lock:
            if time.monotonic() >= self._next_look:
                self._next_look = time.monotonic() + LOOK_EVERY_S
                try:
                    _, self._bytes = self._inbox.waiting()
                except psycopg.Error:
                    self._session.close()  # appending finds out by itself
            return self._bytes

    def size_of(self, cursor: duckdb.DuckDBPyConnection) -> int:
        """What the lake's files hold, a few seconds ago."""
        with self._lock:
            if time.monotonic() >= self._next_size:
                self._next_size = time.monotonic() + LOOK_EVERY_S
                [[size]] = cursor.execute(_SIZE).fetchall()
                self._size = int(size)
            return self._size

    def close(self) -> None:
        """End the session."""
        self._session.close()
