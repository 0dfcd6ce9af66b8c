"""What the ledger says about the groups of a rule, less what was planned.

A group whose calls were all planned is unknown then. Of one that is wider, such as the whole
organisation during one team's load test, the other calls are left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np

from spanledger_collector.alerts.detect.series import HOUR, Doubles, Flags, Interval, Recent
from spanledger_collector.alerts.planned import Occurrence, Plan
from spanledger_collector.alerts.reading import Hours, Reader, Stretch, Window, epoch, moment
from spanledger_collector.alerts.rules import Scope, joint, scope_of
from spanledger_collector.store import Store

__all__ = ["Unplanned"]

_ALL = 0.9
"""Of what a group used in an hour, that makes the hour no example of it."""


class _Cut(NamedTuple):
    """What one occurrence does to the groups of a rule."""

    occurrence: Occurrence
    covered: Flags
    """For each group, whether all of its calls are planned."""
    shared: Scope | None
    """The calls of the rule that are planned; nothing when no group has any but those covered."""


class Unplanned(Reader):
    """Asks one store.

    Args:
        store: what to ask, from any thread.
        plan: what to leave out.
    """

    def __init__(self, store: Store, plan: Plan) -> None:
        super().__init__(store)
        self._plan = plan

    def hours(self, only: Scope, dimension: str, end_hour: int, hours: int) -> Hours:
        """What was used in each of some hours, the last of them over."""
        found = super().hours(only, dimension, end_hour, hours)
        first = found.start_hour
        span = first * HOUR, end_hour * HOUR
        for cut in self._cuts(only, dimension, found.names, *span):
            touched = _touched(cut.occurrence, span[0], HOUR, hours)
            rows = np.zeros((len(found.names), hours), np.bool_)
            rows[cut.covered] = touched
            if cut.shared is not None:
                part = super().hours(cut.shared, dimension, end_hour, hours)
                usd = _placed(found.names, part.names, part.measures["requests"])
                rows |= touched & (usd > _ALL * found.measures["requests"])
                for measure, table in found.measures.items():
                    taken = _placed(found.names, part.names, part.measures[measure])
                    table[:, touched] = np.maximum(table - taken, 0.0)[:, touched]
            for table in found.measures.values():
                table[rows] = np.nan
        return found

    def recent(self, only: Scope, dimension: str, now: datetime, names: Sequence[str]) -> Recent:
        """What was spent up to now, for these groups and no others."""
        found = super().recent(only, dimension, now, names)
        steps = found.usd.shape[1]
        start = found.end - steps * found.step
        for cut in self._cuts(only, dimension, names, start, found.end):
            touched = _touched(cut.occurrence, start, found.step, steps)
            found.usd[np.ix_(cut.covered, touched)] = np.nan
        return found

    def steps(
        self,
        only: Scope,
        dimension: str,
        between: Interval,
        step_s: int,
        names: Sequence[str],
    ) -> dict[str, Doubles]:
        """What was used in each step of some seconds, by these groups: one row a group."""
        found = super().steps(only, dimension, between, step_s, names)
        count = found["usd"].shape[1]
        for cut in self._cuts(only, dimension, names, *between):
            if cut.shared is not None:
                touched = _touched(cut.occurrence, between[0], step_s, count)
                part = super().steps(cut.shared, dimension, between, step_s, names)
                for measure, table in found.items():
                    table[:, touched] = np.maximum(table - part[measure], 0.0)[:, touched]
        return found

    def planned(self, only: Scope, dimension: str, first: int, last: int) -> list[Stretch]:
        """When all calls of a rule's groups were planned; of each group where no name is given."""
        return [
            Stretch(name, occurrence.first, occurrence.last)
            for occurrence in self._plan.between(first, last)
            for name in occurrence.covered(only, dimension)
        ]

    def window(
        self, only: Scope, dimension: str, start: datetime, end: datetime, first_by: str = "usd"
    ) -> Window:
        """What was used between two instants, by the groups with most of one measure."""
        found = super().window(only, dimension, start, end, first_by)
        for cut in self._cuts(only, dimension, found.names, epoch(start), epoch(end)):
            if cut.shared is not None:
                since = max(start, moment(cut.occurrence.first))
                until = min(end, moment(cut.occurrence.last))
                part = super().window(cut.shared, dimension, since, until, first_by)
                left = {
                    measure: np.maximum(values - part.of(measure, found.names), 0.0)
                    for measure, values in found.measures.items()
                }
                found = found._replace(measures=left)
            kept = [n for n, covered in zip(found.names, cut.covered, strict=True) if not covered]
            found = found.of_known(set(kept))._replace(left_out=found.left_out)
        return found

    def expected_until(
        self, only: Scope, dimension: str, names: Sequence[str], now: datetime
    ) -> Doubles:
        """The last epoch second up to which each group's calls, or their absence, were planned."""
        at = epoch(now)
        answer = np.zeros(len(names))
        for cut in self._cuts(only, dimension, names, at - 7 * 24 * HOUR, at):
            answer[cut.covered] = np.maximum(answer, min(cut.occurrence.last, at))[cut.covered]
        return answer

    def _cuts(
        self, only: Scope, dimension: str, names: Sequence[str], first: int, last: int
    ) -> Iterator[_Cut]:
        for occurrence in self._plan.between(first, last):
            shared = joint(only, occurrence.only)
            if shared is None:
                continue
            scopes = (scope_of(only, dimension, name) for name in names)
            covered = np.array([occurrence.covers(scope) for scope in scopes], np.bool_)
            yield _Cut(occurrence, covered, None if covered.all() else shared)


def _touched(occurrence: Occurrence, start: int, step: int, steps: int) -> Flags:
    begins = start + step * np.arange(steps)
    touched: Flags = (begins < occurrence.last) & (begins + step > occurrence.first)
    return touched


def _placed(names: Sequence[str], some: Sequence[str], table: Doubles) -> Doubles:
    """The rows of some groups in the places of all; 0 for the others and for the unknown."""
    rows = {name: row for row, name in enumerate(some)}
    answer = np.zeros((len(names), table.shape[1]))
    for place, name in enumerate(names):
        if name in rows:
            answer[place] = np.nan_to_num(table[rows[name]])
    return answer
