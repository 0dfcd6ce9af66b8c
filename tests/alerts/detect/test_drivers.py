"""Drivers: who moved the spend, and by which cause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanledger_collector.alerts.detect.drivers import Use, drivers


def use(
    group: str,
    calls: float,
    tokens: float,
    *,
    cached: float = 0.0,
    rate: float = 3e-6,
    m: str = "s",
) -> Use:
    """Calls of so many prompt tokens, a part of them from the cache at a tenth."""
    read, fresh = tokens * cached, tokens * (1 - cached)
    fresh_usd, read_usd = calls * fresh * rate, calls * read * rate / 10
    return Use(
        group,
        m,
        "anthropic",
        calls,
        fresh_usd + read_usd,
        input_tokens=calls * fresh,
        input_usd=fresh_usd,
        cache_read_tokens=calls * read,
        cache_read_usd=read_usd,
    )


@pytest.mark.parametrize(
    ("after", "cause"),
    [
        (use("search", 500, 1000, cached=0.8), "volume"),
        (use("search", 100, 5000, cached=0.8), "tokens"),
        (use("search", 100, 1000, cached=0.0), "cache"),
        (use("search", 100, 1000, cached=0.8, rate=15e-6), "price"),
        (use("search", 100, 1000, cached=0.8, rate=15e-6, m="opus"), "mix"),
    ],
)
def test_the_cause_is_named(after: Use, cause: str) -> None:
    """Each cause alone is found, for the group that it happened to."""
    before = [use("search", 100, 1000, cached=0.8), use("chat", 900, 1000)]
    first, second = drivers(before, [after, use("chat", 900, 1000)])

    assert (first.group, first.cause) == ("search", cause)
    assert first.difference_usd == pytest.approx(getattr(first, f"{cause}_usd"))
    assert first.share == pytest.approx(1.0)
    assert second.difference_usd == pytest.approx(0.0)


def test_the_earlier_side_may_be_several_windows() -> None:
    """Four windows count a quarter each."""
    (driver,) = drivers([use("a", 100, 10)] * 4, [use("a", 300, 10)], scale=0.25)

    assert driver.before_usd == pytest.approx(use("a", 100, 10).usd)
    assert driver.volume_usd == pytest.approx(driver.difference_usd)


def test_a_new_group_is_volume() -> None:
    """What was not called before has no other cause."""
    (driver,) = drivers([], [use("new", 10, 10)])

    assert driver.cause == "volume"
    assert driver.volume_usd == driver.after_usd


def uses() -> st.SearchStrategy[list[Use]]:
    amount = st.floats(1, 1e6)
    one = st.builds(
        use,
        st.sampled_from(["a", "b"]),
        amount,
        amount,
        cached=st.floats(0, 1),
        rate=st.floats(1e-7, 1e-4),
        m=st.sampled_from(["s", "o"]),
    )
    return st.lists(one, max_size=5)


@given(uses(), uses())
def test_the_causes_add_up(before: list[Use], after: list[Use]) -> None:
    """To each group's difference, and those to the whole."""
    found = drivers(before, after)
    scale = sum(one.usd for one in (*before, *after))

    for one in found:
        causes = ("volume", "mix", "tokens", "cache", "price", "search")
        parts = sum(getattr(one, f"{cause}_usd") for cause in causes)
        assert parts == pytest.approx(one.difference_usd, abs=1e-6 * scale + 1e-9)
    whole = sum(one.usd for one in after) - sum(one.usd for one in before)
    assert sum(one.difference_usd for one in found) == pytest.approx(whole, abs=1e-9 * scale + 1e-9)
