"""What alerting says about itself, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from spanledger_collector.alerts.reading import epoch
from spanledger_collector.alerts.service import Alerting

__all__ = ["AlertMetrics"]


class AlertMetrics(Collector):
    """Read off at the moment of asking.

    Args:
        alerting: what it is about.
    """

    def __init__(self, alerting: Alerting) -> None:
        self._alerting = alerting

    def collect(self) -> Iterator[Metric]:
        """Judgements, messages, and what fires."""
        watch = self._alerting.watch
        yield HistogramMetricFamily(
            "spanledger_alert_judgement_seconds",
            "Time of a judgement of all rules.",
            watch.seconds.cumulative(),
            watch.seconds.sum_s,
        )
        yield CounterMetricFamily(
            "spanledger_alert_judgement_failures", "Judgements that failed.", watch.failures
        )
        judged_at = watch.judgements.judged_at
        yield GaugeMetricFamily(
            "spanledger_alert_judged_timestamp_seconds",
            "When rules were judged last, in seconds since 1970; none before the first time.",
            None if judged_at is None else epoch(judged_at),
        )
        failed = GaugeMetricFamily(
            "spanledger_alert_rule_failed",
            "1 for a rule or budget that the last judgement could not judge.",
            labels=("rule",),
        )
        left_out = GaugeMetricFamily(
            "spanledger_alert_groups_left_out",
            "Groups of a rule beyond those that are judged.",
            labels=("rule",),
        )
        for name, state in watch.judgements.states.items():
            failed.add_metric((name,), state.trouble is not None)
            left_out.add_metric((name,), state.left_out)
        yield failed
        yield left_out
        sends = CounterMetricFamily(
            "spanledger_alert_sends",
            "Tries to send a message, by what came of them.",
            labels=("channel", "outcome"),
        )
        for labels, count in dict(self._alerting.courier.sent).items():
            sends.add_metric(labels, count)
        yield sends
        for name, help_text in (
            ("firing", "Alerts that fire, as of the last judgement."),
            ("pending", "Alerts that are about to."),
            ("series", "Groups that were judged."),
        ):  # without a value until there was a judgement
            value = None if watch.last is None else getattr(watch.last, name)
            yield GaugeMetricFamily(f"spanledger_alerts_{name}", help_text, value)
