"""What calls cost by other prices, beside what the ledger says; pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from spanledger.pricing import CostParts, PriceBook, usd
from spanledger_collector.prices.billing import with_unknown
from spanledger_collector.prices.columns import Ints, Priced, price_columns
from spanledger_collector.sources import NOT_REPORTED

__all__ = ["CHANGES", "Change", "differences"]

Flags = npt.NDArray[np.bool_]

_MONEY = pa.decimal128(18, 12)
_PARTS = tuple(f"{part}_usd" for part in CostParts._fields)
CHANGES = pa.schema(
    {
        "batch_id": pa.int64(),
        "call_key": pa.string(),
        "start_time": pa.timestamp("us"),
        "model": pa.string(),
        "cost_status": pa.string(),
        "cost_reasons": pa.list_(pa.string()),
        "cost_usd": _MONEY,
        "list_usd": _MONEY,
        **dict.fromkeys(_PARTS, _MONEY),
    }
)
MAX_PICODOLLARS = 10**18
"""What DECIMAL(18, 12) holds."""
_EPOCH = date(1970, 1, 1)
_US_PER_DAY = 86_400 * 10**6


class Change(NamedTuple):
    """What becomes of one model's calls of one day; amounts in picodollars, of priced calls."""

    day: date
    model: str
    calls: int
    changed: int
    before: int
    after: int
    unpriced_before: int
    unpriced_after: int

    def plus(self, other: Change) -> Change:
        """Both together, under this one's day and model."""
        numbers = (one + more for one, more in zip(self[2:], other[2:], strict=True))
        return Change(self.day, self.model, *numbers)

    @staticmethod
    def total(changes: Iterable[Change]) -> Change:
        """All together."""
        whole = Change(_EPOCH, "", 0, 0, 0, 0, 0, 0)
        for change in changes:
            whole = whole.plus(change)
        return whole

    def told(self) -> dict[str, Any]:
        """As JSON tells it: exact decimal texts."""
        return {
            "day": self.day.isoformat(),
            "model": self.model,
            "calls": self.calls,
            "changed": self.changed,
            "before_usd": format(usd(self.before), "f"),
            "after_usd": format(usd(self.after), "f"),
            "unpriced_before": self.unpriced_before,
            "unpriced_after": self.unpriced_after,
        }


def differences(calls: pa.Table, book: PriceBook) -> tuple[pa.Table, list[Change]]:
    """Price the rows of `calls_to_price.sql`: those that come out otherwise, and all added up.

    Raises:
        OverflowError: a call would cost more than the ledger can hold.
    """
    if not calls.num_rows:
        return CHANGES.empty_table(), []
    priced = price_columns(calls, book)
    new = _columns(calls, priced)
    changed = np.zeros(calls.num_rows, np.bool_)
    for name in ("model", "cost_status", "cost_usd", "list_usd", *_PARTS):
        changed |= _differ(calls[name], new[name])
    changed |= _differ(pc.binary_join(calls["cost_reasons"], " "),
                       pc.binary_join(new["cost_reasons"], " "))  # fmt: skip
    return new.filter(pa.array(changed)), _added_up(calls, priced, new, changed)


def _columns(calls: pa.Table, priced: Priced) -> pa.Table:
    outcome = pa.array(priced.outcome)
    known = np.array([cost.picodollars is not None for cost in priced.costs], np.bool_)
    known = known[priced.outcome]
    if max(int(priced.totals.max()), int(priced.listed.max())) >= MAX_PICODOLLARS:
        row = int(np.argmax(np.maximum(priced.totals, priced.listed)))
        key = calls["call_key"][row].as_py()
        raise OverflowError(f"The call {key} would cost a million dollars or more: no such price.")
    models = pa.array([cost.model for cost in priced.costs], pa.string()).take(outcome)
    columns = {
        "batch_id": calls["batch_id"],
        "call_key": calls["call_key"],
        "start_time": calls["start_time"],
        "model": pc.coalesce(models, calls["response_model"], calls["request_model"]),
        **_standing(calls["cost_reasons"], priced),
        "cost_usd": _money(priced.totals, known),
        "list_usd": _money(priced.listed, known),
        **{name: _money(priced.parts[:, n], known) for n, name in enumerate(_PARTS)},
    }
    return pa.table(columns, CHANGES)


