"""The three signals of Claude Code over HTTP: stored, counted once, and told about."""

from __future__ import annotations

import re
import time

import pytest

from tests.collector.recorded import FIXTURES
from tests.collector.support import Client, Document

PATHS = {"traces_1": "/v1/traces", "metrics_1": "/v1/metrics", "logs_2": "/v1/logs"}
RECORDED_NS = 1_795_165_978_000_000_000
LATE_NS = time.time_ns() // 10**9 * 10**9 - 60 * 10**9 - RECORDED_NS
"""Once for all: what is sent again was recorded at the same instant."""


def sent(client: Client, name: str) -> Document:
    """Send a recorded request as if it were of minutes ago, and return the answer."""
    body = (FIXTURES / "claude_code" / f"ok_enhanced_{name}.json").read_text()
    moved = re.sub(
        r'(UnixNano":\s*")(\d{19})', lambda found: f"{found[1]}{int(found[2]) + LATE_NS}", body
    )
    answer = client.post(moved.encode(), path=PATHS[name])
    assert answer.status_code == 200, answer.text
    document: Document = answer.json()
    return document


@pytest.mark.parametrize("order", [list(PATHS), list(PATHS)[::-1]])
def test_one_call_that_three_signals_report(client: Client, order: list[str]) -> None:
    """Whatever comes first, the event counts: it knows most."""
    answers = {name: sent(client, name) for name in order}
    [call] = client.query("latest_calls")

    assert (call["request_id"], call["cost_usd"]) == ("req_s1", "0.001460000000")
    assert client.total()["calls"] == 1
    assert client.total()["cost_usd"] == "0.001460000000"
    assert answers["traces_1"] == answers["metrics_1"] == {}
    assert answers["logs_2"] == {
        "partialSuccess": {
            "errorMessage": "log records that report no Claude usage were not kept: "
            "assistant_response: 1"
        }
    }


def test_metrics_alone_are_usage(client: Client) -> None:
    """Where neither events nor spans come, what the metrics add up is the spend."""
    for _ in range(2):
        sent(client, "metrics_1")
    total = client.total()

    assert (total["requests"], total["calls"]) == (1, 0)
    assert total["cost_usd"] == "0.001340000000"
