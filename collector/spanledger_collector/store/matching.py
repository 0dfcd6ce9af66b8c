"""Which reports tell of one API call, and which of them counts; pure, knows no database.

The answer depends on nothing but the reports themselves: not on the order in which they came, nor
on what was decided before. That is why a call counts once in whatever order its reports arrive.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from spanledger_collector import sources
from spanledger_collector.store.reports import FACTS, WINDOW_US, Report, Verdict

__all__ = ["judge"]


def judge(reports: Sequence[Report], witnesses: Iterable[tuple[str, int]] = ()) -> list[Verdict]:
    """Say of each report whether it counts.

    Args:
        reports: distinct reports; with each one all those that it could be matched with.
        witnesses: session and start of further reports that calls of a session are known by.
    """
    groups = _Groups(reports)
    _by_message(groups)
    _by_request(groups)
    _by_trace(groups)
    verdicts: dict[int, Verdict] = {}
    for members in groups.each():
        verdicts.update(_verdicts(reports, members))
    verdicts.update(_totals(reports, witnesses))
    return [verdicts[index] for index in range(len(reports))]


class _Edge(NamedTuple):
    """Two reports, by index, that seem to be of one call; the surest sorts first."""

    distance: tuple[Any, ...]
    one: int
    other: int


class _Groups:
    """Reports put together step by step, never two of different messages."""

    def __init__(self, reports: Sequence[Report]) -> None:
        self.reports = reports
        self._parent = list(range(len(reports)))
        self._members = {index: [index] for index in self._parent}

    def calls(self) -> Iterator[tuple[int, Report]]:
        """The reports that are of one call."""
        return ((i, report) for i, report in enumerate(self.reports) if not report.is_total)

    def each(self) -> Iterator[list[int]]:
        return iter(self._members.values())

    def of(self, index: int) -> list[int]:
        return self._members[self._root(index)]

    def join(self, one: int, other: int) -> None:
        """Put two reports and all that belongs to them together."""
        keep, lose = sorted((self._root(one), self._root(other)))
        if keep != lose:
            self._parent[lose] = keep
            self._members[keep] += self._members.pop(lose)

    def sources(self, index: int) -> set[str]:
        return {self.reports[i].source for i in self.of(index)}

    def message(self, index: int) -> str | None:
        return next((m for i in self.of(index) if (m := self.reports[i].message_id)), None)

    def _root(self, index: int) -> int:
        while self._parent[index] != index:
            self._parent[index] = index = self._parent[self._parent[index]]
        return index


def _by_message(groups: _Groups) -> None:
    same: dict[str, list[int]] = defaultdict(list)
    for index, report in groups.calls():
        if report.message_id is not None:
            same[report.message_id].append(index)
    for indices in same.values():
        _join_neighbours(groups, indices)


def _by_request(groups: _Groups) -> None:
    """Join reports of one request; those without a message id go to the message nearest in time.

    Two messages stay two calls, whatever request id they claim: gateways are known to repeat them.
    """
    named: dict[str, list[int]] = defaultdict(list)
    unnamed: dict[str, list[int]] = defaultdict(list)
    for index, report in groups.calls():
        if report.request_id is not None:
            side = unnamed if report.message_id is None else named
            side[report.request_id].append(index)
    for request_id, indices in unnamed.items():
        _join_neighbours(groups, indices)
        nearest: dict[int, _Edge] = {}
        for one in indices:
            for other in named[request_id]:
                apart = abs(groups.reports[one].start_us - groups.reports[other].start_us)
                if apart <= WINDOW_US:
                    group = min(groups.of(one))
                    edge = _Edge((apart, *groups.reports[other].precedence), one, other)
                    nearest[group] = min(nearest.get(group, edge), edge)
        for edge in nearest.values():
            groups.join(edge.one, edge.other)


def _join_neighbours(groups: _Groups, indices: list[int]) -> None:
    indices.sort(key=lambda index: groups.reports[index].start_us)
    for one, other in pairwise(indices):
        if groups.reports[other].start_us - groups.reports[one].start_us <= WINDOW_US:
            groups.join(one, other)


def _by_trace(groups: _Groups) -> None:
    """Join reports without ids to what other sources say of the same place, the nearest first."""
    places: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for index, report in groups.calls():
        places[report.trace_id, report.tokens].append(index)
    edges = [edge for place in places.values() for edge in _edges(groups.reports, place)]
    for _, one, other in sorted(edges):
        messages = {groups.message(one), groups.message(other)} - {None}
        if len(messages) < 2 and not groups.sources(one) & groups.sources(other):
            groups.join(one, other)


def _edges(reports: Sequence[Report], place: list[int]) -> Iterator[_Edge]:
    if len({reports[index].source for index in place}) < 2:
        return
    for one in place:
        if not reports[one].is_bare:
            continue
        for other in place:
            if one != other and _are_one(reports[one], reports[other]):
                yield _Edge(_distance(reports[one], reports[other]), one, other)


def _are_one(one: Report, other: Report) -> bool:
    return (
        one.source != other.source
        and (_is_parent(one, other) or _is_parent(other, one) or _are_siblings(one, other))
        and not one.models.isdisjoint(other.models)
        and one.start_us <= other.start_us + other.duration_ns // 1000 + 1
        and other.start_us <= one.start_us + one.duration_ns // 1000 + 1
    )


def _is_parent(one: Report, other: Report) -> bool:
    return one.span_id == other.parent_span_id


def _are_siblings(one: Report, other: Report) -> bool:
    return one.parent_span_id is not None and one.parent_span_id == other.parent_span_id


def _distance(one: Report, other: Report) -> tuple[Any, ...]:
    """Sorts the surest match first; the same from both sides, so that ties are settled alike."""
    apart = abs(one.start_us - other.start_us)
    return _are_siblings(one, other), apart, *sorted((one.identity, other.identity))


def _verdicts(reports: Sequence[Report], members: list[int]) -> Iterator[tuple[int, Verdict]]:
    ordered = sorted(members, key=lambda index: reports[index].precedence)
    best, *others = ordered
    known = list(zip(*(reports[index].facts for index in ordered), strict=True))
    facts = tuple(next((value for value in values if value is not None), None) for values in known)
    own = reports[best].facts
    filled = [name for name, mine, all_ in zip(FACTS, own, facts, strict=True) if mine != all_]
    yield best, Verdict(True, None, None, facts, ",".join(filled) or None)
    for index in others:
        rule = _rule(reports[index], reports[best])
        yield index, Verdict(False, reports[best].call_key, rule, reports[index].facts, None)


def _rule(report: Report, best: Report) -> str:
    if report.message_id is not None and report.message_id == best.message_id:
        return "message_id"
    if report.request_id is not None and report.request_id == best.request_id:
        return "request_id"
    return "trace" if (report.is_bare or best.is_bare) else "report"


def _totals(
    reports: Sequence[Report], witnesses: Iterable[tuple[str, int]]
) -> Iterator[tuple[int, Verdict]]:
    """A session's totals count only where nobody reports its calls one by one."""
    seen: dict[str, list[int]] = defaultdict(list)
    for session_id, start_us in witnesses:
        seen[session_id].append(start_us)
    for report in reports:
        if report.source in sources.SESSION_CALLS and report.session_id is not None:
            seen[report.session_id].append(report.start_us)
    for index, report in enumerate(reports):
        if report.is_total:
            starts = seen.get(report.session_id or "", ())
            told = any(abs(start - report.start_us) <= WINDOW_US for start in starts)
            rule = "session_id" if told else None
            yield index, Verdict(not told, None, rule, report.facts, None)
