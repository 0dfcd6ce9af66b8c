"""A difference is made of names and causes that add up to it."""

from __future__ import annotations

from decimal import Decimal

from spanledger_dashboard.changes import CAUSES, Change, bars, leading, mostly, totals


def moved(name: str, *, rest: bool = False, calls: tuple[int, int] = (5, 5), **by: str) -> Change:
    """A change that its causes explain."""
    causes = {cause: Decimal(by.get(cause, "0")) for cause in CAUSES}
    difference = sum(causes.values(), Decimal(0))
    return Change(name, rest, Decimal(10), Decimal(10) + difference, difference, causes, *calls)


def test_the_largest_moves_come_first_whichever_way() -> None:
    """The others are one line, together with the collector's own rest; nothing is lost."""
    found = [
        moved("up", volume="3"),
        moved("still"),
        moved("down", cache="-5"),
        moved("bit", tokens="1"),
        moved("", rest=True, price="0.5"),
    ]

    shown = leading(found, most=2)

    assert [(each.name, each.difference_usd) for each in shown] == [
        ("down", Decimal(-5)),
        ("up", Decimal(3)),
        ("All others", Decimal("1.5")),
    ]
    assert totals(shown).difference_usd == totals(found).difference_usd


def test_bars_have_a_part_for_each_cause() -> None:
    """Signed, with the words of the exact amount."""
    parts = bars([moved("a", volume="3", cache="-1")])

    assert [(part.series, part.value, part.text) for part in parts] == [
        ("Number of calls", 3.0, "+$3.00"),
        ("Caching", -1.0, "-$1.00"),
    ]


def test_reasons_are_those_that_pull_its_way() -> None:
    """Small ones are left out, and so is what pulled against it."""
    assert mostly(moved("a", volume="6", tokens="3", price="0.1", cache="-2")) == (
        "more calls, more tokens per call"
    )
    assert mostly(moved("a", cache="-4", volume="1")) == "more from the cache"


def test_new_and_gone_need_no_cause() -> None:
    """There is nothing to compare a first call with."""
    assert mostly(moved("a", calls=(0, 3), volume="3")) == "new"
    assert mostly(moved("a", calls=(3, 0), volume="-3")) == "gone"
