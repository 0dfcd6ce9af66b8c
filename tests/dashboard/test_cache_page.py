"""The Cache page: does caching pay, and why does it miss."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from spanledger import semconv
from tests.dashboard.conftest import Collecting, Opening, collecting
from tests.dashboard.support import MILLION, Reported, report
from tests.dashboard.told import Fact, Told

PAGE = "views/cache.py"
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
WRITTEN: dict[str, Fact] = {
    semconv.INPUT_TOKENS: MILLION,
    semconv.CACHE_WRITE_TOKENS: MILLION,
    semconv.CACHE_WRITE_5M_TOKENS: MILLION,
}
MISSED: dict[str, Fact] = {
    semconv.CACHE_MISS_REASON: "tools_changed",
    semconv.CACHE_MISSED_TOKENS: MILLION // 2,
}


@pytest.fixture(scope="module")
def cached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A ledger of known savings, at $1 a million tokens.

    Today 8M tokens read, 1M missed and 1M written twice within 20 minutes; before that, a week ago,
    1M read and 3M not.
    """
    session: dict[str, Fact] = {f"{semconv.TAG_PREFIX}session": "s"}
    with collecting(tmp_path_factory.mktemp("cached")) as url:
        report(
            url,
            [
                Told(SECOND, input_tokens=0, cache_read=8 * MILLION, feature="chat"),
                Told(2 * SECOND, feature="search", facts=MISSED),
                Told(3 * MINUTE, feature="chat", facts={**WRITTEN, **session}),
                Told(23 * MINUTE, feature="chat", facts={**WRITTEN, **session}),
                Told(
                    7 * DAY + 2 * MINUTE,
                    input_tokens=3 * MILLION,
                    cache_read=MILLION,
                    feature="chat",
                ),
                Told(400 * DAY),
            ],
        )
        yield url


def texts(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption])


def metrics(app: AppTest) -> dict[str, tuple[str, str]]:
    return {each.label: (each.value.replace("\\", ""), each.delta) for each in app.metric}


def test_four_numbers_say_whether_caching_pays(cached: str, open_app: Opening) -> None:
    """Token-weighted, after the premium on writes, each with the range before."""
    app = open_app(cached, PAGE)

    told = metrics(app)
    assert not app.exception
    # Of 8M read, 1M plain and 2M written tokens.
    assert told["Cache-hit share"] == ("72.7%", "+47.7 pts")
    # Reads save $0.90 a million, writes cost $0.25 more.
    assert told["Net saved (USD)"][0] == "$6.70"
    assert told["Missed, by report (USD)"][0] == "$0.45"
    assert told["Written again too late (USD)"][0] == "$1.25"
    assert "compared with the previous 7 days" in texts(app)


def test_the_worst_features_are_ranked_by_dollars(cached: str, open_app: Opening) -> None:
    """With hit share, net savings and reported misses, and what they were before."""
    app = open_app(cached, PAGE)

    worst = app.dataframe[0].value
    assert list(worst["Feature"]) == ["chat", "search"]
    assert list(worst["Not from the cache"]) == [2.5, 1.0]
    assert worst["Hit share before"].iloc[0] == 25.0
    assert worst["Missed, as reported"].iloc[1] == 0.45


def test_a_prompt_used_again_too_late_has_a_verdict(cached: str, open_app: Opening) -> None:
    """How late, what it cost, and whether one-hour writes would pay."""
    app = open_app(cached, PAGE)

    (late,) = app.dataframe[1].value.to_dict("records")
    assert (late["Feature"], late["Late reuses"], late["Typical gap"]) == ("chat", 1, "20 min 0 s")
    assert late["Written again"] == 1.25
    assert late["Verdict"] == "Use 1-hour writes"


def test_lifetimes_are_told_apart(cached: str, open_app: Opening) -> None:
    """Tokens and dollars of five-minute and one-hour writes."""
    app = open_app(cached, PAGE)

    assert "5 minutes: 2M tokens, \\$2.50. 1 hour: 0 tokens" in texts(app)


def test_writes_of_unknown_lifetime_are_told(collector: Collecting, open_app: Opening) -> None:
    """They are counted as five minutes, and the page says how many."""
    unknown: dict[str, Fact] = {**WRITTEN}
    del unknown[semconv.CACHE_WRITE_5M_TOKENS]
    with collector() as url:
        report(url, [Told(SECOND, facts=unknown)])
        told = texts(open_app(url, PAGE))

    assert "1 call did not tell the lifetime of what they wrote" in told
    assert "1 call (100.0%) of these sums with an estimated cost" in told


def test_the_group_and_the_filters_are_in_the_link(cached: str, open_app: Opening) -> None:
    """A link opens the same tables of the same calls."""
    app = open_app(cached, PAGE, by="model", feature="search")

    worst = app.dataframe[0].value
    assert list(worst["Model"]) == ["claude-haiku-4-5-20251001"]
    assert metrics(app)["Cache-hit share"][0] == "0.0%"
    assert "No prompt was written again" in texts(app)


def test_without_diagnosis_the_page_says_how_to_get_it(
    collector: Collecting, open_app: Opening
) -> None:
    """Not reported is not zero."""
    with collector() as url:
        report(url, [Reported(SECOND)])
        app = open_app(url, PAGE)

    assert not app.exception
    assert metrics(app)["Missed, by report (USD)"][0] == "not reported"
    assert "previous_message_id" in texts(app)
    assert "the ledger had not begun" in texts(app)
    assert "Nothing was written to the cache" in app.info[0].value


def test_a_range_without_calls_is_no_error(cached: str, open_app: Opening) -> None:
    """Nothing is said so, card by card."""
    app = open_app(cached, PAGE, range="custom", **{"from": "2026-01-01", "to": "2026-01-02"})

    assert not app.exception
    assert metrics(app)["Cache-hit share"][0] == "—"
    assert any("No call in this range" in each.value for each in app.info)
