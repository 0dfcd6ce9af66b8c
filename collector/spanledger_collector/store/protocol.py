"""What the collector asks of a store, whichever database stands behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, Protocol

import pyarrow as pa

__all__ = [
    "AlertNotes",
    "Answer",
    "Appended",
    "Backup",
    "Batch",
    "Running",
    "Store",
    "StoreState",
]


class Batch(NamedTuple):
    """One request's rows as columns, ready to be stored."""

    calls: pa.Table
    spans: pa.Table
    quarantine: pa.Table
    points: pa.Table
    size: int
    """Bytes, by which the writer's queue is bounded."""


class Appended(NamedTuple):
    """What one commit added."""

    batch_id: int
    calls: int
    """Reports of calls that count."""
    spans: int
    quarantined: int
    duplicates: int
    """Reports of calls that do not count, because another one does or did already."""
    kept: int = 0
    """Those of the duplicates that were not delivered before: they are kept beside the call."""
    superseded: int = 0
    """Calls that counted before and no longer do, because a better report came."""
    points: int = 0


class Answer(NamedTuple):
    """A query's rows, and whether there were more than asked for."""

    table: pa.Table
    truncated: bool


class StoreState(NamedTuple):
    """What a store says about itself."""

    schema_version: int
    newest_batch: int
    database_bytes: int
    free_bytes: int | None = None
    """Room on the disk that holds it; None where that means nothing."""
    calls_keep_days: int | None = None
    spans_keep_days: int | None = None
    alerts_keep_days: int | None = None


class Backup(NamedTuple):
    """What a ledger holds, in a few numbers by which a copy can be compared with it."""

    schema_version: int
    newest_batch: int
    calls: int
    spans: int
    cost_usd: Decimal
    cost_usd_by_hour: Decimal


class AlertNotes(NamedTuple):
    """What one judgement, or a person, changed about alerts."""

    alerts: pa.Table
    """Rows of `alerts`, each with the revision that it is `based_on`."""
    events: pa.Table
    sends: pa.Table


class Running(Protocol):
    """A query that can be run once, and stopped from another thread."""

    def run(self, sql: str, parameters: Mapping[str, object], max_rows: int) -> Answer:
        """Run it; `$watermark` is bound to the rollup's watermark of the same snapshot.

        Raises:
            QueryStopped: `stop` was called.
            StoreUnavailable: the database does not answer.
        """

    def stop(self) -> None:
        """Interrupt it, from any thread."""


class Store(Protocol):
    """A ledger that commits batches exactly once and answers queries meanwhile.

    Appending, rolling up, packing, probing and reopening belong to one thread; `query` and `state`
    may be called from any.
    """

    @property
    def folder(self) -> Path:
        """Where its files are, and where others may lie for a moment."""

    @property
    def leads(self) -> bool:
        """Whether this process does what one alone may do, such as judging alerts."""

    def append(self, batches: Sequence[Batch]) -> Appended:
        """Commit batches durably, all or none, leaving out what is already there.

        Raises:
            BadBatch: the database refuses the rows themselves.
            StoreUnavailable: it cannot commit now.
        """

    def roll_up(self) -> bool:
        """Count the newly committed calls into the hourly rollup; False when there were none."""

    def catch_up(self) -> bool:
        """Let the rollups that follow a while after count on for a moment; True if more is due."""

    def pack(self) -> int:
        """Add up the partial rows of hours that have many; say how many hours that were."""

    def reprice(self, calls: pa.Table, entry: pa.Table) -> None:
        """Give calls other costs, count their hours again and note it, all or nothing.

        Args:
            calls: the columns that `reprice_amounts.sql` and `reprice_reasons.sql` set, and
                `start_time`.
            entry: the row of `reprices`.

        Raises:
            StoreUnavailable: it cannot commit now.
        """

    def note_alerts(self, notes: AlertNotes, hour: datetime | None = None) -> frozenset[str]:
        """Enter alerts with their events and messages, all or nothing.

        An alert that somebody changed since it was read is left as it is, with all that goes with
        it; the ids of those are returned.

        Args:
            notes: what changed.
            hour: the hour in which somebody judged.

        Raises:
            StoreUnavailable: it cannot commit now.
        """

    def lease_sends(self, now: datetime, until: datetime, holder: str, most: int) -> pa.Table:
        """Give out messages that are due, which nobody else is given before `until`.

        Raises:
            StoreUnavailable: it cannot commit now.
        """

    def release_sends(self, now: datetime) -> None:
        """At a start: let messages be given out at once whose holder is known to be gone.

        Raises:
            StoreUnavailable: it cannot commit now.
        """

    def settle_sends(self, settled: pa.Table) -> None:
        """Note what came of messages that were given out.

        Raises:
            StoreUnavailable: it cannot commit now.
        """

    def tidy(self) -> bool:
        """Let go of a day of what has been kept long enough; True if more is due."""

    def probe(self) -> None:
        """Commit something.

        Raises:
            StoreUnavailable: it cannot.
        """

    def reopen(self) -> None:
        """Close and open the database, which is what it needs after a fatal error.

        Raises:
            StoreError: it cannot be opened.
        """

    def back_up(self, target: Path) -> Backup:
        """Write all that is committed now into a new file, and check it; from any thread.

        Raises:
            StoreUnavailable: it could not be written, or does not hold what the ledger does.
        """

    def export(
        self,
        sql: str,
        parameters: Mapping[str, object],
        columns: Sequence[str],
        *,
        as_text: bool,
    ) -> Iterator[pa.RecordBatch]:
        """Run a query and yield its rows, however many, in batches of which there is at least one.

        Args:
            sql: the query.
            parameters: what it binds.
            columns: those of its columns that are wanted, all when there are none.
            as_text: every cell as the text that stands in a CSV file.

        Raises:
            NoSuchColumn: the query has no such column.
            StoreUnavailable: the database does not answer, or no longer.
        """

    def query(self) -> Running:
        """Prepare to answer one query."""

    def state(self) -> StoreState:
        """Say where the store stands."""

    def close(self) -> None:
        """Write everything into the database file and let go of it."""
