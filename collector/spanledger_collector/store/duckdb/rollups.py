"""Keep the sums by hour, the latency histograms and the sums by user true to the calls.

Every table holds rows that add up, each with the number of the pass that made it, so that calls are
counted once and never again. `calls_by_hour`, and `totals_by_hour` for questions about one
dimension alone, have counted all calls up to the watermark. The other two would hold nearly a row a
call while they are fresh, so they count a while after, up to the instants in `counted_until`, in
whole hours and days; before those instants they, too, follow the watermark. Whoever calls this has
a transaction open, but for `catch_up` and `pack`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import duckdb

from spanledger_collector.store import sql_files

__all__ = ["Rollups"]

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
SETTLED_AFTER = timedelta(minutes=15)
"""Nearly all calls of an hour have come in this long after its end."""
PACK_AFTER = timedelta(hours=2)
"""An hour is closed, and worth packing, when it ended this long ago."""
OPEN_PASSES = 120
"""Partial rows per group that an hour still open may gather; two minutes of steady traffic."""
PACKED_AT_ONCE = 200
"""Hours packed at once, so that commits never wait long."""
STEP_S = 0.05
"""How long commits may wait for one step of catching up, about."""
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(days=1)


class _Sums(NamedTuple):
    """One table of sums."""

    table: str
    unit: timedelta
    closed_passes: int
    """Partial rows per group that may stay once nothing is expected any more."""
    packed_at_once: int


class _Look(NamedTuple):
    """When was it looked last for something to pack?"""

    newest: int
    closed_before: datetime


HOURS = _Sums("calls_by_hour", HOUR, 1, PACKED_AT_ONCE)
TOTALS = _Sums("totals_by_hour", HOUR, 1, PACKED_AT_ONCE)
LATENCY = _Sums("latency_by_hour", HOUR, 4, PACKED_AT_ONCE // 4)
USERS = _Sums("users_by_day", DAY, 4, 2)
ALL = (HOURS, TOTALS, LATENCY, USERS)


class Rollups:
    """The tables of sums of one database.

    Args:
        connection: the one that writes.
        transaction: runs work in a transaction of its own.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        transaction: Callable[[Callable[[], None]], None],
    ) -> None:
        self._connection = connection
        self._transaction = transaction
        self._looked = {sums.table: _Look(-1, datetime.min) for sums in ALL}
        self._step = {LATENCY.table: HOUR, USERS.table: HOUR}
        self._pieces: dict[str, set[datetime]] = {sums.table: set() for sums in ALL}
        self._week = datetime.min

    def watermark(self) -> int:
        """Say up to which batch calls are counted."""
        [[watermark]] = self._rows("watermark")
        return int(watermark)

    def count(self, newest: int) -> None:
        """Count what came above the watermark, and move it."""
        after = self.watermark()
        self._count(HOURS, newest, after=after)
        self._count(TOTALS, newest, after=after)
        for sums, until in self._followers():
            self._count(sums, newest, after=after, last=until)
        self._run("set_watermark", newest=newest)

    def recount(
        self, hours: Sequence[datetime], newest: int, *, latency_of: Sequence[datetime]
    ) -> None:
        """Count all calls of some hours again from nothing, and the users of their days.

        Everything must be counted up to `newest` before. Hours whose calls are gone stay as they
        are.

        Args:
            hours: the hours.
            newest: the newest batch, which names the pass.
            latency_of: those of them whose histograms changed, too.
        """
        [[kept_from]] = self._rows("kept_from")
        for sums in (HOURS, TOTALS):
            self._replace(sums, [hour for hour in hours if hour >= kept_from], newest)
        for sums, until in self._followers():
            changed = latency_of if sums is LATENCY else [_floor(hour, DAY) for hour in hours]
            self._replace(sums, [each for each in changed if each >= kept_from], newest, last=until)

    def take_back(self, keys: Sequence[str], first: datetime, last: datetime, newest: int) -> None:
        """Take calls out of the sums, before they are replaced; those not counted yet are not in.

        Args:
            keys: their call keys.
            first: not after the first of them.
            last: after the last of them.
            newest: the newest batch, which names the pass.
        """
        watermark = self.watermark()
        behind = [(sums, min(last, end)) for sums, end in self._followers()]
        bounds = [(HOURS, last), (TOTALS, last), *behind]
        for sums, end in bounds:
            self._run(
                f"take_back_{sums.table}",
                first=first,
                last=end,
                watermark=watermark,
                newest=newest,
                keys=list(keys),
            )

    def catch_up(self, now: datetime, newest: int) -> bool:
        """Let the rollups that follow count on for a moment; False when they have caught up."""
        behind = False
        for sums, until in self._followers():
            goal = _floor(now - SETTLED_AFTER, sums.unit)
            deadline = time.monotonic() + STEP_S
            while until < goal and time.monotonic() < deadline:
                until = self._advance(sums, until, goal, newest)
            behind = behind or until < goal
        return behind

    def pack(self, now: datetime, newest: int) -> int:
        """Add up the partial rows of hours and days that have many; say how many those were."""
        self._put_in_order(_floor(now - PACK_AFTER, WEEK))
        return sum(self._pack(sums, now, newest) for sums in ALL)

    def _put_in_order(self, week: datetime) -> None:
        """Have the totals of the last whole week packed together once, each dimension's in a row.

        A question about one dimension over ninety days then reads them in 2 ms instead of 8.
        """
        if week > self._week:
            self._week = week
            self._pieces[TOTALS.table] |= {
                week - WEEK + hour * HOUR for hour in range(WEEK // HOUR)
            }

    def _advance(self, sums: _Sums, until: datetime, goal: datetime, newest: int) -> datetime:
        """Count one stretch more, as long as can be counted without making commits wait."""
        step = self._step[sums.table]
        end = min(until + step, goal)
        started = time.monotonic()

        def work() -> None:
            self._count(sums, newest, after=-1, upto=self.watermark(), first=until, last=end)
            name = "set_latency_until" if sums is LATENCY else "set_users_until"
            self._run(name, until=end)

        self._transaction(work)
        took = time.monotonic() - started
        longer = step * 2 if took < STEP_S / 4 else step / 2 if took > STEP_S else step
        self._step[sums.table] = min(max(longer, SHORTEST), LONGEST)
        if until != _floor(until, sums.unit):
            self._pieces[sums.table].add(_floor(until, sums.unit))
        return end

    def _pack(self, sums: _Sums, now: datetime, newest: int) -> int:
        last = self._looked[sums.table]
        closed_before = now - PACK_AFTER - (sums.unit - HOUR)
        pieces = self._pieces[sums.table]
        rows = self._rows(
            f"moments_{sums.table}",
            since=last.newest,
            looked_from=last.closed_before,
            pieces=sorted(pieces),
            closed_before=closed_before,
            closed_passes=sums.closed_passes,
            open_passes=OPEN_PASSES,
            most=sums.packed_at_once,
        )
        moments = [row[0] for row in rows]
        if moments:
            self._transaction(lambda: self._add_up(sums, moments, newest))
        if len(moments) < sums.packed_at_once:
            self._looked[sums.table] = _Look(newest, closed_before)
            pieces.clear()
        return len(moments)

    def _add_up(self, sums: _Sums, moments: list[datetime], newest: int) -> None:
        select = sql_files.statement(f"sums_{sums.table}")
        packed = self._connection.sql(
            select, params={"moments": moments, "newest": newest}
        ).to_arrow_table()
        self._run(f"drop_{sums.table}", moments=moments)
        self._connection.register("incoming", packed)
        self._run(f"insert_{sums.table}")
        self._connection.unregister("incoming")

    def _replace(
        self,
        sums: _Sums,
        touched: Sequence[datetime],
        newest: int,
        last: datetime = datetime.max,
    ) -> None:
        moments = sorted(set(touched))
        if not moments:
            return
        self._run(f"drop_{sums.table}", moments=moments)
        end = min(moments[-1] + sums.unit, last)
        self._count(sums, newest, after=-1, first=moments[0], last=end, moments=moments)

    def _count(
        self,
        sums: _Sums,
        newest: int,
        *,
        after: int,
        upto: int | None = None,
        first: datetime = datetime.min,
        last: datetime = datetime.max,
        moments: list[datetime] | None = None,
    ) -> None:
        self._run(
            f"count_{sums.table}",
            first=first,
            last=last,
            after=after,
            upto=upto,
            moments=moments,
            newest=newest,
        )

    def _followers(self) -> list[tuple[_Sums, datetime]]:
        """The rollups that count a while after, and how far they are."""
        [[latency, users]] = self._rows("counted_until")
        return [(LATENCY, latency), (USERS, users)]

    def _rows(self, name: str, **parameters: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql_files.statement(name), parameters).fetchall()

    def _run(self, name: str, **parameters: object) -> None:
        self._connection.execute(sql_files.statement(name), parameters)


def _floor(moment: datetime, unit: timedelta) -> datetime:
    """The whole hour or day in UTC that an instant lies in."""
    return moment - (moment - datetime.min) % unit
