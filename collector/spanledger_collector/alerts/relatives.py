"""Which alert tells already what another one would: the same dollars are told once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from spanledger_collector.alerts.alert import Alert, Finding
from spanledger_collector.alerts.reading import Reader
from spanledger_collector.alerts.rules import Scope, joint

__all__ = ["EXPLAINED", "Relatives"]

EXPLAINED = 0.8
"""The share of an excess that another alert has to hold to explain it."""


class Relatives:
    """The spikes that were told and are not over.

    Args:
        scope: the calls that an alert or a finding is about.
        reader: asks how much two of them have in common.
    """

    def __init__(self, scope: Callable[[Any], Scope], reader: Reader) -> None:
        self._scope = scope
        self._reader = reader
        self._told: dict[str, Alert] = {}

    def note(self, alert: Alert) -> None:
        """Take an alert into account as it is now."""
        if alert.kind == "spike" and alert.state in {"firing", "recovering"} and alert.told:
            self._told[alert.alert_id] = alert
        else:
            self._told.pop(alert.alert_id, None)

    def explaining(self, finding: Finding) -> str | None:
        """The alert that explains a finding, the largest first."""
        share = Decimal(str(EXPLAINED))
        for alert in sorted(self._told.values(), key=lambda each: -each.excess_usd):
            if alert.key == finding.key or alert.excess_usd < share * finding.excess_usd:
                continue
            if self._common(alert, finding) >= EXPLAINED * finding.observed:
                return alert.alert_id
        return None

    def _common(self, alert: Alert, finding: Finding) -> float:
        """What the calls that both are about cost in the finding's window."""
        own = self._scope(finding)
        both = joint(self._scope(alert), own)
        if both is None:
            return 0.0
        if both == own:
            return finding.observed
        window = self._reader.window(both, "none", finding.window_start, finding.window_end)
        return float(window.measures["usd"].sum())
