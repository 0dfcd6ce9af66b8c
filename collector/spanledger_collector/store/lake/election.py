"""Who maintains the lake: PostgreSQL's advisory locks, which go when their session does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final

import psycopg

__all__ = ["MAINTAINER", "OPENING", "TURN", "Session"]

_SPACE: Final = 0x5350414E
MAINTAINER: Final = 1
"""Held for as long as a collector is the one that maintains."""
TURN: Final = 2
"""Held during each change to the lake's tables, so that repricing and upkeep take turns."""
OPENING: Final = 3
"""Held while tables are made."""
_KEEPALIVES: Final = (10, 5, 3)
"""Seconds of silence, between probes, and how many, until a vanished peer is noticed."""
_SERVER_ALIVE: Final = (
    "set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3"
)


class Session:
    """One session with PostgreSQL, opened when it is first needed and again after it broke.

    Args:
        connection: how libpq connects.
    """

    def __init__(self, connection: str) -> None:
        self._target = connection
        self._connection: psycopg.Connection | None = None

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def connection(self) -> psycopg.Connection:
        """The session's connection; every statement is a transaction of its own."""
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self._target,
                autocommit=True,
                connect_timeout=10,
                application_name="spanledger",
                keepalives_idle=_KEEPALIVES[0],
                keepalives_interval=_KEEPALIVES[1],
                keepalives_count=_KEEPALIVES[2],
            )
            self._connection.execute(_SERVER_ALIVE)
        return self._connection

    def elect(self) -> bool:
        """Become the maintainer, unless another session is."""
        row = self.connection.execute(
            "select pg_try_advisory_lock(%s, %s)", (_SPACE, MAINTAINER)
        ).fetchone()
        return bool(row and row[0])

    @contextmanager
    def turn(self, lock: int = TURN) -> Iterator[None]:
        """Hold a lock meanwhile; should the session break, the lock is gone with it."""
        self.connection.execute("select pg_advisory_lock(%s, %s)", (_SPACE, lock))
        try:
            yield
        finally:
            if self._connection is not None and not self._connection.closed:
                try:
                    self._connection.execute("select pg_advisory_unlock(%s, %s)", (_SPACE, lock))
                except psycopg.Error:
                    self.close()

    def check(self) -> None:
        """Raise if the session broke, and its locks are gone with it.

        Raises:
            psycopg.Error: it did.
        """
        if self._connection is None:
            raise psycopg.OperationalError("the session with PostgreSQL is closed")
        self._connection.execute("select 1")

    def close(self) -> None:
        """End the session, and with it its locks."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
