"""The ends of a range in a link: any offset is understood, and what cannot be read is named."""

from __future__ import annotations

from datetime import date, datetime, timezone
from zoneinfo import ZoneInfo

import pytest

from spanledger_dashboard.ends import BadWindow, End, instants, read, written

BERLIN = ZoneInfo("Europe/Berlin")
ONE = datetime(2026, 11, 28, 13, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-28T13:00Z",
        "2026-11-28T13:00:00Z",
        "2026-11-28T13:00:00.000Z",
        "2026-11-28T18:30+05:30",
        "2026-11-28T18:30 05:30",
        "2026-11-28T09:30-03:30",
        "2026-11-28T14:00",
    ],
)
def test_an_instant_in_any_offset(text: str) -> None:
    """Also where the address lost a plus; without an offset it is the clock of the page."""
    start, _ = instants(read(text), read("2026-11-29T00:00Z"), BERLIN)

    assert start == ONE
    assert start.tzinfo == BERLIN


def test_an_instant_survives_its_link() -> None:
    """To the microsecond, and short where that is enough."""
    odd = ONE.replace(second=7, microsecond=5)

    assert written(ONE.astimezone(BERLIN)) == "2026-11-28T13:00Z"
    assert written(odd.replace(microsecond=0)) == "2026-11-28T13:00:07Z"
    assert instants(read(written(ONE)), read(written(odd)), BERLIN) == (ONE, odd)


def test_a_day_and_an_instant() -> None:
    """A first day begins at midnight, a last one is inside; 25 October has 25 hours."""
    start, end = instants(date(2026, 10, 25), date(2026, 10, 25), BERLIN)
    until_noon = instants(date(2026, 10, 25), "2026-10-25T12:00", BERLIN)

    assert end.astimezone(timezone.utc) - start.astimezone(timezone.utc) == (
        datetime(2026, 10, 25, 23) - datetime(2026, 10, 24, 22)
    )
    assert until_noon.start == start
    assert until_noon.end == datetime(2026, 10, 25, 11, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("first", "last", "says"),
    [
        ("noon", "2026-11-28T14:00Z", "“from” is 'noon', which is no time such as 2026"),
        ("2026-11-28T14:00Z", "2026-11-31T14:00Z", "“to” is '2026-11-31T14:00Z'"),
        ("2026-11-28T25:00Z", None, "“from” is"),
        ("1026-11-28T13:00Z", "2026-11-28T14:00Z", "“from” is"),
        ("2026-11-28T13:00+99:00", "2026-11-28T14:00Z", "“from” is"),
        ("2026-11-28T13:00Z", None, "“to” is missing"),
        ("2026-11-28T13:00Z", "2026-11-28T13:00Z", "before"),
        ("2026-11-28T14:00Z", "2026-11-28T14:30+01:00", "before"),
    ],
)
def test_what_is_no_range_says_why(first: End, last: End, says: str) -> None:
    """Which end, and what it should look like."""
    with pytest.raises(BadWindow) as wrong:
        instants(first, last, BERLIN)

    assert says in str(wrong.value)


def test_an_endless_text_is_cut() -> None:
    """The notice quotes it."""
    assert read("2026-11-28T" * 1000) == ("2026-11-28T" * 1000)[:64]
