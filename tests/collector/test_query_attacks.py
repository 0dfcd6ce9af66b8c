"""Attacks on the query API: injection, other teams' rows, endless questions, unlocked doors."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spanledger_collector.alerts.shown import AlertsShown
from spanledger_collector.prices import PricesInForce
from spanledger_collector.query.catalog import catalog
from spanledger_collector.query.definition import Definition, parse_definition
from spanledger_collector.query.parameters import ZONES, BadParameter, kind_of
from spanledger_collector.query.runner import CONCURRENCY, QueryTimeout, Runner
from spanledger_collector.server import running_collector
from spanledger_collector.settings import AlertsSettings, TeamToken
from spanledger_collector.store.duckdb import DuckDBStore
from spanledger_collector.writer import Writer
from tests.collector.support import Client, call_span, settings_for

PROBLEM = "application/problem+json"
INJECTIONS = (
    "1",
    "cost_usd; drop table calls",
    "model) union select * from calls --",
    "(select count(*) from calls)",
    "read_text('/etc/passwd')",
    '"model"',
    "MODEL",
    "model\x00",
)
EVERYTHING = {"start": "2020-01-01T00:00:00Z", "end": "2100-01-01T00:00:00Z"}
ENDLESS = """-- How long is forever?
-- @readers anyone
select sum(a.range * b.range) from range(10000000) as a, range(10000000) as b"""


@pytest.fixture(scope="module")
def teams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Client]]:
    """Clients of one collector: of the team red, of the team blue, and of all."""
    tokens = tuple(
        TeamToken.model_validate({"token": f"{team}-token", "team": team, "scope": "both"})
        for team in ("red", "blue")
    )
    settings = settings_for(tmp_path_factory.mktemp("teams"), token="all-token", tokens=tokens)
    with running_collector(settings) as collector:
        clients = {name: Client(collector.url, f"{name}-token") for name in ("red", "blue", "all")}
        yield clients
        for client in clients.values():
            client.close()


def choices() -> Iterator[tuple[str, str]]:
    """Every parameter that names a column, an order or a length."""
    for definition in catalog().values():
        for parameter in definition.parameters:
            if parameter.kind.name == "choice":
                yield definition.name, parameter.name


@pytest.mark.parametrize(("query", "parameter"), list(choices()))
def test_q1_names_come_from_a_list(shared: Client, query: str, parameter: str) -> None:
    """Q1: what groups, sorts or cuts is one of the declared names; all else is refused."""
    for injection in INJECTIONS:
        answer = shared.http.get(f"/api/v1/query/{query}", params={parameter: injection})

        assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)


def test_q1_no_parameter_but_the_declared(shared: Client) -> None:
    """Q1: a column's name, or what the SQL binds inside, is no parameter."""
    for name in ("cost_usd", "watermark", "fine", "row_limit", "order by", "sort;", "$team"):
        assert shared.http.get("/api/v1/query/usage", params={name: "1"}).status_code == 400


@pytest.mark.parametrize("query", sorted(catalog()))
def test_q1_every_text_is_bound(shared: Client, query: str) -> None:
    """Q1: whatever stands in a filter, a cursor or an id is a value, never a part of the SQL."""
    shared.send(call_span(f"msg_{query}"))
    before = shared.health()["calls"]
    for parameter in catalog()[query].parameters:
        value = "1/' or 1=1; drop table calls; --"
        answer = shared.http.get(f"/api/v1/query/{query}", params={parameter.name: value})

        assert answer.status_code in {200, 400}, answer.text
    assert shared.health()["calls"] == before


def test_q1_every_time_zone_is_one_to_the_database(tmp_path: Path) -> None:
    """Q1: no name gets through that only Python takes for a time zone."""
    store = DuckDBStore(tmp_path)
    local = "select count(timezone(zone, now())) as n from (select unnest($zones) as zone)"
    [row] = store.query().run(local, {"zones": list(ZONES)}, 1).table.to_pylist()
    store.close()

    assert row["n"] == len(ZONES)
    for name in ("localtime", "posix/UTC", "posixrules", "../UTC", ""):
        with pytest.raises(BadParameter):
            kind_of("zone").parse([name])


def rows_seen(client: Client, query: str, **given: Any) -> list[dict[str, Any]]:
    known = {parameter.name for parameter in catalog()[query].parameters}
    answer = client.http.get(
        f"/api/v1/query/{query}", params={k: v for k, v in given.items() if k in known}
    )
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["rows"]
    return rows


@pytest.mark.parametrize(
    "query", sorted(name for name, each in catalog().items() if each.readers == "team")
)
def test_q2_a_team_sees_its_own_rows(teams: dict[str, Client], query: str) -> None:
    """Q2: with a team's token every query answers as if there were no other team."""
    secret = f"secret-{query}"
    span = call_span(
        f"msg_{secret}",
        attributes={
            "spanledger.tag.team": "red",
            "spanledger.tag.feature": secret,
            "spanledger.tag.user": secret,
            "spanledger.tag.session": secret,
            "error.type": secret,
            "spanledger.outcome": "failed",
            "anthropic.workspace.id": secret,
        },
    )
    root = call_span() | {"traceId": span["traceId"], "name": secret, "attributes": []}
    teams["red"].send(span)
    teams["red"].send(root, scope="my.app")
    asked = EVERYTHING | {"trace_id": span["traceId"], "span_id": span["spanId"]}

    assert secret not in str(rows_seen(teams["blue"], query, **asked))
    if query in {"trace", "call", "call_reports"}:
        assert rows_seen(teams["blue"], query, **asked) == []
        assert rows_seen(teams["red"], query, **asked) != []
        assert rows_seen(teams["all"], query, **asked) != []


