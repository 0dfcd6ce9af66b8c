"""What the page on speed and failures draws and lists, as data."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal

from spanledger_dashboard import latency_shapes, palette
from spanledger_dashboard.buckets import Bucket
from spanledger_dashboard.encodings import value_axis
from spanledger_dashboard.latency import NO_REQUESTS, Failure, Pace, Requests

MONDAY = datetime(2026, 11, 16)
STEPS = [Bucket(MONDAY, "16 Nov", partial=True)]
SECOND = 10**9
STREAMED = Pace(10, SECOND, 4 * SECOND, 9 * SECOND, 8, SECOND // 2, SECOND, 2 * SECOND, 61.5)
SILENT = Pace(3, SECOND, SECOND, SECOND, 0, None, None, None, None)


def test_percentiles_are_told_as_times() -> None:
    """In seconds for the axis, in words for the reader; what no stream told is not drawn."""
    duration = latency_shapes.percentiles({MONDAY: STREAMED}, STEPS, "duration")

    assert [(cut.series, cut.value, cut.text) for cut in duration] == [
        ("50 of 100", 1.0, "1.0 s"),
        ("95 of 100", 4.0, "4.0 s"),
        ("99 of 100", 9.0, "9.0 s"),
    ]
    assert {cut.series for cut in duration} == palette.PERCENTILE_COLORS.keys()
    assert all(cut.partial for cut in duration)
    assert latency_shapes.percentiles({MONDAY: SILENT}, STEPS, "first_chunk") == []


def test_an_axis_of_times_has_units() -> None:
    """Milliseconds below a second."""
    assert "' ms'" in value_axis("seconds", []).to_dict()["labelExpr"]


def test_requests_end_in_more_ways_than_two() -> None:
    """Each way that is not completion is a series of its own, with a fixed colour."""
    ended = Requests(requests=9, completed=4, errors=2, closed=1, dropped=1, cancelled=1)
    slices = latency_shapes.endings({MONDAY: ended}, STEPS)

    assert [(cut.series, cut.text) for cut in slices] == [
        ("Failed", "2 requests"),
        ("Closed early", "1 request"),
        ("Never read", "1 request"),
        ("Cancelled", "1 request"),
    ]
    assert {cut.series for cut in slices} == palette.ENDING_COLORS.keys()
    assert (ended + ended).error_share == 4 / 18
    assert NO_REQUESTS.error_share is NO_REQUESTS.retry_share is None


def test_speeds_stand_beside_the_period_before() -> None:
    """The most used first; a name without a past has no comparison."""
    rows = latency_shapes.speed_rows(
        {"old": SILENT, "new": STREAMED},
        {"old": STREAMED},
        {"old": Requests(requests=3, errors=1, incomplete_usd=Decimal("0.5"))},
        "Model",
    )

    assert [row["Model"] for row in rows] == ["new", "old"]
    assert [row["p95 before"] for row in rows] == [None, 4.0]
    assert [row["Tokens/s"] for row in rows] == [61.5, None]
    assert [row["Wasted"] for row in rows] == [0.0, 0.5]


def test_a_class_of_errors_is_compared_with_itself() -> None:
    """By outcome, error, status and name; what failed comes first, however rare."""
    newest = datetime(2026, 11, 16, 12, tzinfo=timezone.utc)
    now = Failure("failed", "overloaded_error", 529, "m", 3, 6, None, newest, "ab")
    cut = Failure("closed", None, 200, "m", 5, 0, Decimal("0.2"), newest, "cd")
    other = now._replace(name="n", requests=9)
    rows = latency_shapes.classes([now, cut], [now._replace(requests=1), other], "Model")

    assert [(row["What"], row["Error"], row["Requests"], row["Before"]) for row in rows] == [
        ("Failed", "overloaded_error", 3, 1),
        ("Closed early", "—", 5, 0),
    ]
    assert [row["Cost"] for row in rows] == [None, 0.2]
