"""The stock JavaScript exporters: chunked bodies, numbers for 64-bit integers, gzip."""

from __future__ import annotations

import subprocess

import pytest

from spanledger_collector.server import RunningCollector
from tests.clients.programs import javascript
from tests.collector.support import Client

CALLS = 700
"""More than one batch of the exporter."""


@pytest.mark.parametrize("encoding", ["proto", "http", "grpc"])
def test_calls_sent_by_javascript(
    collector: RunningCollector, client: Client, encoding: str
) -> None:
    """Every call that the exporter sent is in the ledger once, with its tokens."""
    http, grpc = f"{collector.url}/v1/traces", f"http://{collector.grpc}"
    subprocess.run(
        ["node", "send.mjs", encoding, grpc if encoding == "grpc" else http, str(CALLS)],
        cwd=javascript(),
        check=True,
    )
    total = client.total()

    assert (total["calls"], total["unpriced_calls"]) == (CALLS, 0)
    assert (total["input_tokens"], total["output_tokens"]) == (1000 * CALLS, 100 * CALLS)
