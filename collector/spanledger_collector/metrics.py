"""What the collector says about itself, in Prometheus' text format; knows no HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from spanledger_collector.alerts.metrics import AlertMetrics
from spanledger_collector.alerts.service import Alerting
from spanledger_collector.receive.limits import InflightBudget
from spanledger_collector.store import Batch, Store, StoreUnavailable
from spanledger_collector.writer import Writer

__all__ = ["CONTENT_TYPE", "Telemetry"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = tuple[str, ...]


class Telemetry:
    """Counts of one collector, written by its event loop alone."""

    def __init__(self) -> None:
        self.requests: Counter[Labels] = Counter()
        self.received_records: Counter[Labels] = Counter()
        self.rejected_records: Counter[Labels] = Counter()
        self._registry = CollectorRegistry()

    def answered(self, transport: str, signal: str, status: str) -> None:
        """Count a request."""
        self.requests[transport, signal, status] += 1

    def received(self, signal: str, batch: Batch) -> None:
        """Count what a request held."""
        for kind in ("calls", "spans", "points", "quarantine"):
            table = getattr(batch, kind, None)
            if table is not None and table.num_rows:
                self.received_records[signal, kind] += table.num_rows
        if batch.quarantine.num_rows:
            reasons = batch.quarantine.column("reason").to_pylist()
            self.rejected_records.update((reason,) for reason in reasons)

    def watch(
        self, writer: Writer, budget: InflightBudget, store: Store, alerting: Alerting
    ) -> None:
        """From now on, tell also how these stand."""
        self._registry.register(_Standing(self, writer, budget, store))
        self._registry.register(AlertMetrics(alerting))

    def exposition(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)


class _Standing(Collector):
    """What is read off at the moment of asking."""

    def __init__(
        self, telemetry: Telemetry, writer: Writer, budget: InflightBudget, store: Store
    ) -> None:
        self._telemetry = telemetry
        self._writer = writer
        self._budget = budget
        self._store = store

    def collect(self) -> Iterator[Metric]:
        for name, (labels, help_text) in _LABELLED.items():
            family = CounterMetricFamily(f"spanledger_{name}", help_text, labels=labels)
            for values, count in dict(getattr(self._telemetry, name)).items():
                family.add_metric(values, count)
            yield family
        counters = self._writer.counters
        for name, help_text in _COUNTERS.items():
            yield CounterMetricFamily(f"spanledger_{name}", help_text, getattr(counters, name))
        yield HistogramMetricFamily(
            "spanledger_commit_seconds",
            "Time of a commit, fsync included.",
            counters.commit_seconds.cumulative(),
            counters.commit_seconds.sum_s,
        )
        yield from self._gauges()

    def _gauges(self) -> Iterator[Metric]:
        writer, budget = self._writer, self._budget
        for name, help_text, value in (
            ("ready", "1 while commits succeed.", float(writer.ready)),
            ("queue_bytes", "Rows that wait for the writer.", writer.queued_bytes),
            ("inflight_bytes", "Request bytes held in memory.", budget.held),
            ("inflight_limit_bytes", "collector.max_inflight_bytes.", budget.limit),
            ("rollup_lag_seconds", "Age of the oldest commit not rolled up.", writer.lag_s),
        ):
            yield GaugeMetricFamily(f"spanledger_{name}", help_text, value)
        try:
            size = self._store.state().database_bytes
        except StoreUnavailable:
            return  # the ledger is away, which `ready` tells; the other figures stay good
        yield GaugeMetricFamily("spanledger_database_bytes", "Size of the database.", size)


_LABELLED = {
    "requests": (
        ("transport", "signal", "status"),
        "Export requests answered; the status is that of HTTP or of gRPC.",
    ),
    "received_records": (
        ("signal", "kind"),
        "Records read from export requests, duplicates included.",
    ),
    "rejected_records": (("reason",), "Records refused and kept in quarantine."),
}
_COUNTERS = {
    "calls": "Reports of calls that counted when they came; less `superseded`, the calls added.",
    "duplicates": "Reports of calls that counted already.",
    "kept": "Those of the duplicates that are kept as evidence: not delivered before.",
    "superseded": "Calls that gave way to a better report of the same call.",
    "spans": "Other spans committed.",
    "points": "Metric points committed.",
    "quarantined": "Records committed to quarantine.",
    "failed_commits": "Attempts to use the database that failed.",
}
