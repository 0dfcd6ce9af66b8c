"""The Health page: is the data fresh, complete and trustworthy, and what to do where it is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import httpx2
import pytest
from streamlit.testing.v1 import AppTest

from spanledger import semconv
from tests.dashboard.conftest import Collecting, Opening, collecting
from tests.dashboard.support import Reported, report
from tests.dashboard.told import Told

PAGE = "views/health.py"
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
KEPT = "calls 400 days, other spans 30 days, alerts that are over 400 days, hourly sums for good"
EVIL = "![p](https://elsewhere.example/p.png) <b>evil</b>"


@pytest.fixture(scope="module")
def doubtful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Four calls of every kind, and a span from before its time, which is refused.

    One exact, one of an incomplete stream, one unpriced, one that two instrumentations report.
    """
    with collecting(tmp_path_factory.mktemp("doubtful")) as url:
        once = Told(4 * SECOND, facts={semconv.RESPONSE_ID: "msg_twice"})
        report(
            url,
            [
                Reported(SECOND),
                Told(2 * SECOND, facts={semconv.USAGE_COMPLETE: False, semconv.OUTCOME: "closed"}),
                Reported(3 * SECOND, model="claude-unheard-of"),
                once,
            ],
        )
        send(url, once, scope="opentelemetry.instrumentation.anthropic")
        send(url, Reported(SECOND), startTimeUnixNano="1", name=EVIL)
        yield url


def send(url: str, call: Reported, scope: str = semconv.SCOPE, **changed: str) -> None:
    """Send one span, perhaps of another scope or with facts that cannot be."""
    span = call.span() | changed
    scoped = {"scope": {"name": scope}, "spans": [span]}
    body = {"resourceSpans": [{"resource": {}, "scopeSpans": [scoped]}]}
    headers = {"Content-Type": "application/json"}
    httpx2.post(f"{url}/v1/traces", content=json.dumps(body), headers=headers).raise_for_status()


def metrics(app: AppTest) -> dict[str, tuple[str, str]]:
    return {each.label: (each.value, each.proto.delta_description) for each in app.metric}


def texts(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption])


def test_readiness_lag_and_what_arrived(doubtful: str, open_app: Opening) -> None:
    """Four live numbers, with what each is against."""
    app = open_app(doubtful, PAGE)

    told = metrics(app)
    assert not app.exception
    assert told["Collector"] == ("ready", "the last commit succeeded")
    assert told["From a call's end to its arrival"][0].endswith(" s")
    assert told["Received since the start"] == ("5", "1 had been counted already")
    assert told["Refused in 24 hours"] == ("1", "1 since the start")


def test_what_to_do_comes_with_advice(doubtful: str, open_app: Opening) -> None:
    """Every trouble by name, the worst first."""
    told = texts(open_app(doubtful, PAGE))

    assert "1 span refused in the last 24 hours" in told
    assert "1 call without a price in the last 7 days" in told
    assert "of the calls of the last 7 days are estimates" in told
    assert "reports of openllmetry" in told


def test_refused_spans_have_reasons_advice_and_examples(doubtful: str, open_app: Opening) -> None:
    """What was sent is shown as text, whatever it says."""
    app = open_app(doubtful, PAGE)

    (refused,) = app.dataframe[0].value.to_dict("records")
    assert (refused["Reason"], refused["Spans"]) == ("bad_time", 1)
    assert "clock" in refused["What to do"]
    assert json.loads(app.code[0].value)["name"] == EVIL
    assert EVIL not in texts(app)


def test_reporters_and_their_duplicates(doubtful: str, open_app: Opening) -> None:
    """Which software reports, how much of it counts, and how the rest was recognised."""
    app = open_app(doubtful, PAGE)

    rows = app.dataframe[1].value
    columns = ("Software", "Calls that count", "Also counted by another")
    told = list(zip(*(rows[column] for column in columns), strict=True))
    assert told == [("spanledger", 4, 0), ("openllmetry", 0, 1)]
    assert rows["Recognised by"].iloc[1] == "message id (1)"


def test_facts_that_reports_lack(doubtful: str, open_app: Opening) -> None:
    """In words, with the share of the source's calls."""
    app = open_app(doubtful, PAGE)

    rows = app.dataframe[2].value
    told = set(zip(rows["Why"], rows["So the cost is"], rows["Of its calls"], strict=True))
    assert ("not in the price book", "unpriced", 25.0) in told
    assert ("stream ended early: a lower bound", "estimated", 25.0) in told


def test_the_ledgers_size_and_versions(doubtful: str, open_app: Opening) -> None:
    """What it holds, for how long it keeps it, and what made it."""
    told = texts(open_app(doubtful, PAGE)).replace("\\", "")

    assert "| Calls | 4, since" in told
    assert KEPT in told
    assert "| Price book | 20" in told
    assert "left on its disk" in told


def test_a_healthy_ledger_has_nothing_to_do(collector: Collecting, open_app: Opening) -> None:
    """Four times good news, and no table of troubles."""
    with collector() as url:
        report(url, [Reported(SECOND)])
        told = texts(open_app(url, PAGE))

    assert "Nothing. Calls arrive, and all is stored." in told
    assert "No span was refused" in told
    assert "Every cost is known exactly" in told


def test_an_empty_ledger_tells_what_it_refused(collector: Collecting, open_app: Opening) -> None:
    """The page that says why nothing is there does not wait for the first call."""
    with collector() as url:
        send(url, Reported(SECOND), startTimeUnixNano="1")
        app = open_app(url, PAGE)

    assert not app.exception
    assert "Waiting for the first call" not in "".join(each.value for each in app.subheader)
    assert list(app.dataframe[0].value["Reason"]) == ["bad_time"]
    assert "No call was reported" in texts(app)


def test_a_teams_token_is_told_what_it_may_not_see(
    collector: Collecting, open_app: Opening
) -> None:
    """The rest of the page stands, and tells of the team's calls alone."""
    tokens = [{"token": "t" * 20, "team": "payments", "scope": "both"}]
    with collector(token="w" * 20, tokens=tokens) as url:
        report(url, [Reported(SECOND), Reported(SECOND, team="legal")], token="w" * 20)
        app = open_app(url, PAGE, token="t" * 20)

    assert not app.exception
    assert "only a token of the whole ledger may see them" in texts(app)
    assert list(app.dataframe[0].value["Calls that count"]) == [1]
