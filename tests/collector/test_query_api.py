"""The query API's manners: formats, errors, limits and its own description."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from spanledger_collector.server import running_collector
from spanledger_collector.store import QueryStopped
from spanledger_collector.store.duckdb import DuckDBStore
from tests.collector.support import Client, call_span, settings_for

ARROW = "application/vnd.apache.arrow.stream"
PROBLEM = "application/problem+json"
FORMULA = "=HYPERLINK(1)"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A collector with three calls."""
    with running_collector(settings_for(tmp_path_factory.mktemp("api"))) as collector:
        client = Client(collector.url)
        for number, team in enumerate([FORMULA, "\tb", "plain"]):
            client.send(call_span(f"msg_{number}", attributes={"spanledger.tag.team": team}))
        yield client
        client.close()


def test_json(client: Client) -> None:
    """JSON names query and columns, writes decimals as text and instants with a Z."""
    answer = client.http.get("/api/v1/query/latest_calls?limit=1")
    document = answer.json()
    types = {column["name"]: column["type"] for column in document["columns"]}
    [row] = document["rows"]

    assert answer.headers["content-type"] == "application/json"
    assert list(document) == ["query", "columns", "rows", "truncated", "generated_at"]
    assert document["query"] == "latest_calls"
    assert list(types) == list(row)
    assert types["cost_usd"] == "decimal128(18, 12)"
    assert row["cost_usd"] == "0.004500000000"
    assert row["start_time"].endswith("Z")
    assert document["truncated"] is True


@pytest.mark.parametrize("how", [{"headers": {"accept": ARROW}}, {"params": {"format": "arrow"}}])
def test_arrow(client: Client, how: dict[str, dict[str, str]]) -> None:
    """Arrow keeps the exact types and says in its schema whether it was cut."""
    answer = client.http.get("/api/v1/query/usage", **how)  # type: ignore[arg-type]  # one of two
    table = pa.ipc.open_stream(answer.content).read_all()

    assert answer.headers["content-type"] == ARROW
    assert table.schema.metadata == {b"query": b"usage", b"truncated": b"false"}
    assert table["cost_usd"].to_pylist() == [Decimal("0.0135")]
    assert table.schema.field("calls").type == pa.int64()


def test_csv_is_safe(client: Client) -> None:
    """A cell that a spreadsheet would run as a formula is made text; numbers stay numbers."""
    answer = client.http.get(
        "/api/v1/query/usage", params={"group_by": "team"}, headers={"accept": "text/csv"}
    )
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert {row["group_1"] for row in rows} == {f"'{FORMULA}", "'\tb", "plain"}
    assert {row["cost_usd"] for row in rows} == {"0.004500000000"}


def test_a_post_asks_as_a_get_does(client: Client) -> None:
    """A JSON object of parameters is the same question."""
    answer = client.http.post(
        "/api/v1/query/usage", json={"team": ["plain", FORMULA], "limit": 5, "bucket": None}
    )

    assert [row["calls"] for row in answer.json()["rows"]] == [2]


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("nothing", 404, "usage"),
        ("usage?colour=red", 400, "bucket"),
        ("usage?bucket=second", 400, "minute"),
        ("usage?group_by=1;drop table calls", 400, "service"),
        ("usage?limit=0", 400, "from 1 to"),
        ("usage?limit=1e9", 400, "from 1 to"),
        ("usage?start=yesterday", 400, "ISO 8601"),
        ("usage?start=0001-01-01", 400, "ISO 8601"),
        ("usage?end=9999-12-31T23:59:59Z", 400, "ISO 8601"),
        ("usage?tz=Mars/Olympus", 400, "IANA"),
        ("usage?measures=cost_usd;drop table calls", 400, "output_tokens"),
        ("users?measures=cost_usd", 400, "no parameter"),
        ("usage?tz=../../etc/passwd", 400, "IANA"),
        ("usage?tz=UTC&tz=UTC", 400, "only once"),
        ("usage?format=json&format=csv", 400, "only once"),
        ("usage?start=0001-01-01T00:00:00Z", 400, "from 2000 on and before 2200"),
        ("latest_calls?before=x/y", 400, "cursor"),
        ("usage?format=xml", 406, "arrow"),
    ],
)
def test_a_bad_question_is_told_what_is_allowed(
    client: Client, path: str, status: int, says: str
) -> None:
    """Each error is a problem document that names what would have been right."""
    answer = client.http.get(f"/api/v1/query/{path}")

    assert answer.status_code == status
    assert answer.headers["content-type"] == PROBLEM
    assert list(answer.json()) == ["type", "title", "status", "detail"]
    assert says in answer.json()["detail"]


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"limit": true}', b'{"team": [["a"]]}'])
def test_a_bad_post(client: Client, body: bytes) -> None:
    """A body that is no object of parameters is a problem, too."""
    answer = client.http.post("/api/v1/query/usage", content=body)

    assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)


