"""What collectors have acknowledged and the maintainer has not yet taken in; a table in PostgreSQL.

One commit of PostgreSQL makes a batch durable, in milliseconds and without a file on S3. Batches
are Arrow streams, compressed: PostgreSQL never looks into them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa

from spanledger_collector.rows import Rows
from spanledger_collector.store.columns import batch_of
from spanledger_collector.store.lake.election import OPENING, Session
from spanledger_collector.store.protocol import Batch

if TYPE_CHECKING:
    from typing_extensions import LiteralString

__all__ = ["Arrival", "Inbox"]

_KINDS: Final = ("calls", "spans", "quarantine", "points")
_CREATE: Final = """
    create schema if not exists spanledger;
    create table if not exists spanledger.inbox (
        id bigint generated always as identity primary key,
        received_at timestamp not null default (clock_timestamp() at time zone 'UTC'),
        calls bytea, spans bytea, quarantine bytea, points bytea,
        bytes bigint not null,
        refused text
    );
    alter table spanledger.inbox
        alter column calls set storage external, alter column spans set storage external,
        alter column quarantine set storage external, alter column points set storage external;
    alter table spanledger.inbox set (
        autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
        toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 5000
    );
"""
_PUT: Final = """
    insert into spanledger.inbox (calls, spans, quarantine, points, bytes)
    values (%b, %b, %b, %b, %s) returning id
"""
_TAKE: Final = """
    select id, received_at, calls, spans, quarantine, points
    from (
        select *, sum(bytes) over (order by id) - bytes as before
        from spanledger.inbox
        where refused is null
        order by id
        limit 2000
    ) as waiting
    where before < %s
    order by id
"""
_OPTIONS = pa.ipc.IpcWriteOptions(compression="zstd")


class Arrival(NamedTuple):
    """A batch that waits."""

    id: int
    received_at: datetime
    batch: Batch


class Inbox:
    """The inbox, as one session sees it.

    Args:
        session: a session of its own.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(self) -> None:
        """Make the table where it is missing."""
        with self._session.turn(OPENING):
            self._session.connection.execute(_CREATE)

    def put(self, batches: Sequence[Batch]) -> int:
        """Commit batches as one arrival, and give its number.

        Raises:
            psycopg.Error: it may or may not be committed.
        """
        packed = [_packed([getattr(batch, kind) for batch in batches]) for kind in _KINDS]
        size = sum(len(each) for each in packed if each is not None)
        row = self._session.connection.execute(_PUT, (*packed, size)).fetchone()
        assert row is not None  # `returning` gives one
        return int(row[0])

    def take(self, max_bytes: int) -> list[Arrival]:
        """Read what has waited longest, and leave it there."""
        rows = self._session.connection.execute(_TAKE, (max_bytes,), binary=True).fetchall()
        return [Arrival(row[0], row[1], _unpacked(row[2:])) for row in rows]

    def forget(self, ids: Sequence[int]) -> None:
        """Let go of what was taken in."""
        if ids:
            self._session.connection.execute(
                "delete from spanledger.inbox where id = any(%s)", (list(ids),)
            )

    def refuse(self, arrival: int, reason: str) -> None:
        """Set an arrival aside that the lake will never take; it is kept."""
        self._session.connection.execute(
            "update spanledger.inbox set refused = %s where id = %s", (reason[:4000], arrival)
        )

    def waiting(self) -> tuple[int, int]:
        """How many arrivals wait, and their bytes."""
        row = self._session.connection.execute(
            "select count(*), coalesce(sum(bytes), 0) from spanledger.inbox where refused is null"
        ).fetchone()
        assert row is not None  # an aggregate always has a row
        return int(row[0]), int(row[1])

    def newest(self) -> int:
        """The number of the latest arrival that waits; 0 if none does."""
        return self._count("select coalesce(max(id), 0) from spanledger.inbox")

    def waiting_up_to(self, arrival: int) -> int:
        """How many arrivals wait that came no later than one."""
        counting = "select count(*) from spanledger.inbox where refused is null and id <= %s"
        return self._count(counting, arrival)

    def refused(self) -> int:
        """How many arrivals are set aside."""
        return self._count("select count(*) from spanledger.inbox where refused is not null")

    def _count(self, sql: LiteralString, *parameters: int) -> int:
        row = self._session.connection.execute(sql, parameters).fetchone()
        assert row is not None  # an aggregate always has a row
        return int(row[0])

    def close(self) -> None:
        """End the session."""
        self._session.close()


def _packed(tables: Sequence[pa.Table]) -> bytes | None:
    """Rows of one kind as an Arrow stream; nothing when there are none."""
    rows = pa.concat_tables(tables).combine_chunks()
    if not rows.num_rows:
        return None
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema, options=_OPTIONS) as stream:
        stream.write_table(rows)
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


def _unpacked(columns: Sequence[bytes | None]) -> Batch:
    tables = [
        _EMPTY[kind] if packed is None else pa.ipc.open_stream(packed).read_all()
        for kind, packed in zip(_KINDS, columns, strict=True)
    ]
    calls, spans, quarantine, points = tables
    size = sum(len(packed) for packed in columns if packed is not None)
    return Batch(calls, spans, quarantine, points, size)


def _empty() -> dict[str, pa.Table]:
    batch = batch_of(Rows.none())
    return {kind: getattr(batch, kind) for kind in _KINDS}


_EMPTY: Final = _empty()
