"""A trace is one tree, and its costs add up once, whatever was sent."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from spanledger_dashboard.tree import Branch, Costs, Step, leading_to_calls, planted

BEGAN = datetime(2026, 11, 20, 9, tzinfo=timezone.utc)


def step(
    span_id: str, parent: str | None = None, kind: str = "span", at: float = 0, **facts: Any
) -> Step:
    start = BEGAN + timedelta(seconds=at)
    told = {"duration_ns": 1_000_000_000, "failed": False, **facts}
    return Step(kind, span_id, parent, span_id, "shop", "shop", start, **told)


def call(span_id: str, parent: str | None = None, usd: str | None = "1", at: float = 0) -> Step:
    status = "unpriced" if usd is None else "priced"
    cost = None if usd is None else Decimal(usd)
    return step(span_id, parent, "call", at, cost_usd=cost, cost_status=status, model="m")


def shape(trees: list[Branch]) -> list[tuple[str, int, Decimal]]:
    return [(each.step.span_id, each.depth, each.costs.usd) for top in trees for each in top.walk()]


def test_costs_go_up_the_tree() -> None:
    """A span costs what the calls beneath it cost; order is that of time."""
    steps = [
        call("b", "agent", "2", at=2),
        step("agent", "root"),
        call("a", "agent", "1", at=1),
        step("root"),
        step("tool", "root", at=3),
    ]

    assert shape(planted(steps)) == [
        ("root", 0, Decimal(3)),
        ("agent", 1, Decimal(3)),
        ("a", 2, Decimal(1)),
        ("b", 2, Decimal(2)),
        ("tool", 1, Decimal(0)),
    ]


def test_only_calls_that_count_are_in_sums() -> None:
    """Neither a span that claims a cost nor a further report of a call adds to it."""
    report = step("r", "root", "report", cost_usd=Decimal(1), cost_status="priced")
    claiming = step("s", "root", attributes='{"cost": 7}', cost_usd=Decimal(7))
    [root] = planted([step("root"), call("a", "root"), report, claiming])

    assert root.costs == Costs(Decimal(1), 1)
    assert [each.step.span_id for each in leading_to_calls([root])] == ["root", "a", "r"]


def test_a_call_within_a_call_counts_as_the_ledger_counts_it() -> None:
    """An agent that is called by a tool inside a call: both were made, both were paid."""
    [root] = planted([call("a"), call("b", "a", "2", at=1)])

    assert [root.step.costs.usd, root.below.usd, root.costs.usd] == [Decimal(n) for n in (1, 2, 3)]


def test_unknown_is_not_nothing() -> None:
    """A part of which no call has a price has no sum; with others they are counted beside it."""
    [alone] = planted([call("a", None, None)])
    [mixed] = planted([step("m"), call("b", "m"), call("c", "m", None)])

    assert alone.costs.known_usd is None
    assert (mixed.costs.known_usd, mixed.costs.unpriced) == (Decimal(1), 1)


def test_a_missing_parent_leaves_a_tree_of_its_own() -> None:
    """Services without tracing of their own send calls alone."""
    trees = planted([call("a", "elsewhere"), call("b", "elsewhere", at=1)])

    assert [(tree.step.span_id, tree.orphan) for tree in trees] == [("a", True), ("b", True)]


@pytest.mark.parametrize(
    "steps",
    [
        [step("a", "a")],
        [step("a", "b"), step("b", "a", at=1), call("c", "b", at=2)],
        [call("a"), call("a", at=1), step("a", "a", at=2)],
    ],
    ids=["itself", "ring", "one id thrice"],
)
def test_every_step_is_shown_once(steps: list[Step]) -> None:
    """Whatever parents somebody sends, nothing is lost and nothing counts twice."""
    trees = planted(steps)
    found = [each.step for top in trees for each in top.walk()]

    assert sorted(map(id, found)) == sorted(map(id, steps))
    assert sum(tree.costs.calls for tree in trees) == sum(s.kind == "call" for s in steps)


def test_any_depth_is_fine() -> None:
    """Ten thousand spans, each within the one before."""
    steps = [step(str(n), str(n - 1) if n else None, at=n) for n in range(10_000)]
    [root] = planted([*steps, call("last", "9999", at=10_000)])

    assert root.costs.usd == 1
    assert max(each.depth for each in root.walk()) == 10_000
