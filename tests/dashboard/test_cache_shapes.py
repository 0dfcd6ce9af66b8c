"""What the Cache page draws and lists, as data."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import altair as alt

from spanledger_dashboard import cache_shapes, palette
from spanledger_dashboard.buckets import Bucket
from spanledger_dashboard.caching import NO_CACHING, Caching, Miss, Reuse, summed
from spanledger_dashboard.charts_signed import signed_bars

MONDAY, TUESDAY = datetime(2026, 11, 16), datetime(2026, 11, 17)
STEPS = [Bucket(MONDAY, "16 Nov", partial=False), Bucket(TUESDAY, "17 Nov", partial=True)]
PAID = Caching(
    calls=2,
    input_tokens=100,
    cache_read_tokens=800,
    cache_write_5m_tokens=60,
    cache_write_1h_tokens=40,
    input_usd=Decimal("0.10"),
    cache_write_5m_usd=Decimal("0.075"),
    reads_saved_usd=Decimal("0.72"),
    write_premium_usd=Decimal("0.055"),
)


def test_what_is_left_of_the_savings() -> None:
    """Shares are weighted by tokens, sums are exact, and nothing sent has no share."""
    both = summed([PAID, PAID])

    assert both.hit_share == 0.8
    assert both.hour_share == 0.4
    assert both.net_saved_usd == Decimal("1.330")
    assert both.unread_usd == Decimal("0.350")
    assert NO_CACHING.hit_share is NO_CACHING.hour_share is None


def test_premiums_go_below_zero() -> None:
    """Savings up, premiums down, and the running step is marked."""
    slices = cache_shapes.savings({TUESDAY: PAID}, STEPS)
    (net,) = cache_shapes.net_by_step({TUESDAY: PAID}, STEPS)

    assert [(cut.series, cut.value, cut.text) for cut in slices] == [
        ("Saved by reads", 0.72, "$0.72"),
        ("Premium on writes", -0.055, "-$0.055"),
    ]
    assert all(cut.partial for cut in slices)
    assert (net.value, net.text) == (0.665, "$0.67")


def test_a_day_without_prompts_has_no_share() -> None:
    """Nothing is not a share of zero."""
    shares = cache_shapes.hit_shares({MONDAY: PAID, TUESDAY: NO_CACHING}, STEPS)

    assert [(cut.bucket, cut.text) for cut in shares] == [("16 Nov", "80.0%")]


def test_lifetimes_have_fixed_colours() -> None:
    """Every series that is drawn has its colour in the palette."""
    slices = cache_shapes.writes({MONDAY: PAID}, STEPS)

    assert [(cut.series, cut.text) for cut in slices] == [
        ("5-minute writes", "60 tokens"),
        ("1-hour writes", "40 tokens"),
    ]
    named = {cut.series for cut in [*slices, *cache_shapes.savings({MONDAY: PAID}, STEPS)]}
    assert named <= palette.CACHE_COLORS.keys()


def test_causes_are_compared_in_dollars() -> None:
    """The dearest first; a cause without a price says so, a new code is shown as it came."""
    rows = cache_shapes.missed_by_cause(
        [
            Miss("tools_changed", "", 2, 500, Decimal(1)),
            Miss("system_changed", "", 1, 900, Decimal(3)),
            Miss("moon_phase", "", 4, 0, None),
        ],
        [Miss("tools_changed", "", 1, 200, Decimal(2))],
    )

    assert [(row.name, row.text, row.before_text, row.change) for row in rows] == [
        ("System prompt changed (1)", "$3.00", "$0.00 in 0 calls", "new"),
        ("Tools changed (2)", "$1.00", "$2.00 in 1 call", "-50%"),
        ("moon phase (4)", "unpriced", "$0.00 in 0 calls", ""),
    ]


def test_the_worst_pay_most_beside_the_cache() -> None:
    """Ranked by dollars, not by shares; what was not diagnosed is empty, not zero."""
    poor = Caching(input_tokens=900, cache_read_tokens=100, input_usd=Decimal(9))
    rows = cache_shapes.worst_rows(
        {"chat": PAID, "search": poor},
        {"chat": PAID},
        [Miss("tools_changed", "search", 1, 5, Decimal("0.5"))],
        "Feature",
    )

    assert [row["Feature"] for row in rows] == ["search", "chat"]
    assert [row["Hit share"] for row in rows] == [10.0, 80.0]
    assert [row["Hit share before"] for row in rows] == [None, 80.0]
    assert [row["Missed, as reported"] for row in rows] == [0.5, None]


def test_a_late_reuse_has_a_verdict() -> None:
    """One-hour writes are advised only where they save."""
    reuse = Reuse("web", "chat", "m", 4, 2, 0.5, 420.0, 10, Decimal(2), Decimal("0.4"))
    dear = Reuse("web", "chat", "m", 4, 1, 0.25, None, 10, Decimal(1), Decimal("-0.4"))

    told = [(row["Typical gap"], row["Verdict"]) for row in cache_shapes.reuse_rows([reuse, dear])]
    assert told == [("7 min 0 s", "Use 1-hour writes"), ("—", "Keep 5 minutes")]


def test_sums_leave_unknown_prices_out() -> None:
    """And count one-hour writes only where they pay."""
    misses = [Miss("a", "", 1, 5, None), Miss("b", "", 1, 5, Decimal(2))]
    reuses = [
        Reuse("web", "chat", "m", 4, 2, 0.5, 420.0, 10, Decimal(2), Decimal("0.4")),
        Reuse("web", "find", "m", 4, 2, 0.5, 420.0, 10, Decimal(1), Decimal(-9)),
    ]

    assert cache_shapes.missed_usd(misses) == 2
    assert cache_shapes.rewritten_usd(reuses) == 3
    assert cache_shapes.worth_an_hour_usd(reuses) == Decimal("0.4")


def test_the_net_is_a_tick_on_the_bars() -> None:
    """Above and below zero in one stack, with what is left on top."""
    with alt.data_transformers.enable("default"):
        drawn = signed_bars(
            cache_shapes.savings({MONDAY: PAID}, STEPS),
            cache_shapes.net_by_step({MONDAY: PAID}, STEPS),
            steps=["16 Nov", "17 Nov"],
            colors=palette.CACHE_COLORS,
            unit="money",
        ).to_dict()

    bars, ticks = drawn["layer"]
    assert bars["layer"][0]["encoding"]["y"]["stack"] is True
    assert ticks["mark"]["type"] == "tick"
    assert ticks["encoding"]["x"]["scale"]["domain"] == ["16 Nov", "17 Nov"]
