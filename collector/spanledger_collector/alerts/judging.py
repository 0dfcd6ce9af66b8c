"""What each kind of rule finds at one time: from the ledger's sums to findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np

from spanledger_collector.alerts.alert import Finding, Key
from spanledger_collector.alerts.detect import budget, cap, ratio, silence, spike, unpriced
from spanledger_collector.alerts.detect.profile import fit
from spanledger_collector.alerts.detect.series import (
    HOUR,
    Doubles,
    Hourly,
    Interval,
    Recent,
    Verdict,
    trailing,
)
from spanledger_collector.alerts.learning import Learner
from spanledger_collector.alerts.periods import period_of
from spanledger_collector.alerts.reading import (
    DAYS,
    Hours,
    Reader,
    Window,
    epoch,
    in_calls_alone,
    moment,
)
from spanledger_collector.alerts.unplanned import Unplanned
from spanledger_collector.settings import (
    Budget,
    CacheRule,
    CapRule,
    ErrorsRule,
    Rule,
    SilenceRule,
    SpikeRule,
    UnpricedRule,
)

__all__ = ["Judge", "Judged", "Standing", "onset"]

MINUTE_S = 60
HALF_AN_HOUR_S, TWO_HOURS_S = 1800.0, 7200.0
_READ_RATE = 0.1
"""What a token read from the cache costs, of one that is not."""
_LEVELS = {"info": 0, "warning": 1, "critical": 2}


class Judged(NamedTuple):
    """What a rule found, and of how many groups."""

    findings: list[Finding]
    series: int
    left_out: int = 0
    """Groups that were not judged, as there are too many."""


class Standing(NamedTuple):
    """Where the groups of a budget stand, by name; of one without groups by no name."""

    states: Mapping[str, budget.Progress]
    left_out: int


class Judge:
    """Judges rules of one ledger.

    Args:
        reader: asks it for everything.
        zone: whose clock people live by.
        learn_every_h: after how many hours to learn anew.
        unplanned: asks it for what was not planned.
    """

    def __init__(
        self,
        reader: Reader,
        zone: tzinfo,
        learn_every_h: int = 1,
        unplanned: Unplanned | None = None,
    ) -> None:
        self._reader = reader
        self._unplanned: Reader = unplanned or reader
        self._zone = zone
        self.learner = Learner(self._unplanned, zone, learn_every_h)
        self._closed: dict[str, tuple[datetime, datetime, Window]] = {}
        """By budget: what was spent in its period until the last full hour."""

    def judge(self, rule: Rule, now: datetime) -> Judged:
        """What a rule finds now.

        Raises:
            StoreUnavailable: the ledger does not answer now.
        """
        return _KINDS[rule.kind](self, rule, now)

    def spikes(self, rule: SpikeRule, now: datetime) -> Judged:
        """Spend far above what is usual."""
        hours, profile = self.learner.learn(rule, rule.by, now)
        if profile is None:
            return Judged([], 0)
        recent = self._unplanned.recent(rule.scope, rule.by, now, hours.names)
        verdicts = spike.judge(profile, recent, spike.USUAL._replace(floor_usd=rule.floor_usd))
        usual = spike.by_step(profile.hourly, profile, recent) * profile.level[:, None]
        findings = [
            _spike(rule, name, verdict, recent, usual[row], row)
            for row, (name, verdict) in enumerate(zip(hours.names, verdicts, strict=True))
        ]
        return Judged(findings, len(findings), hours.left_out)

    def caps(self, rule: CapRule, now: datetime) -> Judged:
        """More dollars within minutes than the rule says, or than these groups ever cost."""
        start = now - timedelta(minutes=rule.minutes)
        window = self._unplanned.window(rule.scope, rule.by, start, now)
        limits = rule.usd if rule.usd is not None else self.learner.caps(rule, now, window)
        verdicts = cap.judge(window.measures["usd"], limits, epoch(now), 60 * rule.minutes)
        judged = _judged(rule, window, verdicts, "usd", HALF_AN_HOUR_S)
        return self._with_onset(rule, judged, lambda sums, _: sums["usd"])

    def unpriced(self, rule: UnpricedRule, now: datetime) -> Judged:
        """Calls of the last hour without a known price."""
        window, at = self._last_hour(rule, now, "unpriced_calls")
        missing, calls = window.measures["unpriced_calls"], window.measures["requests"]
        verdicts = unpriced.judge(missing, calls, at, rule.min_calls)
        judged = _judged(rule, window, verdicts, "calls", HALF_AN_HOUR_S)
        return self._with_onset(rule, judged, lambda sums, _: sums["unpriced_calls"])

    def failures(self, rule: ErrorsRule, now: datetime) -> Judged:
        """The share of failed requests of the last hour, against the week before."""
        window, at = self._last_hour(rule, now, "errors")
        window, before = self._week(rule, now, window)
        verdicts = ratio.surge(
            ratio.Counts(window.measures["errors"], window.measures["requests"]),
            ratio.Counts(before["errors"], before["requests"]),
            at,
            ratio.SURGE._replace(more=rule.min_rise, min_calls=rule.min_calls),
        )
        judged = _judged(rule, window, verdicts, "share", HALF_AN_HOUR_S)
        return self._with_onset(
            rule,
            judged,
            lambda sums, usual: sums["errors"] - usual * sums["requests"],
        )

    def caches(self, rule: CacheRule, now: datetime) -> Judged:
        """The share of the last hour's prompts that the cache served, against the week before."""
        window, at = self._last_hour(rule, now)
        window, before = self._week(rule, now, window)
        used = ratio.Counts(window.measures["cache_read_tokens"], window.measures["prompt_tokens"])
        usual = ratio.Counts(before["cache_read_tokens"], before["prompt_tokens"])
        unread = np.maximum(used.all - used.some, 1.0)
        rate = window.measures["unread_usd"] / unread
        lost = ratio.lost_to_cache(used, usual, rate, rate * _READ_RATE)
        verdicts = ratio.collapse(
            used,
            usual,
            window.measures["calls"],
            lost,
            at,
            ratio.COLLAPSE._replace(floor_usd=rule.floor_usd, min_calls=rule.min_calls),
        )
        judged = _judged(rule, window, verdicts, "share", TWO_HOURS_S)
        findings = [
            finding._replace(excess_usd=_money(usd))
            for finding, usd in zip(judged.findings, lost, strict=True)
        ]
        return self._with_onset(
            rule,
            judged._replace(findings=findings),
            lambda sums, usual: usual * sums["prompt_tokens"] - sums["cache_read_tokens"],
        )

    def silences(self, rule: SilenceRule, now: datetime) -> Judged:
        """No call for longer than it ever is quiet at this time of the week."""
        hours, _ = self.learner.learn(rule, rule.by, now)
        if not hours.names:
            return Judged([], 0)
        calls = hours.measures["requests"]
        profile = fit(silence.calls_of(Hourly(hours.start_hour, calls, calls)), self._zone)
        known = self._reader.last_calls(rule.scope, rule.by, now)
        first = float(hours.start_hour * HOUR)
        last = np.array([known.get(name, first) for name in hours.names])
        last = np.maximum(
            last, self._unplanned.expected_until(rule.scope, rule.by, hours.names, now)
        )
        received = self._reader.freshness(now).newest_received_at
        heard = epoch(received) if received is not None else 0
        limits = silence.SILENCE._replace(min_seconds=60 * rule.minutes)
        verdicts = silence.judge(profile, last, heard, epoch(now), limits)
        return _judged(rule, hours, verdicts, "calls", 0.0)

    def progress(self, watched: Budget, now: datetime) -> Standing:
        """Where a budget, or that of each group, stands in its period, and where that will end."""
        start, end = period_of(now, watched.period, self._zone)
        window = self._spent(watched, start, now)
        hours, profile = self.learner.learn(watched, watched.by, now)
        names = [""] if watched.by == "none" else list(window.names)
        if watched.by != "none" and not window.left_out:  # or one that is not there may have spent
            names += sorted(set(hours.names) - set(names))
        rows = {name: row for row, name in enumerate(hours.names)} if profile is not None else {}
        known = [name for name in names if name in rows]
        young = [name for name in names if name not in rows]
        usual = [(known, profile.of([rows[name] for name in known]))] if profile is not None else []
        if young:
            nothing = fit(_nothing(epoch(now) // HOUR), self._zone)
            usual.append((young, nothing.of([0] * len(young))))
        period = epoch(start), epoch(end)
        states: dict[str, budget.Progress] = {}
        for some, of_them in usual:
            spent = window.of("usd", some)
            found = budget.progress(spent, watched.usd, period, epoch(now), of_them)
            states |= zip(some, found, strict=True)
        if watched.burn is not None:
            self._note_burn(watched, states, now)
        return Standing({name: states[name] for name in names}, window.left_out)

    def _note_burn(
        self, watched: Budget, states: dict[str, budget.Progress], now: datetime
    ) -> None:
        """Note at which pace the last hour went; 1 spends the budget within its period."""
        hour = self._reader.window(watched.scope, watched.by, now - timedelta(hours=1), now)
        for name, usd in zip(states, hour.of("usd", list(states)).tolist(), strict=True):
            first, last = states[name].period
            states[name] = states[name]._replace(
                hour_burn=usd / watched.usd * (last - first) / HOUR
            )

    def _spent(self, watched: Budget, start: datetime, now: datetime) -> Window:
        """What was spent in a period; of users its closed hours are read once an hour."""
        hour = max(now.replace(minute=0, second=0, microsecond=0), start)
        if not in_calls_alone(watched.scope, watched.by):
            return self._reader.window(watched.scope, watched.by, start, now)
        held = self._closed.get(watched.name)
        if held is None or held[:2] != (start, hour):
            closed = self._reader.window(watched.scope, watched.by, start, hour)
            held = self._closed[watched.name] = (start, hour, closed)
        return held[2].and_then(self._reader.window(watched.scope, watched.by, hour, now))

    def _with_onset(
        self,
        rule: Rule,
        judged: Judged,
        beyond: Callable[[dict[str, Doubles], Doubles], Doubles],
    ) -> Judged:
        """Say of what is bad in which minute it began.

        Args:
            rule: what they were judged by.
            judged: what was found, all in one window.
            beyond: what was too much, from sums by minute and from what was expected.
        """
        bad = [finding for finding in judged.findings if finding.bad]
        if not bad:
            return judged
        start = bad[0].window_start
        between = epoch(start), epoch(bad[0].window_end)
        names = [finding.key.value for finding in bad]
        sums = self._reader_of(rule).steps(rule.scope, rule.by, between, MINUTE_S, names)
        usual = np.array([[finding.expected] for finding in bad], np.float64)
        began = {
            name: start + timedelta(seconds=MINUTE_S * onset(row))
            for name, row in zip(names, beyond(sums, usual), strict=True)
        }
        findings = [
            finding._replace(bad_since=began.get(finding.key.value)) for finding in judged.findings
        ]
        return judged._replace(findings=findings)

    def _last_hour(
        self, rule: Rule, now: datetime, first_by: str = "usd"
    ) -> tuple[Window, Interval]:
        window = self._reader_of(rule).window(
            rule.scope, rule.by, now - timedelta(hours=1), now, first_by
        )
        return window, trailing(epoch(now), HOUR)

    def _reader_of(self, rule: Rule) -> Reader:
        return self._reader if rule.kind == "unpriced" else self._unplanned  # no plan has prices

    def _week(self, rule: Rule, now: datetime, window: Window) -> tuple[Window, dict[str, Doubles]]:
        """What groups used in the week before the last hour, and those of which it is known."""
        hours, _ = self.learner.learn(rule, rule.by, now)
        rows = {name: row for row, name in enumerate(hours.names)}
        if hours.left_out:  # a group that is not there may only have been too many
            window = window.of_known(rows)
        names = window.names
        sums = {
            measure: np.nansum(table[:, -7 * 24 - 1 : -1], axis=1)
            for measure, table in hours.measures.items()
        }
        return window, {
            measure: np.array([table[rows[name]] if name in rows else 0.0 for name in names])
            for measure, table in sums.items()
        }


def _judged(
    rule: Rule, of: Window | Hours, verdicts: Sequence[Verdict], unit: str, keep_s: float
) -> Judged:
    """Findings from verdicts that speak for themselves."""
    findings = [
        _found(rule, name, verdict, unit, keep_s)
        for name, verdict in zip(of.names, verdicts, strict=True)
    ]
    return Judged(findings, len(findings), of.left_out)


def _found(rule: Rule, name: str, verdict: Verdict, unit: str, keep_s: float) -> Finding:
    start, end = map(moment, verdict.window)
    beyond = verdict.observed - verdict.expected if unit == "usd" else 0.0
    return Finding(
        key=Key(rule.name, rule.by, name),
        kind=rule.kind,
        bad=verdict.fires,
        severe=verdict.severe,
        severity="critical" if verdict.severe else rule.severity,
        level=_LEVELS[rule.severity] + int(verdict.severe),
        window_start=start,
        window_end=end,
        observed=verdict.observed,
        expected=verdict.expected,
        expected_low=verdict.low,
        expected_high=verdict.high,
        unit=unit,
        excess_usd=_money(max(beyond, 0.0)),
        reason=verdict.reason,
        keep_s=keep_s,
    )


def _spike(
    rule: SpikeRule, name: str, verdict: Verdict, recent: Recent, usual: Doubles, row: int
) -> Finding:
    level = _LEVELS[rule.severity] + int(verdict.severe)
    start, end = map(moment, verdict.window)
    steps = (verdict.window[1] - verdict.window[0]) // recent.step
    began = None
    if verdict.fires:
        first = onset(recent.usd[row, -steps:] - usual[-steps:])
        began = start + timedelta(seconds=first * recent.step)
    return Finding(
        key=Key(rule.name, rule.by, name),
        kind=rule.kind,
        bad=verdict.fires,
        severe=verdict.severe,
        severity="critical" if verdict.severe else rule.severity,
        level=level,
        window_start=start,
        window_end=end,
        observed=verdict.observed,
        expected=verdict.expected,
        expected_low=verdict.low,
        expected_high=verdict.high,
        unit="usd",
        excess_usd=_money(verdict.observed - verdict.expected),
        reason=verdict.reason,
        keep_s=TWO_HOURS_S,
        bad_since=began,
        known=verdict.reason != "missing_hours",
    )


def onset(beyond: Doubles) -> int:
    """The step from which on there was most beyond the usual: about when it began."""
    beyond = np.nan_to_num(beyond)
    slack = max(beyond.mean() / 2, 0.0)  # or a single call early on would count as the beginning
    return int(np.argmax((beyond - slack)[::-1].cumsum()[::-1]))


def _nothing(end_hour: int) -> Hourly:
    """A history in which nobody called."""
    hours = np.zeros((1, DAYS * 24))
    return Hourly(end_hour - DAYS * 24, hours, hours)


def _money(usd: float) -> Decimal:
    return Decimal(repr(round(float(usd), 6)))


_KINDS: dict[str, Callable[[Judge, Any, datetime], Judged]] = {
    "spike": Judge.spikes,
    "cap": Judge.caps,
    "unpriced": Judge.unpriced,
    "errors": Judge.failures,
    "cache": Judge.caches,
    "silence": Judge.silences,
}
