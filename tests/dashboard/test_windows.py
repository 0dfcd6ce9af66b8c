"""Time ranges begin and end where people expect, also when clocks change."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from spanledger_dashboard import windows
from spanledger_dashboard.buckets import affordable, buckets, fitting
from spanledger_dashboard.windows import Exact, Window, window

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 11, 2, 33, tzinfo=timezone.utc)  # 12:02 in Berlin


def local(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("name", "start", "end", "before_start", "before_end"),
    [
        ("today", (2026, 11, 20), None, (2026, 11, 19), (2026, 11, 19, 12, 2)),
        ("yesterday", (2026, 11, 19), (2026, 11, 20), (2026, 11, 18), (2026, 11, 19)),
        ("24h", (2026, 11, 19, 13), None, (2026, 11, 18, 13), (2026, 11, 19, 12, 2)),
        ("7d", (2026, 11, 14), None, (2026, 11, 7), (2026, 11, 13, 12, 2)),
        ("month", (2026, 11, 1), None, (2026, 10, 1), (2026, 10, 20, 12, 2)),
        ("last_month", (2026, 10, 1), (2026, 11, 1), (2026, 9, 1), (2026, 10, 1)),
    ],
)
def test_a_preset_and_the_range_it_is_compared_with(
    name: str,
    start: tuple[int, ...],
    end: tuple[int, ...] | None,
    before_start: tuple[int, ...],
    before_end: tuple[int, ...],
) -> None:
    """A range that still runs is compared with as much of the one before."""
    shown = window(name, NOW, BERLIN)

    assert (shown.start, shown.end) == (local(*start), local(*end) if end else None)
    assert (shown.before_start, shown.before_end) == (local(*before_start), local(*before_end))


def test_the_month_before_is_clamped_to_its_length() -> None:
    """On 31 March the comparison ends on the last day of February."""
    shown = window("month", datetime(2026, 3, 31, 12, tzinfo=timezone.utc), ZoneInfo("UTC"))

    assert shown.before_end == datetime(2026, 2, 28, 12, tzinfo=timezone.utc)


def test_a_custom_range_has_both_its_days() -> None:
    """The last day chosen is inside, and a range in the past does not run."""
    shown = window("custom", NOW, BERLIN, (date(2026, 11, 3), date(2026, 11, 1)))

    assert (shown.start, shown.end) == (local(2026, 11, 1), local(2026, 11, 4))
    assert shown.before_start == local(2026, 10, 29)
    assert not shown.running


def test_a_custom_range_until_today_still_runs() -> None:
    """It is compared with the same part of the days before."""
    shown = window("custom", NOW, BERLIN, (date(2026, 11, 19), date(2026, 11, 20)))

    assert shown.running
    assert shown.before_end == local(2026, 11, 18, 12, 2)


def utc(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("start", "end", "label", "before"),
    [
        (utc(19, 12), utc(19, 13), "Thu 19 Nov 13:00 to 14:00", "the hour before"),
        (utc(19, 12), utc(19, 12, 5), "Thu 19 Nov 13:00 to 13:05", "the 5 minutes before"),
        (utc(19, 18), utc(20, 0), "Thu 19 Nov 19:00 to Fri 20 Nov 01:00", "the 6 hours before"),
        (utc(19, 12), utc(20, 12), "Thu 19 Nov 13:00 to Fri 20 Nov 13:00", "the day before"),
        (
            utc(19, 12, 0, 7),
            utc(19, 12, 1, 37),
            "Thu 19 Nov 13:00:07 to 13:01:37",
            "the 1 min 30 s before",
        ),
    ],
)
def test_an_exact_window_is_compared_with_as_much_before(
    start: datetime, end: datetime, label: str, before: str
) -> None:
    """By the clock of the page, with seconds only where there are some."""
    shown = window("custom", utc(25, 0), BERLIN, Exact(start, end))

    assert (shown.start, shown.end, shown.running) == (start, end, False)
    assert (shown.before_start, shown.before_end) == (start - (end - start), start)
    assert (shown.label, shown.before_label) == (label, before)
    assert shown.start.tzinfo == BERLIN


def test_an_exact_window_that_still_runs() -> None:
    """It is compared with as much as has passed of it, to the second."""
    shown = window("custom", NOW, BERLIN, Exact(utc(20, 11), utc(20, 12)))

    assert shown.running
    assert shown.until == NOW
    assert (shown.before_start, shown.before_end) == (utc(20, 10), utc(20, 10, 2, 33))


def test_an_exact_window_is_as_long_as_a_stopwatch_says() -> None:
    """Berlin's 02:30 comes twice on 25 October, an hour apart; their offsets tell which."""
    first = datetime(2026, 10, 25, 0, 30, tzinfo=timezone.utc)
    shown = window("custom", NOW, BERLIN, Exact(first, first + timedelta(hours=1)))

    assert shown.span == timedelta(hours=1)
    assert shown.describe() == "Sun 25 Oct 2026 02:30 UTC+2 to 02:30 UTC+1"
    assert [step.label for step in buckets(shown, "quarter_hour")] == [
        f"25 Oct 02:{minute:02d}" for minute in (0, 15, 30, 45)
    ]


