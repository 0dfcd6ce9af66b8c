"""Numbers keep their meaning on the way to the reader."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from spanledger_dashboard import formats


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "$0.00"),
        ("0.0042", "$0.0042"),
        ("0.00415", "$0.0042"),
        ("0.000000000001", "$0.000000000001"),
        ("0.0999", "$0.10"),
        ("0.042", "$0.042"),
        ("0.4213", "$0.42"),
        ("0.999", "$1.00"),
        ("1.005", "$1.01"),
        ("1234.56", "$1,234.56"),
        ("999999.994", "$999,999.99"),
        ("1234567.89", "$1,234,568"),
        ("-3.2", "-$3.20"),
        ("-0.0042", "-$0.0042"),
    ],
)
def test_money_keeps_two_significant_digits(amount: str, text: str) -> None:
    """A small amount never becomes zero, a large one has no noise."""
    assert formats.money(Decimal(amount)) == text


def test_unknown_money_is_not_zero() -> None:
    """A call without a price reads as unpriced."""
    assert formats.money(None) == "unpriced"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (9_999, "9,999"),
        (10_000, "10K"),
        (12_345, "12.3K"),
        (999_949, "999.9K"),
        (999_950, "1M"),
        (1_234_567, "1.2M"),
        (7_000_000_000, "7B"),
        (-12_345, "-12.3K"),
    ],
)
def test_quantities_are_short(number: int, text: str) -> None:
    """Counts fit in a card and carry over to the next unit."""
    assert formats.quantity(number) == text


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [
        (Decimal("123.30"), Decimal("111"), "+$12.30 (+11%)"),
        (Decimal("90"), Decimal("100"), "-$10.00 (-10%)"),
        (Decimal("5"), Decimal(0), "+$5.00"),
        (Decimal("5"), Decimal("5"), "no change"),
        (Decimal("1.001"), Decimal(1), "+$0.0010 (+0.1%)"),
        (1200, 100, "+1,100 (+1,100%)"),
        (Decimal(124), Decimal("0.001"), "+$124.00 (>+9,999%)"),
        (862, 1192, "-330 (-28%)"),
    ],
)
def test_a_change_has_its_sign_and_its_percent(
    now: Decimal | int, before: Decimal | int, text: str
) -> None:
    """Percent stands only where there was something to compare with."""
    assert formats.change(now, before) == text


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (None, "—"),
        (0.0, "0.0%"),
        (0.0004, "<0.1%"),
        (0.634, "63.4%"),
        (0.9996, ">99.9%"),
        (1.0, "100.0%"),
    ],
)
def test_a_share_is_never_rounded_to_nothing_or_all(part: float | None, text: str) -> None:
    """Almost none and almost all stay apart from none and all."""
    assert formats.share(part) == text


def test_shares_differ_in_points() -> None:
    """A share against a share is a difference in points, or unknown."""
    assert formats.points(0.65, 0.62) == "+3.0 pts"
    assert formats.points(0.5, 0.5) == "no change"
    assert formats.points(None, 0.5) is None


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (None, "—"),
        (850_000_000, "850 ms"),
        (999_600_000, "1.0 s"),
        (1_240_000_000, "1.2 s"),
        (125_000_000_000, "2 min 5 s"),
        (3_780_000_000_000, "1 h 3 min"),
    ],
)
def test_durations_read_as_people_say_them(nanoseconds: int | None, text: str) -> None:
    """Two units at most."""
    assert formats.duration(nanoseconds) == text


@pytest.mark.parametrize(
    ("past", "text"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=3), "3 s ago"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=2), "2 h ago"),
        (timedelta(days=1), "1 day ago"),
    ],
)
def test_freshness_reads_in_one_unit(past: timedelta, text: str) -> None:
    """A clock that runs ahead does not read as minus five seconds."""
    assert formats.ago(past) == text


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("UTC", "UTC"),
        ("Europe/Berlin", "Europe/Berlin (UTC+1)"),
        ("Asia/Kolkata", "Asia/Kolkata (UTC+5:30)"),
        ("America/St_Johns", "America/St_Johns (UTC-3:30)"),
    ],
)
def test_a_zone_has_its_name_and_its_distance(zone: str, text: str) -> None:
    """The distance is that of the moment."""
    moment = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)

    assert formats.zone_name(ZoneInfo(zone), moment) == text


@pytest.mark.parametrize(
    ("number", "text"), [(1, "1st"), (2, "2nd"), (13, "13th"), (23, "23rd"), (30, "30th")]
)
def test_days_of_the_month_are_ordinals(number: int, text: str) -> None:
    """Also the teens."""
    assert formats.ordinal(number) == text


def test_names_from_telemetry_are_only_text() -> None:
    """A service cannot put a picture, a link or a formula on the page through its name."""
    shown = formats.plain("![x](https://elsewhere.example/p.png) $x^2$ :red[a]\n# b")

    assert shown.startswith(r"\!\[x\]\(https\:")
    assert "\n" not in shown
    assert r"\$x\^2\$" in shown
