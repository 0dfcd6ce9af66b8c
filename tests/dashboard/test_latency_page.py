"""The page on latency and reliability: slow, failing, retried, and what that costs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from spanledger import semconv
from tests.dashboard.conftest import Opening, collecting
from tests.dashboard.support import MILLION, Reported, report
from tests.dashboard.told import Fact, Told

PAGE = "views/latency.py"
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
STREAMED: dict[str, Fact] = {
    semconv.REQUEST_STREAM: True,
    semconv.TIME_TO_FIRST_CHUNK: 0.25,
}
CLOSED: dict[str, Fact] = {semconv.OUTCOME: "closed", semconv.USAGE_COMPLETE: False}
RETRIED: dict[str, Fact] = {semconv.HTTP_RESEND_COUNT: 2}


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Calls of 0.8 s, three of them retries.

    Now two completed, one closed early for $1 and one failed; a week ago one completed and one
    failed.
    """
    with collecting(tmp_path_factory.mktemp("mixed")) as url:
        report(
            url,
            [
                Told(SECOND, output_tokens=80, facts=STREAMED),
                Told(2 * SECOND, service="search", facts=RETRIED),
                Told(3 * SECOND, facts={**STREAMED, **CLOSED}),
                Told(4 * SECOND, error="overloaded_error", facts={semconv.HTTP_RESEND_COUNT: 1}),
                Reported(7 * DAY + 2 * MINUTE, input_tokens=MILLION),
                Reported(7 * DAY + 3 * MINUTE, error="overloaded_error"),
                Reported(400 * DAY),
            ],
        )
        yield url


def texts(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption])


def metrics(app: AppTest) -> dict[str, tuple[str, str, str]]:
    return {
        each.label: (each.value.replace("\\", ""), each.delta, each.proto.delta_description)
        for each in app.metric
    }


def test_six_numbers_with_the_range_before(mixed: str, open_app: Opening) -> None:
    """Percentiles, speed, failures, retries, and the dollars that came to nothing."""
    app = open_app(mixed, PAGE)

    told = metrics(app)
    assert not app.exception
    # Percentiles come from a histogram whose buckets grow by 4 %.
    assert 780 <= int(told["Time taken, 95 of 100"][0].removesuffix(" ms")) <= 820
    assert told["Time taken, 95 of 100"][1] == "no change"
    assert told["First chunk, 95 of 100"][0].endswith(" ms")
    assert told["Failed requests"] == ("25.0%", "-25.0 pts", "vs 50.0%")
    assert told["Retries"] == ("3", "+3", "vs 0")
    assert told["Wasted (USD)"] == ("$1.00", r"+\$1.00", "vs $0.00")


def test_each_model_has_its_speed(mixed: str, open_app: Opening) -> None:
    """Percentiles, tokens a second, failures and waste, beside the range before."""
    app = open_app(mixed, PAGE)

    (row,) = app.dataframe[0].value.to_dict("records")
    assert (row["Model"], row["Requests"], row["Retries"]) == ("claude-haiku-4-5-20251001", 4, 3)
    assert row["p95"] == pytest.approx(0.8, rel=0.03)
    assert row["p95 before"] == pytest.approx(0.8, rel=0.03)
    assert row["Chunk p50"] == pytest.approx(0.25, rel=0.03)
    assert row["Tokens/s"] == pytest.approx(100)  # 80 tokens in 0.8 s
    assert (row["Failed"], row["Wasted"]) == (25.0, 1.0)


def test_errors_come_by_class(mixed: str, open_app: Opening) -> None:
    """Failures first, then what was left early, then what went well after retries."""
    app = open_app(mixed, PAGE, by="service")

    rows = app.dataframe[1].value
    told = list(zip(rows["What"], rows["Error"], rows["Service"], rows["Before"], strict=True))
    assert told == [
        ("Failed", "overloaded_error", "checkout", 1),
        ("Closed early", "—", "checkout", 0),
        ("Completed after retries", "—", "search", 0),
    ]
    assert all(re.match(r"traces\?.*trace=[0-9a-f]{32}&at=20", link) for link in rows["Trace"])
    assert list(app.dataframe[0].value["Service"]) == ["checkout", "search"]


def test_charts_have_words_for_those_who_cannot_see_them(mixed: str, open_app: Opening) -> None:
    """Three charts, each with its message."""
    app = open_app(mixed, PAGE)

    charts = [element.proto for element in app.get("vega_lite_chart")]
    told = " ".join(chart.alt for chart in charts)
    assert len(charts) == 3
    assert "Time taken by day" in told
    assert "1 failure, 1 stream closed early" in told


def test_filters_narrow_all_of_it(mixed: str, open_app: Opening) -> None:
    """A service in which nothing failed has nothing to list."""
    app = open_app(mixed, PAGE, service="search", range="today")

    assert not app.exception
    assert metrics(app)["Failed requests"][0] == "0.0%"
    assert "Every request completed" in texts(app)
    assert any("No request of this range told" in each.value for each in app.info)


def test_a_range_without_requests_is_no_error(mixed: str, open_app: Opening) -> None:
    """Unknown is not zero."""
    app = open_app(mixed, PAGE, range="custom", **{"from": "2026-01-01", "to": "2026-01-02"})

    assert not app.exception
    assert metrics(app)["Time taken, 95 of 100"][0] == "—"
    assert "Nothing failed and nothing was retried" in texts(app)
