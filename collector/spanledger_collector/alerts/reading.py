"""What the ledger says about the groups of a rule, as arrays with one row a group."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spanledger_collector.alerts.alert import Key
from spanledger_collector.alerts.detect.series import HOUR, Doubles, Flags, Interval, Recent
from spanledger_collector.alerts.ledger import ask
from spanledger_collector.alerts.rules import Scope
from spanledger_collector.dimensions import FILTERS
from spanledger_collector.store import Store

__all__ = [
    "DAYS",
    "MOST_GROUPS",
    "Dearest",
    "Hours",
    "Reader",
    "Stretch",
    "Window",
    "epoch",
    "in_calls_alone",
    "moment",
]

DAYS = 28
MOST_GROUPS = 2000
STEP_S = 300
RECENT_S = 24 * HOUR
_MEASURES = ("usd", "requests", "calls", "errors", "prompt_tokens", "cache_read_tokens")
_STEP_MEASURES = (*_MEASURES, "squares", "unpriced_calls")
_CALLS_ALONE = frozenset({"user_id"})
"""Dimensions that no sum by hour has: what is asked by these is added up call by call."""


class Hours(NamedTuple):
    """What was used in closed hours, one row a group; NaN where nobody knows."""

    names: tuple[str, ...]
    start_hour: int
    """Counted from 1970."""
    measures: dict[str, Doubles]
    left_out: int = 0
    """Groups beyond those that fit, which cost less."""


class Window(NamedTuple):
    """What was used in one stretch of time, one value a group."""

    names: tuple[str, ...]
    measures: dict[str, Doubles]
    left_out: int = 0
    """Groups beyond those that fit, which have less of what was asked for first."""

    def of(self, measure: str, names: Sequence[str]) -> Doubles:
        """A measure of these groups, 0 where one has no call."""
        found = dict(zip(self.names, self.measures[measure].tolist(), strict=True))
        return np.array([found.get(name, 0.0) for name in names])

    def and_then(self, later: Window) -> Window:
        """What these groups and new ones spent with what came later."""
        if self.left_out:  # a new one may be one of those that were too many
            later = later.of_known(set(self.names))
        names = tuple(dict.fromkeys((*self.names, *later.names)))
        usd = self.of("usd", names) + later.of("usd", names)
        return Window(names, {"usd": usd}, max(self.left_out, later.left_out))

    def of_known(self, known: Container[str]) -> Window:
        """The same without groups of which nothing else is known."""
        kept = [row for row, name in enumerate(self.names) if name in known]
        measures = {measure: values[kept] for measure, values in self.measures.items()}
        names = tuple(self.names[row] for row in kept)
        return Window(names, measures, self.left_out + len(self.names) - len(kept))


class Dearest(NamedTuple):
    """The dearest and the busiest minutes of each day, one row a group; 0 without a call."""

    names: tuple[str, ...]
    usd: Doubles
    calls: Doubles


class Stretch(NamedTuple):
    """When something was out of the ordinary, by epoch seconds."""

    name: str | None
    """The group; None for all of them."""
    first: int
    last: int


class Freshness(NamedTuple):
    """When the newest call began, and when something arrived last."""

    newest_call_at: datetime | None
    newest_received_at: datetime | None


class Reader:
    """Asks one store.

    Args:
        store: what to ask, from any thread.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def hours(self, only: Scope, dimension: str, end_hour: int, hours: int) -> Hours:
        """What was used in each of some hours, the last of them over."""
        first = end_hour - hours
        start, end = moment(first * HOUR), moment(end_hour * HOUR)
        rows = ask(
            self._store,
            "alert_hours",
            _scoped(only, dimension) | {"start": start, "end": end, "most": MOST_GROUPS},
        )
        names, places = _named(rows)
        at = rows["hour"].to_numpy() - first
        unknown = self._unknown(first, hours)
        measures = {}
        for measure in _MEASURES:
            table = np.zeros((len(names), hours))
            table[places, at] = rows[measure].to_numpy()
            table[:, unknown] = np.nan
            measures[measure] = table
        return Hours(names, first, measures, _beyond(rows, len(names)))

    def known(self, only: Scope, end_hour: int, hours: int) -> float:
        """How many requests of these hours have arrived by now."""
        start, end = moment((end_hour - hours) * HOUR), moment(end_hour * HOUR)
        parameters = _scoped(only, "none") | {"start": start, "end": end}
        del parameters["dimension"]
        [found] = ask(self._store, "alert_known", parameters)["requests"].to_pylist()
        return float(found)

    def recent(self, only: Scope, dimension: str, now: datetime, names: Sequence[str]) -> Recent:
        """What was spent up to now, for these groups and no others."""
        end = epoch(now)
        start = end - RECENT_S
        sums = self.steps(only, dimension, (start, end), STEP_S, names)
        sums["usd"][:, self._unseen(start, end)] = np.nan
        return Recent(end, STEP_S, sums["usd"], sums["squares"], sums["calls"])

    def steps(
        self,
        only: Scope,
        dimension: str,
        between: Interval,
        step_s: int,
        names: Sequence[str],
    ) -> dict[str, Doubles]:
        """What was used in each step of some seconds, by these groups: one row a group."""
        start, end = between
        rows = ask(
            self._store,
            "alert_steps",
            _scope(only)
            | {"dimension": dimension, "start": moment(start), "end": moment(end), "step": step_s}
            | {"names": list(names)},
        )
        index = pc.index_in(rows["name"], pa.array(names, pa.string()))
        known = pc.is_valid(index).to_numpy()
        places = pc.fill_null(index, 0).to_numpy()[known]
        at = rows["step"].to_numpy()[known]
        sums = {}
        for measure in _STEP_MEASURES:
            sums[measure] = np.zeros((len(names), -((start - end) // step_s)))
            sums[measure][places, at] = rows[measure].to_numpy()[known]
        return sums

    def dearest(
        self,
        only: Scope,
        dimension: str,
        start: int,
        days: int,
        step_s: int,
        without: Sequence[Stretch],
    ) -> Dearest:
        """What the dearest and the busiest steps of each of some days came to."""
        end = start + 24 * days * HOUR
        parameters = {"start": moment(start), "end": moment(end), "step": step_s}
        parameters |= {"dimension": dimension, "most": MOST_GROUPS, "origin": start}
        parameters |= {
            "names": [each.name for each in without],
            "firsts": [each.first for each in without],
            "lasts": [each.last for each in without],
        }
        rows = ask(self._store, "alert_dearest", _scope(only) | parameters)
        names, places = _named(rows)
        usd, calls = (np.zeros((len(names), days)) for _ in range(2))
        usd[places, rows["day"].to_numpy()] = rows["usd"].to_numpy()
        calls[places, rows["day"].to_numpy()] = rows["calls"].to_numpy()
        return Dearest(names, usd, calls)

    def window(
        self, only: Scope, dimension: str, start: datetime, end: datetime, first_by: str = "usd"
    ) -> Window:
        """What was used between two instants, by the groups with most of one measure."""
        parameters = _scoped(only, dimension) | {"start": start, "end": end}
        parameters |= {"most": MOST_GROUPS, "first_by": first_by}
        rows = ask(self._store, "alert_window", parameters)
        names = tuple(rows["name"].to_pylist())
        measures = {
            name: rows[name].to_numpy()
            for name in rows.column_names
            if name not in {"name", "groups"}
        }
        return Window(names, measures, _beyond(rows, len(names)))

    def traces(self, scope: Scope, start: datetime, end: datetime) -> list[str]:
        """The traces that cost most between two instants."""
        parameters = _scope(scope) | {"start": start, "end": end}
        found: list[str] = ask(self._store, "alert_traces", parameters)["trace_id"].to_pylist()
        return found

    def freshness(self, now: datetime) -> Freshness:
        """How fresh the ledger is, seen over the last days."""
        parameters = {"since": now - timedelta(days=DAYS)}
        [row] = ask(self._store, "alert_freshness", parameters).to_pylist()
        return Freshness(**row)

    def last_calls(self, only: Scope, dimension: str, now: datetime) -> dict[str, float]:
        """The epoch second of each group's last call in the last days, or of its late arrival."""
        parameters = {"dimension": dimension, "start": now - timedelta(days=DAYS), "end": now}
        rows = ask(self._store, "alert_last_calls", _scope(only) | parameters).to_pylist()
        return {row["name"]: row["last_call"] for row in rows}

    def expected_until(
        self, only: Scope, dimension: str, names: Sequence[str], now: datetime
    ) -> Doubles:
        """The last epoch second up to which each group's calls, or their absence, were planned."""
        del only, dimension, now  # nothing is
        return np.zeros(len(names))

    def planned(self, only: Scope, dimension: str, first: int, last: int) -> list[Stretch]:
        """When all calls of a rule's groups were planned; of each group where no name is given."""
        del only, dimension, first, last  # nothing is
        return []

    def intervals(
        self, now: datetime, kinds: Sequence[str] = ("spike",)
    ) -> dict[Key, list[Interval]]:
        """When each group of a rule of some kinds was out of the ordinary.

        For a week at most, unless a person said so; never when one said that it was expected.
        """
        found: dict[Key, list[Interval]] = {}
        parameters = {"now": now, "since": now - timedelta(days=DAYS), "kinds": list(kinds)}
        for row in ask(self._store, "alert_intervals", parameters).to_pylist():
            first, last = epoch(row["bad_since"]), epoch(row["good_since"])
            if row["feedback"] is None:
                last = min(last, first + 7 * 24 * HOUR)
            key = Key(row["rule"], row["dimension"], row["value"])
            found.setdefault(key, []).append((first, last))
        return found

    def _unseen(self, start: int, end: int) -> Flags:
        """The steps between two instants that lie in closed hours of which nobody knows."""
        first = start // HOUR
        unknown = self._unknown(first, end // HOUR - first)
        hours = np.arange(start, end, STEP_S) // HOUR - first
        return np.isin(hours, unknown)

    def _unknown(self, first: int, hours: int) -> list[int]:
        """Hours in which nobody judged and nobody called."""
        start, end = moment(first * HOUR), moment((first + hours) * HOUR)
        unwatched = ask(self._store, "unwatched_hours", {"since": start, "until": end})
        missing = {epoch(at) // HOUR - first for at in unwatched["hour"].to_pylist()}
        if not missing:
            return []
        parameters = _scoped({}, "none") | {"start": start, "end": end, "most": 1}
        called = ask(self._store, "alert_hours", parameters)["hour"].to_numpy() - first
        return sorted(missing - set(called.tolist()))


def epoch(at: datetime) -> int:
    """Naive UTC as seconds since 1970."""
    return int(at.replace(tzinfo=timezone.utc).timestamp())


def moment(seconds: int) -> datetime:
    """Seconds since 1970 as naive UTC."""
    return datetime.fromtimestamp(seconds, timezone.utc).replace(tzinfo=None)


def in_calls_alone(only: Scope, dimension: str) -> bool:
    """Whether no sum by hour tells these groups apart, so that calls have to be read."""
    return bool((set(only) | {dimension}) & _CALLS_ALONE)


def _scope(only: Scope) -> dict[str, object]:
    """The parameters that say which calls."""
    return {name: list(only.get(name, ())) for name in FILTERS}


def _scoped(only: Scope, dimension: str) -> dict[str, object]:
    """The parameters that say which calls, and by what."""
    named = set(only) | ({dimension} - {"none"})
    alone = None if len(named) > 1 else min(named, default="all")
    fine = in_calls_alone(only, dimension)
    return _scope(only) | {"dimension": dimension, "alone": alone, "fine": fine}


def _beyond(rows: pa.Table, kept: int) -> int:
    """How many groups there are beside those that were kept."""
    return int(rows["groups"][0].as_py()) - kept if rows.num_rows else 0


def _named(rows: pa.Table) -> tuple[tuple[str, ...], np.ndarray]:
    """The names of the groups, and for each row which of them it is about."""
    encoded = rows["name"].combine_chunks().dictionary_encode()
    return tuple(encoded.dictionary.to_pylist()), encoded.indices.to_numpy()