def test_q2_another_teams_filter_is_refused(teams: dict[str, Client]) -> None:
    """Q2: asking for another team, for several or for none is 403, by GET and by POST."""
    for team in (["red"], ["blue", "red"], ["(none)"]):
        got = teams["blue"].http.get("/api/v1/query/usage", params={"team": team})
        posted = teams["blue"].http.post("/api/v1/query/usage", json={"team": team})

        assert (got.status_code, posted.status_code) == (403, 403)
        assert got.headers["content-type"] == PROBLEM
    assert teams["blue"].http.post("/api/v1/query/usage", json={"team": []}).status_code == 403
    assert rows_seen(teams["blue"], "usage", team="blue") == rows_seen(teams["blue"], "usage")


def test_q2_what_is_about_all_teams_is_refused(teams: dict[str, Client]) -> None:
    """Q2: refused spans may be anyone's, so a team's token does not see them."""
    for name, definition in catalog().items():
        if definition.readers == "whole ledger":
            assert teams["red"].http.get(f"/api/v1/query/{name}").status_code == 403
            assert teams["all"].http.get(f"/api/v1/query/{name}").status_code == 200


def test_q2_calls_slipped_into_a_trace_open_nothing(teams: dict[str, Client]) -> None:
    """Q2: a call of one's own in another team's trace shows that call alone."""
    theirs = call_span("msg_theirs", attributes={"spanledger.tag.team": "red"})
    span = call_span() | {"traceId": theirs["traceId"], "attributes": []}
    mine = call_span("msg_mine", attributes={"spanledger.tag.team": "blue"})
    mine["traceId"] = theirs["traceId"]
    teams["red"].send(theirs)
    teams["red"].send(span, scope="my.app")
    teams["blue"].send(mine)
    rows = rows_seen(teams["blue"], "trace", trace_id=theirs["traceId"])

    assert [row["span_id"] for row in rows] == [mine["spanId"]]


@pytest.mark.parametrize(
    "given",
    [
        {"limit": "-1"},
        {"limit": "99999999999999999999"},
        {"limit": "1000000"},
        {"team": ["x"] * 1001},
        {"team": "x" * 1025},
        {"start": "1000-01-01"},
    ],
)
def test_q3_questions_are_bounded(shared: Client, given: dict[str, Any]) -> None:
    """Q3: limits, lists and texts have ends, and what is beyond them is refused."""
    assert shared.http.get("/api/v1/query/usage", params=given).status_code in {400, 431}
    assert shared.http.post("/api/v1/query/usage", json=given).status_code == 400


def test_q3_a_pattern_is_only_a_value(shared: Client) -> None:
    """Q3: there are no patterns to make slow: a filter compares."""
    assert shared.query("usage", model="(a+)+$", service=".*") == []


async def test_q3_an_endless_query_is_answered_and_gone(tmp_path: Path) -> None:
    """Q3: endless queries on every thread end in time, are interrupted, and free their threads."""
    store = DuckDBStore(tmp_path)
    runner = _runner(store, timeout_s=0.3)
    endless = [runner.run(_endless(), {}) for _ in range(CONCURRENCY * 2)]
    refused = await asyncio.gather(*endless, return_exceptions=True)
    while runner.busy:
        await asyncio.sleep(0.01)
    await asyncio.to_thread(runner.close)
    store.close()

    assert [type(error) for error in refused] == [QueryTimeout] * CONCURRENCY * 2


async def test_q3_closing_stops_what_runs(tmp_path: Path) -> None:
    """Q3: an endless query does not keep the collector from stopping."""
    store = DuckDBStore(tmp_path)
    runner = _runner(store, timeout_s=60)
    asked = asyncio.create_task(runner.run(_endless(), {}))
    while not runner.busy:
        await asyncio.sleep(0.01)
    await asyncio.to_thread(runner.close)
    store.close()

    assert isinstance((await asyncio.gather(asked, return_exceptions=True))[0], Exception)


@pytest.mark.parametrize("upgrade", ["websocket", "text/event-stream"])
def test_q4_no_door_without_a_token(teams: dict[str, Client], upgrade: str) -> None:
    """Q4: asking for a WebSocket or a stream of events opens nothing."""
    url = str(teams["all"].http.base_url)
    stranger = Client(url)
    headers = {
        "connection": "Upgrade",
        "upgrade": upgrade,
        "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "sec-websocket-version": "13",
        "accept": upgrade,
    }
    for path in ("/api/v1/query/usage", "/api/v1/queries", "/api/v1/openapi.json", "/"):
        assert stranger.http.get(path, headers=headers).status_code == 401
    stranger.close()


def _endless() -> Definition:
    return parse_definition("endless", ENDLESS)


def _runner(store: DuckDBStore, timeout_s: float) -> Runner:
    return Runner(
        store, Writer(store, 1), timeout_s, 10, PricesInForce(), AlertsShown(AlertsSettings())
    )
