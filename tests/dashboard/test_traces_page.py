"""Traces & sessions: lists by cost, a trace's waterfall, a call in full, each behind a link."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from spanledger import semconv
from spanledger_dashboard import places, run_files
from spanledger_dashboard.data import runs as runs_of
from spanledger_dashboard.settings import Source
from tests.dashboard.conftest import Collecting, Opening, collecting
from tests.dashboard.support import Reported, labelled, report
from tests.dashboard.told import limit
from tests.dashboard.traced import OTHER_SOURCE, call, send, span, span_id

PAGE = "views/traces.py"
TRACE, USUAL, CROWD = "a" * 31 + "1", "b" * 31 + "2", "c" * 31 + "3"
TAGS = {"team": "payments", "feature": "refunds", "user": "u-1"}


class Traced(NamedTuple):
    """A ledger with a trace that is known step by step."""

    url: str
    began: datetime

    @property
    def link(self) -> dict[str, str | list[str]]:
        return places.to_trace({}, TRACE, self.began)


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traced]:
    """A request of $3: two calls in an agent, one reported twice, a tool that failed.

    A day before, a usual one of $1; beside them a session of 30 traces and calls of none.
    """
    seen = limit("requests", 50, 20)
    with collecting(tmp_path_factory.mktemp("traced")) as url:
        began = send(
            url,
            TRACE,
            timedelta(minutes=20),
            [
                span("POST /refunds", 1, None, 0, 60),
                span("invoke_agent clerk", 2, 1, 1, 59),
                call(
                    3, 2, 2, 12, message="msg_one", tags={"session": "s-1"} | TAGS, facts={
                        **seen,
                        semconv.CACHE_MISS_REASON: "tools_changed",
                        semconv.CACHE_MISSED_TOKENS: 4000,
                    },
                ),
                call(4, 2, 2, 12, message="msg_one", scope=OTHER_SOURCE),
                span("execute_tool pay", 5, 2, 13, 14, failed=True, amount=7),
                call(6, 2, 15, 58, tokens=0, output=400_000, tags={"session": "s-1"} | TAGS),
            ],
        )  # fmt: skip
        send(url, USUAL, timedelta(days=1), [call(7, 99, 0, 5, tags={"session": "s-0"} | TAGS)])
        for number in range(30):
            crowd = call(
                100 + number,
                None,
                0,
                1,
                tokens=1000,
                tags={"session": "crowd", "team": "discovery"},
            )
            send(url, f"{number + 1:032x}", timedelta(minutes=90 - number), [crowd])
        report(url, [Reported(timedelta(minutes=5), team="payments")])
        yield Traced(url, began)


def texts(app: AppTest) -> str:
    told = [*app.markdown, *app.caption, *app.subheader, *app.code, *app.info]
    return "\n".join(element.value for element in told)


def links(app: AppTest) -> dict[str, str]:
    """What each link of the page opens, by its words."""
    pages = [element.proto for element in app.get("page_link")]
    return {page.label: page.query_string for page in pages}


def opened(app: AppTest) -> set[str]:
    """The traces that links of the page open."""
    queries = [element.proto.query_string for element in app.get("page_link")]
    return {query for query in queries if "trace=" in query}


def metrics(app: AppTest) -> dict[str, tuple[str, str]]:
    return {each.label: (each.value, each.proto.delta_description) for each in app.metric}


def test_sessions_are_listed_by_cost(traced: Traced, open_app: Opening) -> None:
    """The most expensive first, each a link that carries its time."""
    app = open_app(traced.url, PAGE)

    listed = [label for label in links(app) if label.startswith(("s\\-", "crowd"))]
    assert not app.exception
    assert listed == [r"s\-1", r"s\-0", "crowd"]
    assert "session=s-1" in links(app)[r"s\-1"]
    assert "at=20" in links(app)[r"s\-1"]
    assert r"**\$3.00** :small[:gray[74.4% of these]]" in texts(app)


def test_the_list_is_a_file(traced: Traced) -> None:
    """What is listed, exactly, as CSV that no spreadsheet takes for formulas, and as Parquet."""
    week = traced.began - timedelta(days=7)
    source = Source(traced.url)
    listed = runs_of.sessions(
        source, week, None, sort="cost", after=None, limit=20, filters=()
    ).runs
    runs = [*listed, listed[0]._replace(id="=cmd", cost_usd=None)]

    rows = list(csv.DictReader(io.StringIO(run_files.as_csv(runs))))
    table = pq.read_table(io.BytesIO(run_files.as_parquet(runs)))

    assert [row["id"] for row in rows] == ["s-1", "s-0", "crowd", "'=cmd"]
    assert Decimal(rows[0]["cost_usd"]) == Decimal(3)
    assert rows[-1]["cost_usd"] == ""
    assert table.column("id").to_pylist() == ["s-1", "s-0", "crowd", "=cmd"]
    assert table.column("cost_usd").to_pylist() == [run.cost_usd for run in runs]
    assert table.column("oldest").to_pylist() == [run.oldest for run in runs]


def test_the_headline_compares(traced: Traced, open_app: Opening) -> None:
    """The range's cost, the part of it in the list, and the largest beside the median."""
    app = open_app(traced.url, PAGE)

    assert metrics(app)["Cost (USD)"][0] == r"\$5.03"
    assert metrics(app)["In the 3 sessions below"] == (r"\$4.03", "80.1% of the range's cost")
    assert metrics(app)["The largest of them"][1] == "3.0 times the median of $1.00"


