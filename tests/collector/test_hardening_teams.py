"""Tokens of teams: what they fix, what they open, and what they leave shut."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from pydantic import SecretStr

from spanledger import semconv
from spanledger_collector.server import RunningCollector, running_collector
from spanledger_collector.settings import TeamToken
from tests.collector.recorded import FIXTURES
from tests.collector.support import JSON, Client, call_span, settings_for
from tests.collector.wires import WIRES, calls_request, spans, wired

TOKEN = "correct-horse"
TOKENS = (
    TeamToken(token=SecretStr("w-search"), team="search"),
    TeamToken(token=SecretStr("r-search"), team="search", scope="read"),
    TeamToken(token=SecretStr("b-pay"), team="pay", scope="both"),
    TeamToken(token=SecretStr("r-all"), scope="read"),
)


@pytest.fixture(scope="module")
def shared_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCollector]:
    """A collector of several teams."""
    folder = tmp_path_factory.mktemp("teams")
    with running_collector(settings_for(folder, token=TOKEN, tokens=TOKENS)) as collector:
        yield collector


@pytest.mark.parametrize("name", WIRES)
def test_a11_a_token_fixes_the_team(shared_house: RunningCollector, name: str) -> None:
    """Whatever team a sender claims, its calls belong to the team of its token."""
    admin, sender = Client(shared_house.url, TOKEN), f"msg_{name}"
    before = admin.total(team="pay")["calls"]
    claim = {semconv.TAG_PREFIX + "team": "search"}
    span = call_span(sender, attributes=claim)
    with wired(name, shared_house) as wire:
        reply = wire.export("traces", calls_request(span), token="b-pay")
        refused = wire.export("traces", spans(), token="r-search")
    [row] = [r for r in admin.query("latest_calls", limit=1000) if r["message_id"] == sender]
    after = admin.total(team="pay")["calls"]
    admin.close()

    assert (reply.http, refused.http, refused.code) == (200, 403, 7)
    assert (row["team"], after) == ("pay", before + 1)


def test_q2_a_reader_sees_its_team_alone(shared_house: RunningCollector) -> None:
    """A team's token reads the team's calls; another team's are refused, and so are totals."""
    admin, reader = Client(shared_house.url, TOKEN), Client(shared_house.url, "r-search")
    admin.send(call_span("msg_s", attributes={semconv.TAG_PREFIX + "team": "search"}))
    admin.send(call_span("msg_p", attributes={semconv.TAG_PREFIX + "team": "pay"}))
    seen = {row["team"] for row in reader.query("latest_calls", limit=1000)}
    statuses = [
        reader.http.request(method, path).status_code
        for method, path in (
            ("GET", "/api/v1/query/latest_calls?team=pay"),
            ("GET", "/api/v1/query/usage?team=search&team=pay"),
            ("GET", "/metrics"),
            ("POST", "/api/v1/prices/reprice"),
            ("POST", "/v1/traces"),
        )
    ]
    for client in (admin, reader):
        client.close()

    assert seen == {"search"}
    assert statuses == [403] * 5


def test_scopes_are_kept_apart(shared_house: RunningCollector) -> None:
    """What writes does not read, what reads does not write, and neither changes prices."""
    asked = {
        token: [
            httpx2.request(
                method,
                shared_house.url + path,
                content=b"{}",
                headers={"authorization": f"Bearer {token}", "content-type": JSON},
            ).status_code
            for method, path in (
                ("POST", "/v1/traces"),
                ("GET", "/api/v1/queries"),
                ("GET", "/metrics"),
                ("POST", "/api/v1/prices/reprice"),
            )
        ]
        for token in ("w-search", "r-search", "b-pay", "r-all", TOKEN)
    }

    assert asked["w-search"] == [200, 403, 403, 403]
    assert asked["r-search"] == [403, 200, 403, 403]
    assert asked["b-pay"] == [200, 200, 403, 403]
    assert asked["r-all"] == [403, 200, 200, 403]
    assert 403 not in asked[TOKEN]


@pytest.mark.parametrize(
    ("signal", "name"), [("logs", "logs_2"), ("metrics", "metrics_1"), ("traces", "traces_1")]
)
def test_a11_in_every_signal(tmp_path: Path, signal: str, name: str) -> None:
    """What a team's token sends as events, metrics or spans of Claude Code is that team's, too."""
    body = (FIXTURES / "claude_code" / f"ok_enhanced_{name}.json").read_bytes()
    with running_collector(settings_for(tmp_path, token=TOKEN, tokens=TOKENS)) as collector:
        admin = Client(collector.url, TOKEN)
        with wired("http/json", collector) as wire:
            reply = wire.send(signal, body, token="b-pay")
        teams = {row["team"] for row in admin.query("latest_calls", **EVER)}
        admin.close()

    assert (reply.http, reply.rejected) == (200, 0)
    assert teams == {"pay"}


EVER = {"start": "2020-01-01T00:00:00Z", "end": "2100-01-01T00:00:00Z"}
