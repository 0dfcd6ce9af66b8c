"""The rules in force: those that come with SpanLedger under those of the settings; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from spanledger_collector.settings import (
    AlertsSettings,
    Budget,
    CacheRule,
    CapRule,
    ErrorsRule,
    Rule,
    SilenceRule,
    SpikeRule,
    UnpricedRule,
    Watched,
)

__all__ = ["DEFAULTS", "Scope", "channels_of", "described", "joint", "rules_in_force", "scope_of"]

Scope = Mapping[str, Sequence[str]]
"""Which calls: for each dimension the values that count."""

DEFAULTS: tuple[Rule, ...] = (
    SpikeRule(name="spend"),
    SpikeRule(name="team-spend", by="team"),
    SpikeRule(name="service-spend", by="service"),
    CapRule(name="runaway", by="service"),
    UnpricedRule(name="unpriced", by="model"),
    CacheRule(name="cache", by="service"),
    ErrorsRule(name="errors", by="service"),
    SilenceRule(name="silence"),
)


def rules_in_force(alerts: AlertsSettings) -> tuple[Rule, ...]:
    """The rules to judge; one of the settings takes the place of a default of its name."""
    if not alerts.enabled:
        return ()
    own = {rule.name: rule for rule in alerts.rule or ()}
    defaults = {rule.name: rule for rule in DEFAULTS} if alerts.defaults else {}
    return tuple(rule for rule in (defaults | own).values() if rule.enabled)


def channels_of(watched: Watched, alerts: AlertsSettings) -> tuple[str, ...]:
    """Whom a rule tells."""
    if watched.channels is not None:
        return watched.channels
    return tuple(channel.name for channel in alerts.channels or ())


def scope_of(only: Scope, dimension: str, value: str) -> Scope:
    """The calls of a rule's group."""
    return dict(only) if dimension == "none" else {**only, dimension: [value]}


def joint(one: Scope, other: Scope) -> Scope | None:
    """The calls that are in both; None when none can be."""
    both = dict(one)
    for dimension, values in other.items():
        kept = [value for value in values if value in both.get(dimension, values)]
        if not kept:
            return None
        both[dimension] = kept
    return both


def described(rule: Rule | Budget) -> dict[str, Any]:
    """A rule's own keys, for those who list rules; those of a budget that it has."""
    common = set(Watched.model_fields) | {"kind", "by", "severity"}
    own = {key: getattr(rule, key) for key in type(rule).model_fields if key not in common}
    if isinstance(rule, Budget):
        return {key: value for key, value in own.items() if value is not None}
    return own
