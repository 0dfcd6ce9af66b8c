"""What the Headroom page tells of limits, as data."""

from __future__ import annotations

from datetime import datetime, timezone

from spanledger_dashboard import limits, palette
from spanledger_dashboard.buckets import Bucket
from spanledger_dashboard.limits import Limit, Refusals, Use

MONDAY = datetime(2026, 11, 16)
STEPS = [Bucket(MONDAY, "16 Nov", partial=False)]
NOON = datetime(2026, 11, 16, 12, tzinfo=timezone.utc)
INPUT = Limit("org", "wrk", "opus", "input_tokens", 2_000_000, 500_000, 600_000, 0.75, NOON)
REQUESTS = Limit("org", "wrk", "opus", "requests", 4_000, 3_900, 3_950, 0.025, NOON)
TOKENS = INPUT._replace(limit_kind="tokens")


def use(limit: Limit, a_minute: float, exhausted_in_s: float | None = None) -> Use:
    share = a_minute / limit.limit_value
    left = limit.remaining_min
    return Use(*limit.of, limit.limit_value, left, a_minute, a_minute, share, exhausted_in_s, NOON)


def test_how_long_a_limit_lasts() -> None:
    """A time where the pace is above the limit, else by how much it may grow."""
    assert limits.lasts(use(INPUT, 4_000_000, 15)) == "15.0 s"
    assert limits.lasts(use(INPUT, 500_000)) == "never"
    assert limits.may_grow(use(INPUT, 500_000)) == 4
    assert limits.lasts(use(INPUT, 0)) == "not in use"
    assert limits.may_grow(use(INPUT, 0)) is None


def test_what_runs_out_first_comes_before_what_is_used_most() -> None:
    """And without anything to tell there is nothing."""
    ending, busy = use(INPUT, 2_100_000, 300), use(REQUESTS, 3_999)

    assert limits.soonest([busy, ending]) == ending
    assert limits.soonest([busy, use(INPUT, 10)]) == busy
    assert limits.soonest([]) is None
    assert limits.tightest([]) is None
    assert limits.tightest([REQUESTS, INPUT]) == INPUT


def test_the_highest_use_of_each_kind_is_drawn() -> None:
    """Once for a step, with whose it was; the sum of the tightest tokens is left out."""
    idle = INPUT._replace(model="haiku", peak_use_share=0.1)
    found = [(MONDAY, each) for each in (idle, INPUT, REQUESTS, TOKENS)]
    slices = limits.peaks(found, STEPS)

    assert [(cut.series, cut.value, cut.text) for cut in slices] == [
        ("Input tokens", 0.75, "75.0% of 2M, opus, wrk"),
        ("Requests", 0.025, "2.5% of 4,000, opus, wrk"),
    ]
    assert {cut.series for cut in slices} <= palette.LIMIT_COLORS.keys()


def test_each_limit_has_its_pace() -> None:
    """The tightest first; a limit that nobody uses now is not in use."""
    rows = limits.limit_rows([REQUESTS, INPUT, TOKENS], [use(INPUT, 4_000_000, 15)])

    assert [(row["Limit"], row["Highest use"], row["Runs out"]) for row in rows] == [
        ("Input tokens", 75.0, "15.0 s"),
        ("Requests", 2.5, "not in use"),
    ]
    assert rows[0]["Pace of limit"] == 200.0


def test_refusals_are_compared_by_kind() -> None:
    """A refusal that told no limit is its own kind."""
    now = [
        Refusals("requests", "o", "w", "m", 2, NOON, "ab"),
        Refusals("requests", "o", "w", "n", 1, NOON, "ab"),
        Refusals("(none)", "o", "w", "m", 1, NOON, "ab"),
    ]
    rows = limits.refused_by_kind(now, [now[0]])

    assert [(row.name, row.text, row.before_text, row.change) for row in rows] == [
        ("Requests", "3 requests", "2 requests", "+50%"),
        ("No limit told", "1 request", "0 requests", "new"),
    ]
