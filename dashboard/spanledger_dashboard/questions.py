"""The cost explorer's questions to the collector, each bounded whatever the number of groups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from spanledger_dashboard import data, shapes
from spanledger_dashboard.data import Filters
from spanledger_dashboard.filters import Question
from spanledger_dashboard.measures import NOTHING, Totals
from spanledger_dashboard.palette import OTHER
from spanledger_dashboard.settings import Source
from spanledger_dashboard.table import Groups
from spanledger_dashboard.windows import Window

__all__ = ["Answer", "answer", "over_time"]

MOST_SERIES = 8


@dataclass(frozen=True)
class Answer:
    """A range and the one before it, together and by group."""

    total: Totals
    before: Totals
    groups: Groups
    groups_before: Groups
    truncated: bool
    comparable: bool
    """The range before is not older than the ledger itself."""

    @property
    def empty(self) -> bool:
        """Nothing happened in the range."""
        return not self.total.calls and not self.total.requests

    def by_first(self) -> dict[str, Totals]:
        """Sums by the first group alone."""
        sums: dict[str, Totals] = {}
        for key, totals in self.groups.items():
            sums[key[0]] = sums.get(key[0], NOTHING) + totals
        return sums


def answer(source: Source, shown: Window, question: Question, filters: Filters) -> Answer:
    """Ask for the range and for the one before it."""
    zone = shown.zone.key
    keys = ("group_1", "group_2")[: len(question.groups)]
    now = data.usage(source, shown.start, shown.end, zone, groups=question.columns, filters=filters)
    start, end = shown.before_start, shown.before_end
    begins = data.health(source).first_call
    before = data.usage(source, start, end, zone, groups=question.columns, filters=filters)
    return Answer(
        total=_alone(source, shown.start, shown.end, zone, filters)
        if now.truncated
        else now.total(),
        before=_alone(source, start, end, zone, filters) if before.truncated else before.total(),
        groups=now.by(*keys),
        groups_before=before.by(*keys),
        truncated=now.truncated or before.truncated,
        comparable=begins is not None and end > begins,
    )


def over_time(
    source: Source, shown: Window, question: Question, filters: Filters, given: Answer
) -> dict[tuple[datetime, str], Totals]:
    """The largest names of the first group by bucket; the others together where they add up."""
    names = given.by_first()
    column = question.columns[0]
    few = len(names) <= MOST_SERIES and not given.truncated
    largest = tuple(shapes.leaders(names, question.measure, MOST_SERIES))
    narrowed = filters if few else _narrowed(filters, column, largest)
    cells = _cells(source, shown, question, narrowed, (column,))
    if few or not question.measure.additive:
        return cells
    rest = {
        start: totals for (start, _), totals in _cells(source, shown, question, filters, ()).items()
    }
    for (start, _), totals in cells.items():
        rest[start] = rest.get(start, totals) - totals
    return cells | {(start, OTHER): totals for start, totals in rest.items()}


def _cells(
    source: Source, shown: Window, question: Question, filters: Filters, groups: tuple[str, ...]
) -> dict[tuple[datetime, str], Totals]:
    found = data.usage(
        source,
        shown.start,
        shown.end,
        shown.zone.key,
        bucket=question.bucket,
        groups=groups,
        filters=filters,
    ).by("bucket", "group_1")
    return {(start, name or ""): totals for (start, name), totals in found.items()}


def _narrowed(filters: Filters, column: str, names: tuple[str, ...]) -> Filters:
    return (*(pair for pair in filters if pair[0] != column), (column, names))


def _alone(
    source: Source, start: datetime, end: datetime | None, zone: str, filters: Filters
) -> Totals:
    return data.usage(source, start, end, zone, filters=filters).total()
