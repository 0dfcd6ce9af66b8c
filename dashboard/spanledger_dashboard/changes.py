"""What a difference is made of, as bars and in words; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from spanledger_dashboard import formats
from spanledger_dashboard.charts import Part

__all__ = ["CAUSES", "LABELS", "Change", "bars", "leading", "mostly", "signed", "summary", "totals"]

CAUSES = ("volume", "mix", "tokens", "cache", "price", "search")
LABELS = {
    "volume": "Number of calls",
    "mix": "Choice of models",
    "tokens": "Tokens per call",
    "cache": "Caching",
    "price": "Prices",
    "search": "Web searches",
}
_MORE = {
    "volume": "more calls",
    "mix": "dearer models",
    "tokens": "more tokens per call",
    "cache": "less from the cache",
    "price": "higher prices",
    "search": "more web searches",
}
_LESS = {
    "volume": "fewer calls",
    "mix": "cheaper models",
    "tokens": "fewer tokens per call",
    "cache": "more from the cache",
    "price": "lower prices",
    "search": "fewer web searches",
}
REST = "All others"
_WORTH_A_WORD = Decimal("0.15")


class Change(NamedTuple):
    """One name's part in the difference; the causes add up to it exactly."""

    name: str
    rest: bool
    """All names beyond the largest, together."""
    before_usd: Decimal | None
    after_usd: Decimal | None
    difference_usd: Decimal
    causes: Mapping[str, Decimal]
    before_calls: int
    after_calls: int


class Sums(NamedTuple):
    """All names together."""

    before_usd: Decimal
    after_usd: Decimal
    difference_usd: Decimal


def leading(changes: Sequence[Change], most: int = 8) -> list[Change]:
    """The names that moved most, up or down, and the rest as one."""
    moved = [change for change in changes if change.difference_usd and not change.rest]
    moved.sort(key=lambda change: abs(change.difference_usd), reverse=True)
    others = moved[most:] + [change for change in changes if change.rest and change.difference_usd]
    return moved[:most] + ([_together(others)] if others else [])


def totals(changes: Sequence[Change]) -> Sums:
    """The whole difference."""
    return Sums(
        sum((change.before_usd or Decimal(0) for change in changes), Decimal(0)),
        sum((change.after_usd or Decimal(0) for change in changes), Decimal(0)),
        sum((change.difference_usd for change in changes), Decimal(0)),
    )


def summary(sums: Sums) -> str:
    """The whole difference in words."""
    before, after = formats.money(sums.before_usd), formats.money(sums.after_usd)
    if not sums.difference_usd:
        return f"no change, {after} as before"
    return f"{signed(sums.difference_usd)}, from {before} to {after}"


def bars(changes: Sequence[Change]) -> list[Part]:
    """A bar a name, to the right for more and to the left for less, made of its causes."""
    return [
        Part(_named(change), LABELS[cause], float(amount), signed(amount))
        for change in changes
        for cause, amount in change.causes.items()
        if amount
    ]


def mostly(change: Change) -> str:
    """Why, in words: the causes that pull its way, the strongest first."""
    if not change.before_calls:
        return "new"
    if not change.after_calls:
        return "gone"
    up = change.difference_usd > 0
    pulling = sorted(
        (
            (abs(amount), cause)
            for cause, amount in change.causes.items()
            if amount and (amount > 0) == up
        ),
        reverse=True,
    )
    words = _MORE if up else _LESS
    whole = sum((amount for amount, _ in pulling), Decimal(0))
    told = [words[cause] for amount, cause in pulling if amount >= whole * _WORTH_A_WORD]
    return ", ".join(told[:2])


def signed(amount: Decimal) -> str:
    """A difference with its sign."""
    return formats.money(amount) if amount < 0 else f"+{formats.money(amount)}"


def _named(change: Change) -> str:
    return REST if change.rest else change.name


def _together(others: Sequence[Change]) -> Change:
    before, after, difference = totals(others)
    causes = {
        cause: sum((change.causes[cause] for change in others), Decimal(0)) for cause in CAUSES
    }
    calls = (
        sum(change.before_calls for change in others),
        sum(change.after_calls for change in others),
    )
    return Change(REST, True, before, after, difference, causes, *calls)
