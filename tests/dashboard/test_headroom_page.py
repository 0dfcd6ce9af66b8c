"""The Headroom page: will rate limits be hit, and which first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from spanledger import semconv
from tests.dashboard.conftest import Opening, collecting
from tests.dashboard.support import MILLION, Reported, report
from tests.dashboard.told import Fact, Told, limit

PAGE = "views/headroom.py"
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
OWNER: dict[str, Fact] = {semconv.ORGANIZATION_ID: "org_1", semconv.WORKSPACE_ID: "wrkspc_1"}


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """30M input tokens in 15 minutes against a limit of 1M a minute, of which 250,000 are left.

    One request refused now for want of input tokens, one a week ago that told nothing.
    """
    used = {**OWNER, **limit("requests", 50, 40)}
    with collecting(tmp_path_factory.mktemp("limited")) as url:
        report(
            url,
            [
                Told(
                    MINUTE,
                    input_tokens=10 * MILLION,
                    facts={**used, **limit("input_tokens", MILLION, 250_000)},
                ),
                Told(
                    2 * MINUTE,
                    input_tokens=20 * MILLION,
                    facts={**used, **limit("input_tokens", MILLION, 500_000)},
                ),
                Told(
                    3 * MINUTE,
                    error="rate_limit_error",
                    facts={
                        **used,
                        semconv.HTTP_STATUS: 429,
                        **limit("input_tokens", MILLION, 0),
                    },
                ),
                Told(
                    7 * DAY + 2 * MINUTE,
                    error="rate_limit_error",
                    facts={semconv.HTTP_STATUS: 429},
                ),
                Reported(400 * DAY),
            ],
        )
        yield url


def metrics(app: AppTest) -> dict[str, tuple[str, str]]:
    return {each.label: (each.value, each.proto.delta_description) for each in app.metric}


def texts(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption])


def test_what_runs_out_first_stands_on_top(limited: str, open_app: Opening) -> None:
    """The pace, the time to the end, the least that was left, and who was refused."""
    app = open_app(limited, PAGE)

    told = metrics(app)
    assert not app.exception
    # 30M tokens in 15 minutes are twice the limit: 1M a minute more than comes back.
    assert told["Pace now, of the limit"] == ("200.0%", "input tokens, haiku-4-5-20251001")
    assert told["Limit runs out in"] == ("15.0 s", "at the present pace")
    assert told["Least left of a limit"][0] == "0.0%"
    assert told["Refused with 429"] == ("1", "vs 1")


def test_each_limit_has_a_line(limited: str, open_app: Opening) -> None:
    """Least and nearly least that was left, the highest use, the pace, and whose it is."""
    app = open_app(limited, PAGE)

    inputs, requests = app.dataframe[0].value.to_dict("records")
    assert inputs["Limit"] == "Input tokens"
    assert (inputs["A minute"], inputs["Left at least"]) == (MILLION, 0)
    assert (inputs["Highest use"], inputs["Pace of limit"]) == (100.0, 200.0)
    assert (inputs["Workspace"], inputs["Organisation"]) == ("wrkspc_1", "org_1")
    assert (requests["Limit"], requests["Left at least"]) == ("Requests", 40)
    assert (requests["Runs out"], requests["May grow"]) == ("never", 375)  # 2 in 15 minutes


def test_refusals_are_told_by_kind(limited: str, open_app: Opening) -> None:
    """In the chart's words, with the kind that was told a week before."""
    app = open_app(limited, PAGE)

    told = " ".join(element.proto.alt for element in app.get("vega_lite_chart"))
    assert "Input tokens 1 request" in told
    assert "No limit told 0 requests" in told
    assert "Highest use of the limits by day: Input tokens 100.0% of 1M" in told
    refused = [each.proto for each in app.get("page_link") if "newest refused" in each.proto.label]
    assert ["trace=" in link.query_string for link in refused] == [True]


def test_reports_without_headers_say_why_there_is_nothing(
    known_calls: str, open_app: Opening
) -> None:
    """Not told is not unlimited."""
    app = open_app(known_calls, PAGE)

    assert not app.exception
    assert metrics(app)["Least left"][0] == "not told"
    assert all("No answer of this range told its rate limits" in each.value for each in app.info)
    assert len(app.info) == 2
    assert "No request was refused with 429" in texts(app)


def test_filters_narrow_the_limits(limited: str, open_app: Opening) -> None:
    """A model that was not called has no limit."""
    app = open_app(limited, PAGE, model="claude-opus-5-5")

    assert not app.exception
    assert not app.dataframe
    assert metrics(app)["Pace now"][0] == "no calls"
