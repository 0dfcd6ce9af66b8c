"""What the collector says about itself: Prometheus metrics and readiness."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from spanledger_collector.durations import BOUNDS_S, Durations
from spanledger_collector.server import RunningCollector, running_collector
from tests.collector.support import Client, call_span, settings_for
from tests.collector.wires import spans, wired

Sample = tuple[str, tuple[tuple[str, str], ...]]


def samples(text: str) -> dict[Sample, float]:
    """Every sample by name and labels, read as Prometheus reads them."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def read(client: Client) -> dict[Sample, float]:
    answer = client.http.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return samples(answer.text)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[RunningCollector]:
    """A collector that has counted nothing yet."""
    with running_collector(settings_for(tmp_path)) as collector:
        yield collector


def test_every_figure_counts(fresh: RunningCollector) -> None:
    """Requests, records, duplicates, refusals and commits are counted, each under its name."""
    client = Client(fresh.url)
    with wired("grpc", fresh) as wire:
        wire.export("traces", spans(2))
        wire.send("logs", b"\xff")
    client.send(call_span("msg_1"), call_span("msg_2"))
    client.send(call_span("msg_1"))
    client.send(call_span("msg_3", traceId="00" * 16))
    client.post(b"{")
    found = read(client)
    client.close()

    def requests(transport: str, signal: str, status: str) -> float:
        labels = (("signal", signal), ("status", status), ("transport", transport))
        return found["spanledger_requests_total", labels]

    assert requests("grpc", "traces", "0") == 1
    assert requests("grpc", "logs", "3") == 1
    assert requests("http", "traces", "200") == 3
    assert requests("http", "traces", "400") == 1
    received = "spanledger_received_records_total"
    assert found[received, (("kind", "calls"), ("signal", "traces"))] == 3
    assert found[received, (("kind", "spans"), ("signal", "traces"))] == 2
    assert found["spanledger_rejected_records_total", (("reason", "bad_trace_id"),)] == 1
    plain = {name: value for (name, labels), value in found.items() if not labels}
    assert (
        plain
        | {
            "spanledger_calls_total": 2.0,
            "spanledger_duplicates_total": 1.0,
            "spanledger_quarantined_total": 1.0,
            "spanledger_failed_commits_total": 0.0,
            "spanledger_commit_seconds_count": 4.0,
            "spanledger_ready": 1.0,
            "spanledger_queue_bytes": 0.0,
            "spanledger_inflight_bytes": 0.0,
        }
        == plain
    )
    assert plain["spanledger_commit_seconds_sum"] > 0
    assert plain["spanledger_database_bytes"] > 0
    assert plain["spanledger_rollup_lag_seconds"] >= 0


def test_refusals_at_the_door_are_counted(tmp_path: Path) -> None:
    """Exports without the token are counted, and the metrics themselves want it, too."""
    with running_collector(settings_for(tmp_path, token="t0ken")) as collector:
        stranger, friend = Client(collector.url), Client(collector.url, "t0ken")
        with wired("grpc", collector) as wire:
            wire.export("traces", spans())
        stranger.post(b"{}")
        shut = stranger.http.get("/metrics").status_code
        found = read(friend)
        stranger.close()
        friend.close()

    counted = {
        dict(labels)["transport"]: dict(labels)["status"]
        for (name, labels), value in found.items()
        if name == "spanledger_requests_total" and value == 1
    }
    assert shut == 401
    assert counted == {"http": "401", "grpc": "16"}


def test_the_lag_ends_with_the_rollup(fresh: RunningCollector) -> None:
    """After the rollup has counted what was committed, nothing lags."""
    client = Client(fresh.url)
    client.send(call_span("msg_1"))
    while read(client)["spanledger_rollup_lag_seconds", ()]:
        pass
    lag = client.health()["rollup_lag_batches"]
    client.close()

    assert lag == 0


def test_the_histogram_is_cumulative() -> None:
    """Each bound counts all that took no longer, and the last one counts everything."""
    durations = Durations()
    for seconds in (0.0005, 0.001, 0.3, 99.0):
        durations.add(seconds)
    counts = dict(durations.cumulative())

    assert (counts["0.001"], counts["0.25"], counts["0.5"], counts["+Inf"]) == (2, 2, 3, 4)
    assert list(counts)[:-1] == [str(bound) for bound in BOUNDS_S]
    assert durations.sum_s == pytest.approx(99.3015)
