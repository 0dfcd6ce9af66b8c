"""The spans and calls of a trace as a tree, with what each part of it cost; pure.

Only rows of the kind `call` cost anything, and the ledger has each call once: spans around it and
further reports of it are in no sum, whatever they claim.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

__all__ = ["Branch", "Costs", "Step", "leading_to_calls", "planted"]

_RANK = {"span": 0, "call": 1, "report": 2}


@dataclass(frozen=True)
class Step:
    """One row of a trace: a span, a call, or another report of a call that counts already."""

    kind: str
    span_id: str
    parent_span_id: str | None
    name: str
    service: str
    source: str
    start: datetime
    duration_ns: int
    failed: bool
    model: str | None = None
    outcome: str | None = None
    error_type: str | None = None
    cost_status: str | None = None
    cost_usd: Decimal | None = None
    prompt_tokens: int = 0
    output_tokens: int = 0
    attributes: str | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any], start: datetime) -> Step:
        """A row of the query `trace`."""
        prompt = ("input", "cache_read", "cache_write_5m", "cache_write_1h")
        same = ("kind", "span_id", "parent_span_id", "name", "service", "source", "duration_ns")
        told = ("model", "outcome", "error_type", "cost_status", "cost_usd", "attributes")
        return cls(
            **{name: row[name] for name in (*same, *told)},
            start=start,
            failed=row["status"] == "error",
            prompt_tokens=sum(int(row[f"{kind}_tokens"] or 0) for kind in prompt),
            output_tokens=int(row["output_tokens"] or 0),
        )

    @property
    def costs(self) -> Costs:
        """What this step cost by itself."""
        if self.kind != "call":
            return Costs()
        return Costs(
            self.cost_usd or Decimal(0),
            1,
            int(self.cost_status == "unpriced"),
            int(self.cost_status == "estimated"),
        )


class Costs(NamedTuple):
    """What some calls cost; those without a price are counted beside the sum."""

    usd: Decimal = Decimal(0)
    calls: int = 0
    unpriced: int = 0
    estimated: int = 0

    def plus(self, other: Costs) -> Costs:
        """Both together."""
        return Costs(
            self.usd + other.usd,
            self.calls + other.calls,
            self.unpriced + other.unpriced,
            self.estimated + other.estimated,
        )

    @property
    def known_usd(self) -> Decimal | None:
        """The sum, or None where not one call has a price: unknown is not nothing."""
        return None if self.calls and self.calls == self.unpriced else self.usd


@dataclass(frozen=True)
class Branch:
    """A step with all that happened in it."""

    step: Step
    depth: int
    below: Costs
    """What all steps beneath cost."""
    children: tuple[Branch, ...]
    orphan: bool = False
    """Its parent is not in the ledger."""

    @property
    def costs(self) -> Costs:
        """What the step and all beneath it cost."""
        return self.step.costs.plus(self.below)

    def walk(self) -> Iterator[Branch]:
        """This branch and all beneath it, from top to bottom."""
        waiting = [self]
        while waiting:
            branch = waiting.pop()
            yield branch
            waiting += reversed(branch.children)


def planted(steps: Sequence[Step]) -> list[Branch]:
    """The trees of a trace: several where parents are missing; every step is in exactly one.

    Works without recursion, so that no depth of nesting that somebody sends can break it.
    """
    ordered = sorted(steps, key=lambda step: (step.start, -step.duration_ns, step.span_id))
    place = _places(ordered)
    children: dict[int, list[int]] = {number: [] for number in range(len(ordered))}
    tops: list[int] = []
    for number, step in enumerate(ordered):
        parent = place.get(step.parent_span_id or "")
        (tops if parent is None or parent == number else children[parent]).append(number)
    seen: set[int] = set()
    order = list(_downwards(tops, children, seen))
    for number in range(len(ordered)):
        if number not in seen:  # a ring of parents: cut open at its earliest step
            tops.append(number)
            order += _downwards([number], children, seen)
    return _grown(ordered, tops, children, order)


def leading_to_calls(branches: Iterable[Branch]) -> list[Branch]:
    """The branches in which a call was made, in order, without the plain steps beside them."""
    return [
        branch
        for top in branches
        for branch in top.walk()
        if branch.costs.calls or branch.step.kind != "span"
    ]


def _places(ordered: Sequence[Step]) -> dict[str, int]:
    """Where each span id is; a plain span is a better parent than a report of the same id."""
    place: dict[str, int] = {}
    for number, step in enumerate(ordered):
        held = place.get(step.span_id)
        if held is None or _RANK.get(step.kind, 3) < _RANK.get(ordered[held].kind, 3):
            place[step.span_id] = number
    return place


def _downwards(
    tops: Sequence[int], children: Mapping[int, Sequence[int]], seen: set[int]
) -> Iterator[tuple[int, int]]:
    """Each step beneath the tops with its depth, parents before children."""
    waiting = [(number, 0) for number in reversed(tops)]
    while waiting:
        number, depth = waiting.pop()
        if number in seen:
            continue
        seen.add(number)
        yield number, depth
        waiting += [(child, depth + 1) for child in reversed(children[number])]


def _grown(
    ordered: Sequence[Step],
    tops: Sequence[int],
    children: Mapping[int, Sequence[int]],
    order: Sequence[tuple[int, int]],
) -> list[Branch]:
    grown: dict[int, Branch] = {}
    for number, depth in reversed(order):
        own = tuple(grown[child] for child in children[number] if child in grown)
        below = Costs()
        for child in own:
            below = below.plus(child.costs)
        step = ordered[number]
        orphan = depth == 0 and step.parent_span_id is not None
        grown[number] = Branch(step, depth, below, own, orphan)
    return sorted(
        (grown[number] for number in tops), key=lambda branch: (branch.step.start, -branch.depth)
    )