def test_an_hour_that_clocks_leave_out_is_no_step() -> None:
    """In Berlin 29 March has no 02:00."""
    shown = window("custom", NOW, BERLIN, (date(2026, 3, 29), date(2026, 3, 29)))
    labels = [step.label for step in buckets(shown, "hour")]

    assert labels[:3] == ["29 Mar 00:00", "29 Mar 01:00", "29 Mar 03:00"]
    assert len(labels) == 23


def test_a_window_grows_on_both_sides() -> None:
    """By its length, across the change of clocks, too."""
    first = datetime(2026, 10, 25, 0, 30, tzinfo=timezone.utc)
    wider = Exact(first.astimezone(BERLIN), (first + timedelta(hours=1)).astimezone(BERLIN)).wider()

    assert wider == (first - timedelta(hours=1), first + timedelta(hours=2))


@pytest.mark.parametrize("name", ["custom", "no such range"])
def test_an_unknown_range_is_the_default(name: str) -> None:
    """A link with a range that does not exist still opens."""
    assert window(name, NOW, BERLIN) == window(windows.DEFAULT_RANGE, NOW, BERLIN)


def test_a_day_keeps_its_midnights_when_clocks_change() -> None:
    """The last Sunday of October has 25 hours in Berlin."""
    shown = window("yesterday", datetime(2026, 10, 26, 9, tzinfo=timezone.utc), BERLIN)

    assert shown.span == timedelta(hours=25)
    assert [step.label for step in buckets(shown, "day")] == ["25 Oct"]


def test_the_last_bucket_of_a_running_range_is_partial() -> None:
    """Only that one."""
    steps = buckets(window("7d", NOW, BERLIN), "day")

    assert [step.partial for step in steps] == [False] * 6 + [True]
    assert steps[-1].label == "20 Nov"


@pytest.mark.parametrize(
    ("bucket", "first", "last", "count"),
    [
        ("five_minutes", "19 Nov 13:00", "20 Nov 12:00", 23 * 12 + 1),
        ("hour", "19 Nov 13:00", "20 Nov 12:00", 24),
        ("day", "19 Nov", "20 Nov", 2),
        ("week", "16 Nov", "16 Nov", 1),
        ("month", "Nov 2026", "Nov 2026", 1),
    ],
)
def test_buckets_cover_the_range(bucket: str, first: str, last: str, count: int) -> None:
    """Also those in which nothing happened; weeks begin on Monday."""
    steps = buckets(window("24h", NOW, BERLIN), bucket)

    assert (steps[0].label, steps[-1].label, len(steps)) == (first, last, count)


@pytest.mark.parametrize(
    ("hours", "bucket"),
    [
        (1 / 12, "minute"),
        (1, "five_minutes"),
        (6, "quarter_hour"),
        *((24 * days, "hour") for days in (1, 2)),
        *((24 * days, "day") for days in (7, 62)),
        (24 * 90, "week"),
        (24 * 500, "month"),
    ],
)
def test_the_automatic_bucket_keeps_a_chart_readable(hours: float, bucket: str) -> None:
    """Between a handful and about sixty steps."""
    assert fitting(timedelta(hours=hours)) == bucket


def test_steps_of_two_years_have_different_names() -> None:
    """Charts tell the steps apart by them."""
    days = (date(2024, 11, 1), date(2026, 11, 20))
    steps = buckets(window("custom", NOW, BERLIN, days), "week")

    assert len({step.label for step in steps}) == len(steps) > 100


def test_a_bucket_too_fine_becomes_coarser() -> None:
    """Ninety days by the hour would be more bars than a screen has room for."""
    assert affordable("hour", timedelta(days=90)) == "day"
    assert affordable("hour", timedelta(days=30)) == "hour"
    assert affordable("minute", timedelta(days=1)) == "five_minutes"
    assert affordable("minute", timedelta(days=2000)) == "week"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("today", "Fri 20 Nov 2026, 00:00 to 12:02"),
        ("yesterday", "Thu 19 Nov 2026"),
        ("7d", "Sat 14 Nov 2026 to Fri 20 Nov 2026 12:02"),
        ("24h", "Thu 19 Nov 2026 13:00 to Fri 20 Nov 2026 12:02"),
        ("last_month", "Thu 1 Oct 2026 to Sat 31 Oct 2026"),
    ],
)
def test_a_range_says_from_when_to_when(name: str, text: str) -> None:
    """The end of a finished range is its last day, not the first one after it."""
    shown: Window = window(name, NOW, BERLIN)

    assert shown.describe() == text