def test_lists_go_on(traced: Traced, open_app: Opening) -> None:
    """33 traces: twenty, then the rest, and back to the first."""
    first = open_app(traced.url, PAGE, show="traces", sort="newest")
    after = links(first)["Next page"]
    cursor = dict(pair.split("=") for pair in after.split("&"))["after"]
    second = open_app(
        traced.url, PAGE, show="traces", sort="newest", after=cursor.replace("%2F", "/")
    )

    assert len(opened(first)) == 20
    assert len(opened(second)) == 13
    assert not opened(first) & opened(second)
    assert "First page" in links(second)
    assert "Next page" not in links(second)


def test_filters_hold_for_the_list_and_its_links(traced: Traced, open_app: Opening) -> None:
    """A link to a session keeps the filters, so that the way back does."""
    app = open_app(traced.url, PAGE, team="discovery")

    assert [label for label in links(app) if label == "crowd" or label.startswith("s\\-")] == [
        "crowd"
    ]
    assert "team=discovery" in links(app)["crowd"]


def test_a_session_has_its_traces(traced: Traced, open_app: Opening) -> None:
    """Its sum beside that of others of its feature, its id to copy, its traces as links."""
    app = open_app(traced.url, PAGE, session="s-1", at=places.written(traced.began))

    assert not app.exception
    assert metrics(app)["Cost (USD)"] == (r"\$3.00", "vs $1.00")
    assert metrics(app)["Calls"] == ("2", "in 1 trace")
    assert app.code[0].value == "s-1"
    assert f"trace={TRACE}" in links(app)["refunds · aaaaaaaa"]


def test_a_long_session_goes_on(traced: Traced, open_app: Opening) -> None:
    """Its sum is of all traces, whichever are shown."""
    app = open_app(traced.url, PAGE, session="crowd", at=places.written(traced.began))

    assert metrics(app)["Calls"] == ("30", "in 30 traces")
    assert "1 to 20 of 30" in texts(app)
    assert "Next page" in links(app)


def test_a_trace_adds_up_once(traced: Traced, open_app: Opening) -> None:
    """Two calls of $1 and $2; the second report of the first is in no sum."""
    app = open_app(traced.url, PAGE, **traced.link)

    assert not app.exception
    assert metrics(app)["Cost (USD)"][0] != r"\$4.00"
    assert app.metric[0].value == r"\$3.00"
    assert app.metric[0].delta == r"+\$2.00 (+200%)"
    assert "the last trace of refunds in the 7 days before" in texts(app)
    assert metrics(app)["Calls"][0] == "2"
    assert metrics(app)["Failed steps"] == ("1", "of 6 steps")
    assert "further reports of calls that count already" in texts(app)


def test_every_step_can_be_chosen_without_a_mouse(traced: Traced, open_app: Opening) -> None:
    """The tree as a list with cost and time; choosing is an entry of the address."""
    app = open_app(traced.url, PAGE, **traced.link)
    look = labelled(app.selectbox, "Look at")

    assert [option.strip("\u2003") for option in look.options] == [
        "POST /refunds · $3.00 · 1 min 0 s",
        "invoke_agent clerk · $3.00 · 58.0 s",
        "chat claude-haiku-4-5-20251001 · $1.00 · 10.0 s",
        "chat claude-haiku-4-5-20251001 · counted once · 10.0 s",
        "execute_tool pay · 1.0 s",
        "chat claude-haiku-4-5-20251001 · $2.00 · 43.0 s",
    ]
    assert look.value == span_id(6)

    look.select(span_id(3)).run()

    assert (app.query_params["call"], app.query_params["trace"]) == (span_id(3), TRACE)
    assert "Cache diagnosis" in texts(app)