def test_an_accept_header_without_a_known_format(client: Client) -> None:
    """What cannot be answered in the formats asked for is 406."""
    answer = client.http.get("/api/v1/query/usage", headers={"accept": "image/png"})

    assert answer.status_code == 406


def test_other_paths_and_methods(client: Client) -> None:
    """Unknown paths and wrong methods are problems as well."""
    assert client.http.get("/api/v1/nothing").headers["content-type"] == PROBLEM
    assert client.http.delete("/api/v1/query/usage").status_code == 405


def test_values_are_bound_never_formatted(client: Client) -> None:
    """A filter value is only ever a value."""
    for value in ("' or 1=1 --", "plain'; drop table calls; --", "%", "\x00"):
        assert client.query("usage", team=value, start="2020-01-01T00:00:00Z") == []

    assert client.total()["calls"] == 3


def test_the_list_of_queries_describes_all(client: Client) -> None:
    """Every query is listed with its question and each parameter's type, default and meaning."""
    listed = {each["name"]: each for each in client.http.get("/api/v1/queries").json()["queries"]}
    usage = {each["name"]: each for each in listed["usage"]["parameters"]}

    assert set(listed) >= {
        "usage",
        "spend_summary",
        "latest_calls",
        "dimension_values",
        "health",
        "prices",
        "unpriced",
    }
    assert all(each["question"].endswith("?") for each in listed.values())
    assert usage["bucket"]["default"] == "none"
    assert usage["team"]["repeatable"] is True
    assert all(each["meaning"] for each in usage.values())


def test_a_long_answer_is_cut_and_says_so(tmp_path: Path) -> None:
    """No answer has more rows than the setting allows."""
    with running_collector(settings_for(tmp_path, query_max_rows=5)) as collector:
        client = Client(collector.url)
        client.send(*[call_span(f"msg_{number}") for number in range(9)])
        answer = client.http.get("/api/v1/query/latest_calls").json()
        client.close()

    assert len(answer["rows"]) == 5
    assert answer["truncated"] is True


def test_a_slow_query_is_stopped(tmp_path: Path) -> None:
    """A query that takes too long is 504, and the collector goes on answering."""
    with running_collector(settings_for(tmp_path, query_timeout_s=0.000_001)) as collector:
        client = Client(collector.url)
        client.send(call_span("msg_1"))
        answer = client.http.get("/api/v1/query/usage")
        client.close()

    assert answer.status_code == 504
    assert "query_timeout_s" in answer.json()["detail"]


def test_stopping_really_stops(tmp_path: Path) -> None:
    """A query that would run for hours ends at once when it is stopped."""
    store = DuckDBStore(tmp_path)
    running = store.query()
    endless = "select sum(a.range * b.range) from range(1000000) a, range(10000000) b"
    stopper = threading.Timer(0.3, running.stop)
    stopper.start()
    with pytest.raises(QueryStopped):
        running.run(endless, {}, 1)
    stopper.join()
    store.close()
