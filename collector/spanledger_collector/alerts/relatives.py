"""Which alert tells already what another one would: the same dollars are told once.

Nobody is kept from hearing it: who explains tells all those whom the other would.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from spanledger_collector.alerts.alert import SEVERITIES, Alert, Finding
from spanledger_collector.alerts.reading import Reader
from spanledger_collector.alerts.rules import Scope, joint

__all__ = ["EXPLAINED", "Relatives"]

EXPLAINED = 0.8
"""The share of an excess that another alert has to hold to explain it."""
_EXPLAINED = Decimal(str(EXPLAINED))
_KINDS = frozenset({"spike", "budget"})


class Relatives:
    """The spikes and budgets that were told and are not over.

    Args:
        scope: the calls that an alert or a finding is about.
        channels: whom it tells.
        reader: asks how much two of them have in common.
    """

    def __init__(
        self,
        scope: Callable[[Any], Scope],
        channels: Callable[[Any], Sequence[str]],
        reader: Reader,
    ) -> None:
        self._scope = scope
        self._channels = channels
        self._reader = reader
        self._told: dict[str, Alert] = {}

    def note(self, alert: Alert) -> None:
        """Take an alert into account as it is now."""
        if alert.kind in _KINDS and alert.state in {"firing", "recovering"} and alert.told:
            self._told[alert.alert_id] = alert
        else:
            self._told.pop(alert.alert_id, None)

    def explaining(self, finding: Finding) -> str | None:
        """The alert that explains a finding, the largest first."""
        if finding.kind not in _KINDS:
            return None
        explains = self._spike_explains if finding.kind == "spike" else self._budget_explains
        hear = set(self._channels(finding))
        for alert in sorted(self._told.values(), key=lambda each: -each.excess_usd):
            if alert.kind != finding.kind or alert.key == finding.key:
                continue
            if hear <= set(self._channels(alert)) and explains(alert, finding):
                return alert.alert_id
        return None

    def _spike_explains(self, alert: Alert, finding: Finding) -> bool:
        if alert.excess_usd < _EXPLAINED * finding.excess_usd:
            return False
        return self._common(alert, finding) >= EXPLAINED * finding.observed

    def _budget_explains(self, alert: Alert, finding: Finding) -> bool:
        """A wider budget of this period stands as high, by the dollars of this group."""
        own = self._scope(finding)
        return (
            finding.key.dimension != "none"
            and alert.window_start == finding.window_start
            and joint(self._scope(alert), own) == own
            and finding.observed >= EXPLAINED * alert.observed
            and _used(alert) >= _used(finding)
            and SEVERITIES.index(alert.severity) >= SEVERITIES.index(finding.severity)
        )

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


def _used(of: Alert | Finding) -> float:
    """The share of a budget that is spent."""
    return of.observed / of.expected if of.expected else 0.0