def test_a_call_in_full(traced: Traced, open_app: Opening) -> None:
    """Cost with its parts and price book, alternatives, limits, diagnosis, ids and evidence."""
    app = open_app(traced.url, PAGE, **traced.link, call=span_id(3))
    told = texts(app)
    tables = [table.value for table in app.dataframe]

    assert not app.exception
    assert list(tables[0]["What"]) == ["Uncached input"]
    assert list(tables[0]["USD"]) == ["$1.00"]
    assert r"In a batch: **\$0.50**, \$0.50 less (-50%)" in told
    assert r"Exactly \$1.000000000000" in told
    assert "By price book" in told
    assert "**tools changed**: 4,000 tokens would have come from the cache" in told
    assert {"msg_one", TRACE, span_id(3)} <= {code.value for code in app.code}
    limits = next(table for table in tables if "Left" in table)
    assert limits.iloc[0].tolist() == ["Requests", 50, 20, pytest.approx(60)]
    reports = next(table for table in tables if "Report" in table)
    assert list(reports["Report"]) == ["counts", "evidence, by message_id"]
    assert "2 sources report this call; it counts once" in told
    assert "keeps no prompt, no answer" in told
    assert "Not reported:" in told


def test_a_plain_span_shows_what_it_said(traced: Traced, open_app: Opening) -> None:
    """Its attributes, and that it costs nothing."""
    app = open_app(traced.url, PAGE, **traced.link, call=span_id(5))

    assert "A span costs nothing by itself" in texts(app)
    assert app.dataframe[0].value.iloc[0].tolist() == ["amount", "7"]


def test_parents_that_did_not_arrive_are_told(traced: Traced, open_app: Opening) -> None:
    """A service without tracing of its own sends calls alone, which is no fault."""
    app = open_app(traced.url, PAGE, trace=USUAL)

    assert "1 step has a parent that did not arrive" in texts(app)


def test_a_wrong_time_in_a_link_still_finds_the_trace(traced: Traced, open_app: Opening) -> None:
    """It is looked for everywhere then."""
    app = open_app(traced.url, PAGE, trace=TRACE, at="2020-01-01T00:00:00Z")

    assert app.metric[0].value == r"\$3.00"


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"trace": "d" * 32}, "is in the ledger"),
        ({"trace": "<script>"}, "This is no trace id"),
        ({"session": "nobody"}, "No call of this session"),
        ({"team": "nobody"}, "No session in these filters"),
        ({"team": "nobody", "show": "traces"}, "No trace in these filters"),
    ],
    ids=["unknown trace", "no id", "unknown session", "no sessions", "no traces"],
)
def test_nothing_to_show_says_why(
    traced: Traced, open_app: Opening, params: dict[str, str], said: str
) -> None:
    """What was looked for, and what to do."""
    app = open_app(traced.url, PAGE, **params)

    assert not app.exception
    assert said in texts(app)


def test_without_sessions_the_page_shows_how_to_name_one(
    collector: Collecting, open_app: Opening
) -> None:
    """With the line to write."""
    with collector() as url:
        report(url, [Reported(timedelta(seconds=1))])
        app = open_app(url, PAGE)

    assert "spanledger.tags(session=" in app.code[0].value


def test_a_call_without_a_price_says_why(collector: Collecting, open_app: Opening) -> None:
    """It is unpriced, not $0, and the reason is in words."""
    facts = {semconv.REQUEST_MODEL: "claude-unheard-of", semconv.RESPONSE_MODEL: None}
    with collector() as url:
        send(url, TRACE, timedelta(minutes=1), [call(1, None, 0, 1, facts=facts)])
        app = open_app(url, PAGE, trace=TRACE)

    assert app.metric[0].value == "unpriced"
    assert "not in the price book" in texts(app)
    assert Decimal(0) not in [metric.value for metric in app.metric]


def test_a_huge_trace_is_drawn_in_part(collector: Collecting, open_app: Opening) -> None:
    """The sums are whole; what is not drawn is told, and can be chosen."""
    many = [span("job", 1, None, 0, 400), call(2, 1, 1, 2)]
    many += [span(f"step {number}", number, 1, number, number + 1) for number in range(3, 303)]
    with collector() as url:
        send(url, TRACE, timedelta(minutes=30), many)
        app = open_app(url, PAGE, trace=TRACE)

    assert app.metric[0].value == r"\$1.00"
    assert "2 steps of 302 drawn" in texts(app)
    assert len(labelled(app.selectbox, "Look at").options) == 302
