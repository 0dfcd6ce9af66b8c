"""The history's calls are part of requests, jobs, agents and tools, as real ones are."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone

import httpx2
import pytest

from spanledger_collector.server import RunningCollector
from spanledger_demo.history import DemoCall, History
from spanledger_demo.reconcile import reconcile
from spanledger_demo.run import backfill
from spanledger_demo.simulator import Simulator
from spanledger_demo.work import Step, parent_of, steps

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def calls() -> list[DemoCall]:
    """Some days, the one with the spike among them."""
    return list(History(now=NOW, days=3).calls())


@pytest.fixture(scope="module")
def work(calls: list[DemoCall]) -> list[Step]:
    """What is around them."""
    return list(steps(calls))


def test_every_trace_is_one_tree(calls: list[DemoCall], work: list[Step]) -> None:
    """Each parent exists in its trace, and a trace with steps has one root."""
    spans: defaultdict[int, dict[int, int | None]] = defaultdict(dict)
    for step in work:
        spans[step.arrival.trace_id][step.span_id] = step.parent_span_id
    for call in calls:
        spans[call.arrival.trace_id][call.span_id] = parent_of(call)

    traced = {step.arrival.trace_id for step in work}
    assert len({step.span_id for step in work}) == len(work)
    for trace, parents in spans.items():
        assert all(parent is None or parent in parents for parent in parents.values())
        if trace in traced:
            assert list(parents.values()).count(None) == 1


def test_parents_enclose_their_children(calls: list[DemoCall], work: list[Step]) -> None:
    """A request lasts as long as what is done for it, and tools run between calls."""
    around = {step.span_id: step for step in work}
    times = [(parent_of(c), c.arrival.at_ns, c.arrival.at_ns + c.duration_ns) for c in calls]
    times += [(step.parent_span_id, step.start_ns, step.end_ns) for step in work]

    for parent, start, end in times:
        assert start < end
        if parent is not None:
            assert around[parent].start_ns <= start <= end <= around[parent].end_ns


def test_agents_tools_and_helpers_occur(work: list[Step]) -> None:
    """Three levels deep where a migrator has helpers; some tools fail, most do not."""
    kinds = Counter(step.operation[0] if step.operation else "none" for step in work)
    tools = [step for step in work if step.name.startswith("execute_tool")]

    assert kinds["invoke_agent"] > 100
    assert kinds["execute_tool"] > 500
    assert any("module-worker-2" in step.name for step in work)
    assert 0 < sum(step.failed for step in tools) < len(tools) / 10


def test_the_work_costs_nothing(collector: RunningCollector, simulator: Simulator) -> None:
    """With the steps in the ledger it equals the bill, and a trace shows both kinds."""
    now = datetime.now(timezone.utc)
    backfill(collector.url, None, simulator, days=2, now=now)
    compared = reconcile(collector.url, None, simulator.bill())
    api = f"{collector.url}/api/v1/query"
    start = {"start": (now - timedelta(days=3)).isoformat()}
    [costliest] = httpx2.get(
        f"{api}/traces", params={**start, "feature": "repo-migration", "limit": 1}
    ).json()["rows"]
    rows = httpx2.get(f"{api}/trace", params={"trace_id": costliest["trace_id"]}).json()["rows"]

    assert compared.equal, compared.text
    assert Counter(row["kind"] for row in rows)["call"] == costliest["requests"]
    assert {"job repo-migration", "invoke_agent migrator"} <= {row["name"] for row in rows}
    assert all(row["cost_usd"] is None for row in rows if row["kind"] == "span")
