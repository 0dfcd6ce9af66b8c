"""When there is nothing to show, the page says why and what to do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from spanledger_dashboard.client import Client
from spanledger_dashboard.problems import BadQuery, CollectorDown, CollectorProblem
from spanledger_dashboard.settings import Source, from_environment
from tests.dashboard.browsing import free_port
from tests.dashboard.conftest import Collecting, Opening
from tests.dashboard.support import Reported, report

PAGES = [None, *(f"views/{name}.py" for name in ("explorer", "cache", "latency", "headroom"))]


def told(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.subheader, *app.markdown])


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_ledger_shows_the_line_to_add(
    collector: Collecting, open_app: Opening, page: str | None
) -> None:
    """With the endpoint of this very collector."""
    with collector() as url:
        app = open_app(url, page)

    assert not app.exception
    assert "Waiting for the first call" in told(app)
    assert app.code[0].value == f'import spanledger; spanledger.instrument(endpoint="{url}")'
    assert not app.metric


def test_the_first_call_opens_the_page(collector: Collecting, open_app: Opening) -> None:
    """Without the reader doing anything but waiting."""
    with collector() as url:
        app = open_app(url)
        report(url, [Reported(timedelta(seconds=1))])
        st.cache_data.clear()
        app.run()

    assert app.metric[0].label == "Spend today"


@pytest.mark.parametrize("page", PAGES)
def test_a_collector_that_is_down_is_named(open_app: Opening, page: str | None) -> None:
    """What happened, which address, what to do, and a way to try again."""
    app = open_app("http://127.0.0.1:9", page)

    assert not app.exception
    assert "The collector cannot be reached" in told(app)
    assert "`http://127.0.0.1:9`" in told(app)
    assert "spanledger up" in told(app)
    assert [button.label for button in app.button] == ["Try again"]


def test_a_collector_that_comes_back_is_found(collector: Collecting, open_app: Opening) -> None:
    """One press, and the page is there."""
    app = open_app("http://127.0.0.1:9")
    with collector() as url:
        report(url, [Reported(timedelta(seconds=1))])
        app = open_app(url)

    assert app.metric[0].label == "Spend today"


@pytest.mark.parametrize("token", [None, "wrong"])
def test_a_refused_token_is_called_so(
    collector: Collecting, open_app: Opening, token: str | None
) -> None:
    """And the token itself is nowhere on the page."""
    with collector(token="right") as url:
        app = open_app(url, token=token)

    assert "refused the dashboard's token" in told(app)
    assert "SPANLEDGER_COLLECTOR__TOKEN" in told(app)
    assert "wrong" not in told(app)


def test_the_right_token_opens_the_page(collector: Collecting, open_app: Opening) -> None:
    """The dashboard sends it with every question."""
    with collector(token="right") as url:
        report(url, [Reported(timedelta(seconds=1))], token="right")
        app = open_app(url, token="right")

    assert app.metric[0].value == r"\$1.00"


def test_a_question_that_takes_too_long_says_so(collector: Collecting, open_app: Opening) -> None:
    """The collector stops it, the page says what to choose instead."""
    with collector(query_timeout_s=1e-6) as url:
        app = open_app(url)

    assert not app.exception
    assert "The question took too long" in told(app)


def test_a_question_the_collector_does_not_know_is_named(known_calls: str) -> None:
    """Its own words are passed on."""
    client = Client(Source(known_calls))

    with pytest.raises(BadQuery, match="no query 'unheard_of'"):
        client.ask("unheard_of", {})
    client.close()


def test_the_next_collector_of_a_lake_answers_for_one_that_is_gone(known_calls: str) -> None:
    """The reader notices nothing; with all of them gone, the page names them all."""
    gone, too = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    settings = from_environment({"SPANLEDGER_DASHBOARD__COLLECTOR_URL": f"{gone}/, {known_calls}"})
    client, lost = Client(settings.source), Client(Source(gone, others=(too,)))

    assert [client.ask("health", {}).num_rows for _ in range(2)] == [1, 1]
    with pytest.raises(CollectorDown) as failure:
        lost.ask("health", {})
    assert {gone, too} == set(failure.value.url.split(", "))
    client.close()
    lost.close()


def test_another_server_at_the_address_is_noticed(open_app: Opening, stranger: str) -> None:
    """A page of HTML is not an answer."""
    app = open_app(stranger)

    assert not app.exception
    assert "The collector failed to answer" in told(app)
    assert "another server" in told(app)


def test_an_unknown_time_zone_is_named(open_app: Opening, known_calls: str) -> None:
    """With what a known one looks like."""
    app = open_app(known_calls, zone="Mars/Olympus")

    assert "'Mars/Olympus' is not known" in app.error[0].value


@pytest.mark.parametrize("kind", CollectorProblem.__subclasses__())
def test_every_problem_has_words_of_its_own(kind: type[CollectorProblem]) -> None:
    """What happened and what to do, for each kind."""
    assert kind.title != CollectorProblem.title
    assert kind.advice != CollectorProblem.advice
    assert "http://there: gone" in str(kind("http://there", "gone"))


@pytest.fixture
def stranger() -> Iterator[str]:
    """Some other web server."""

    class Hello(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "13")
            self.end_headers()
            self.wfile.write(b"<h1>Hello</h1"[:13])

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Hello) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_calls_without_a_price_are_no_zero_anywhere(
    collector: Collecting, open_app: Opening
) -> None:
    """No forecast of nothing, no empty chart, no list that costs $0."""
    with collector() as url:
        report(url, [Reported(timedelta(seconds=1), model="claude-unheard-of")])
        overview = open_app(url)
        explorer = open_app(url, "views/explorer.py")
        traces = open_app(url, "views/traces.py", show="traces")

    for app in (overview, explorer):
        assert "1 call without a price" in "\n".join(each.value for each in app.info)
    for app in (overview, explorer, traces):
        assert not app.exception
        assert not app.get("vega_lite_chart")
        assert "$0" not in told(app)
    assert "trending_up" not in told(overview)
    assert {metric.label: metric.value for metric in traces.metric} == {
        "Cost (USD) + 1 unpriced call": "unpriced",
        "In the 1 trace below": "unpriced",
        "The largest of them": "—",
    }