def _standing(reasons: pa.ChunkedArray, priced: Priced) -> dict[str, pa.Array]:
    """How sure each cost is, and why; what a call's source left open stays open at other prices."""
    texts = pc.binary_join(reasons, " ").combine_chunks().dictionary_encode()
    known = [_open_facts(text.as_py()) for text in texts.dictionary]
    pairs, which = np.unique(
        priced.outcome * len(known) + np.asarray(texts.indices), return_inverse=True
    )
    costs = [
        with_unknown(priced.costs[pair // len(known)], known[pair % len(known)])
        for pair in pairs.tolist()
    ]
    told = [list(cost.reasons) for cost in costs]
    return {
        "cost_status": pa.array([cost.status for cost in costs]).take(pa.array(which)),
        "cost_reasons": pa.array(told, pa.list_(pa.string())).take(pa.array(which)),
    }


def _open_facts(reasons: str) -> list[str]:
    begun = (reason.partition(NOT_REPORTED) for reason in reasons.split())
    return [fact for before, found, fact in begun if found and not before]


def _added_up(calls: pa.Table, priced: Priced, new: pa.Table, changed: Flags) -> list[Change]:
    before, after = _picodollars(calls["cost_usd"]), priced.totals
    unpriced_before = _is_unpriced(calls["cost_status"])
    unpriced_after = _is_unpriced(new["cost_status"])
    days = np.asarray(calls["start_time"].cast(pa.int64())) // _US_PER_DAY
    names = pc.coalesce(new["model"], pa.scalar("(none)")).combine_chunks().dictionary_encode()
    names = names.chunk(0) if isinstance(names, pa.ChunkedArray) else names
    codes = np.asarray(names.indices).astype(np.int64)
    found = []
    for day, code in sorted(set(zip(days.tolist(), codes.tolist(), strict=True))):
        of = (days == day) & (codes == code)
        found.append(
            Change(
                _EPOCH + timedelta(days=day),
                names.dictionary[code].as_py(),
                int(of.sum()),
                int(changed[of].sum()),
                _exact_sum(before[of]),
                _exact_sum(after[of]),
                int(unpriced_before[of].sum()),
                int(unpriced_after[of].sum()),
            )
        )
    return sorted(found)


def _differ(old: pa.ChunkedArray, new: pa.ChunkedArray) -> Flags:
    """Where two columns differ; nothing equals nothing."""
    same = pc.fill_null(pc.equal(old, new), False)
    both_missing = pc.and_(pc.is_null(old), pc.is_null(new))
    return np.asarray(pc.invert(pc.or_(same, both_missing)))


def _is_unpriced(status: pa.ChunkedArray) -> Flags:
    return np.asarray(pc.equal(status, "unpriced"))


def _money(amounts: Ints, known: Flags) -> pa.Array:
    """Picodollars as DECIMAL(18, 12): the format's 16-byte integers, the upper half all zero."""
    wide = np.zeros((len(amounts), 2), np.int64)
    wide[:, 0] = amounts
    mask = pa.array(known)
    return pa.Array.from_buffers(_MONEY, len(amounts), [mask.buffers()[1], pa.py_buffer(wide)])


def _picodollars(money: pa.ChunkedArray) -> Ints:
    """The lower half of each 16-byte integer, 0 for a missing one."""
    array = pa.concat_arrays(money.chunks) if money.num_chunks != 1 else money.chunk(0)
    halves = np.frombuffer(array.buffers()[1], np.int64).reshape(-1, 2)
    low = halves[array.offset : array.offset + len(array), 0]
    return np.where(np.asarray(array.is_valid()), low, 0)


def _exact_sum(amounts: Ints) -> int:
    """A sum that 64 bits may not hold."""
    return (int((amounts >> 32).sum()) << 32) + int((amounts & 0xFFFF_FFFF).sum())
