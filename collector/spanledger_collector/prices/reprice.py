"""Price history anew: what would change, by day and model, and making it so all at once.

Planning only reads, beside the writer. Applying is one transaction of whoever writes to the store,
in which calls that came meanwhile are looked at, too. A call whose cost stays as it was is not
touched and keeps the version of the prices that gave it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any, NamedTuple

import orjson
import pyarrow as pa

from spanledger._version import __version__
from spanledger.pricing import PriceBook, usd
from spanledger_collector.prices.differences import CHANGES, Change, differences
from spanledger_collector.store import Store, sql_files

__all__ = ["Plan", "Reprice", "RepriceError"]

_ALL_ROWS = 2**62
_EARLIEST, _LATEST = datetime(1970, 1, 1), datetime(9999, 1, 1)


class RepriceError(Exception):
    """History cannot be priced anew like this; the message says why."""


class Plan(NamedTuple):
    """What pricing anew changes."""

    newest_batch: int
    """Up to which batch the calls were looked at."""
    rows: pa.Table
    """Calls that cost something else, in the columns of `reprice_amounts.sql`."""
    changes: list[Change]

    def plus(self, late: Plan) -> Plan:
        """This plan and that of calls which came later."""
        merged: dict[tuple[date, str], Change] = {}
        for change in (*self.changes, *late.changes):
            known = merged.get((change.day, change.model))
            merged[change.day, change.model] = known.plus(change) if known else change
        rows = pa.concat_tables([self.rows, late.rows])
        return Plan(late.newest_batch, rows, [merged[key] for key in sorted(merged)])


class Reprice(NamedTuple):
    """A request to price the calls of some days anew; both days count, None is no bound."""

    first_day: date | None
    last_day: date | None

    def plan(self, store: Store, book: PriceBook, after_batch: int = -1) -> Plan:
        """See what would change.

        Raises:
            RepriceError: a call would cost more than the ledger can hold.
            StoreUnavailable: the store does not answer now.
        """
        newest = store.state().newest_batch
        plan = Plan(newest, CHANGES.empty_table(), [])
        for first, last in self._spans(store, by_day=after_batch < 0):
            bounds: dict[str, object] = {
                "first": first,
                "last": last,
                "after_batch": after_batch,
                "newest_batch": newest,
            }
            calls = _ask(store, "calls_to_price", bounds)
            try:
                rows, changes = differences(calls, book)
            except OverflowError as error:
                raise RepriceError(str(error)) from error
            plan = plan.plus(Plan(newest, rows, changes))
        return plan

    def apply(self, store: Store, book: PriceBook, plan: Plan) -> Plan:
        """Make a plan true; only whoever writes to the store may call this.

        Raises:
            RepriceError: a call would cost more than the ledger can hold.
            StoreUnavailable: the store cannot commit now; nothing has changed.
        """
        late = self.plan(store, book, after_batch=plan.newest_batch)
        whole = plan.plus(late)
        rows = whole.rows.append_column("prices_version", _repeated(book, whole))
        store.reprice(rows, pa.Table.from_pylist([self._entry(book, whole)], _ENTRY))
        return whole

    def _spans(self, store: Store, *, by_day: bool) -> Iterator[tuple[datetime, datetime]]:
        """All at once, or the days that have calls, so that memory never holds more than a day."""
        first = _EARLIEST if self.first_day is None else _midnight(self.first_day)
        last = _LATEST if self.last_day is None else _midnight(self.last_day) + timedelta(days=1)
        if not by_day:
            yield first, last
            return
        for row in _ask(store, "days_to_reprice", {"first": first, "last": last}).to_pylist():
            start = _midnight(row["day"])
            yield start, start + timedelta(days=1)

    def _entry(self, book: PriceBook, plan: Plan) -> dict[str, Any]:
        """What the ledger notes about it."""
        changed = [change for change in plan.changes if change.changed]
        total = Change.total(plan.changes)
        return {
            "applied_at": datetime.now(timezone.utc).replace(tzinfo=None),
            "release": __version__,
            "prices_version": book.version,
            "first_day": self.first_day,
            "last_day": self.last_day,
            "calls": total.calls,
            "changed": total.changed,
            "unpriced_before": total.unpriced_before,
            "unpriced_after": total.unpriced_after,
            "before_usd": usd(total.before),
            "after_usd": usd(total.after),
            "changes": orjson.dumps([change.told() for change in changed]).decode(),
        }


def _ask(store: Store, name: str, parameters: dict[str, object]) -> pa.Table:
    return store.query().run(sql_files.statement(name), parameters, _ALL_ROWS).table


def _repeated(book: PriceBook, plan: Plan) -> pa.Array:
    versions: Sequence[str] = [book.version] * plan.rows.num_rows
    return pa.array(versions, pa.string())


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


_ENTRY = pa.schema(
    {
        "applied_at": pa.timestamp("us"),
        "release": pa.string(),
        "prices_version": pa.string(),
        "first_day": pa.date32(),
        "last_day": pa.date32(),
        "calls": pa.int64(),
        "changed": pa.int64(),
        "unpriced_before": pa.int64(),
        "unpriced_after": pa.int64(),
        "before_usd": pa.decimal128(38, 12),
        "after_usd": pa.decimal128(38, 12),
        "changes": pa.string(),
    }
)
