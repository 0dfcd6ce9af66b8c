"""Stopped, or on a disk that takes no more, the collector keeps what it acknowledged."""

from __future__ import annotations

import resource
import signal
import threading
from pathlib import Path

import httpx2
import orjson

from spanledger_collector.server import running_collector
from tests.collector.support import JSON, Client, call_span, request_of, settings_for
from tests.durability.process import all_message_ids, collector_process


def test_sigterm_ends_cleanly(tmp_path: Path) -> None:
    """SIGTERM answers what is under way, writes everything into one file and exits with 0."""
    acknowledged: list[str] = []
    with collector_process(tmp_path) as (process, url):
        thread = threading.Thread(target=send_until_stopped, args=(url, acknowledged))
        thread.start()
        while len(acknowledged) < 50:
            thread.join(0.01)
        process.send_signal(signal.SIGTERM)
        thread.join()
        code = process.wait()
    with running_collector(settings_for(tmp_path)) as collector:
        client = Client(collector.url)
        stored = all_message_ids(client)
        client.close()

    assert code == 0
    assert set(acknowledged) <= set(stored)
    assert not (tmp_path / "ledger.duckdb.wal").exists()


def send_until_stopped(url: str, acknowledged: list[str]) -> None:
    """Send calls until the collector refuses them or is gone."""
    with httpx2.Client(base_url=url, timeout=120) as http:
        for number in range(100_000):
            body = orjson.dumps(request_of([call_span(f"msg_{number}")]))
            try:
                answer = http.post("/v1/traces", content=body, headers={"content-type": JSON})
            except httpx2.TransportError:
                return
            if answer.status_code != 200:
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
                return
            acknowledged.append(f"msg_{number}")


def test_a_disk_that_takes_no_more(tmp_path: Path) -> None:
    """While nothing can be written, sending is 503 and /readyz says so; then it mends itself."""
    with collector_process(tmp_path) as (process, url):
        client = Client(url)
        client.send(call_span("msg_before"))
        written = max(file.stat().st_size for file in tmp_path.iterdir())
        soft_limit(process.pid, written)
        body = orjson.dumps(request_of([call_span(f"msg_lost_{i}") for i in range(500)]))
        refused = client.post(body)
        unready = client.http.get("/readyz")
        alive = client.http.get("/healthz")
        soft_limit(process.pid, resource.RLIM_INFINITY)
        while client.http.get("/readyz").status_code != 200:
            pass
        accepted = client.post(body)
        total = client.total()
        client.close()

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert unready.status_code == 503
    assert alive.status_code == 200
    assert accepted.status_code == 200
    assert total["calls"] == 501


def soft_limit(pid: int, size: int) -> None:
    """Let a process write no file beyond a size: its writes then fail as on a full disk."""
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
