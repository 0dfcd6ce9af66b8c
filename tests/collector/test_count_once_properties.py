"""Whatever comes in whatever order, the ledger counts as if it had all come at once.

`SPANLEDGER_EXAMPLES=1000` looks further than the few examples of an ordinary run.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spanledger_collector.rows import CallRow
from spanledger_collector.sources import PRECEDENCE, SESSION_CALLS, SESSION_TOTALS
from spanledger_collector.store.duckdb import DuckDBStore
from spanledger_collector.store.matching import judge
from spanledger_collector.store.reports import Report, Verdict
from tests.collector.reports import NOON_US, SECOND_US, batch, counted, kept, report, sums

EXAMPLES = int(os.environ.get("SPANLEDGER_EXAMPLES", "8"))
with_databases = settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES < 100,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
in_memory = settings(with_databases, max_examples=EXAMPLES * 30)


class Delivery(NamedTuple):
    """One commit's reports, and what the collector does after it."""

    reports: list[CallRow]
    then: str


@st.composite
def deliveries(draw: st.DrawFn, reports: Sequence[CallRow]) -> list[Delivery]:
    """All reports, some more than once, in any order, in any number of commits."""
    again = draw(st.lists(st.sampled_from(reports), max_size=len(reports)))
    order = draw(st.permutations([*reports, *again]))
    cuts = sorted(draw(st.sets(st.integers(1, len(order)), max_size=5)) | {0, len(order)})
    steps = st.sampled_from(["nothing", "roll_up", "roll_up", "pack", "reopen"])
    return [Delivery(list(order[a:b]), draw(steps)) for a, b in pairwise(cuts)]


@contextmanager
def ledger_of(delivered: Sequence[Delivery]) -> Iterator[DuckDBStore]:
    """A ledger that got all of it."""
    with tempfile.TemporaryDirectory() as folder:
        store = DuckDBStore(Path(folder))
        for each in delivered:
            store.append([batch([one]) for one in each.reports])
            assert sums(store, fine=False) == sums(store, fine=True)
            if each.then != "nothing":
                getattr(store, each.then)()
        yield store
        store.close()


@st.composite
def worlds(draw: st.DrawFn) -> list[list[CallRow]]:
    """API calls, and who reports each: with which ids, and with which tokens."""
    calls = []
    for number in range(draw(st.integers(1, 4))):
        names = draw(
            st.lists(st.sampled_from(PRECEDENCE[:-1]), min_size=1, max_size=4, unique=True)
        )
        calls.append([draw(reports_of(number, index, name)) for index, name in enumerate(names)])
    return calls


@st.composite
def reports_of(draw: st.DrawFn, number: int, index: int, source: str) -> CallRow:
    """What one source reports of one call: some ids, its place, nearly always the right tokens."""
    miscounted = draw(st.sampled_from([0, 0, 0, 1]))
    return report(
        source=source,
        trace_id=bytes([7] * 15 + [draw(st.sampled_from([1, 1, 2]))]),
        span_id=number * 100 + index + 1,
        parent_span_id=1000 + number,
        start_time=NOON_US + number * 900 * SECOND_US + draw(st.integers(0, SECOND_US)),
        message_id=draw(st.sampled_from([None, f"msg_{number}"])),
        request_id=draw(st.sampled_from([None, f"req_{number}"])),
        session_id="session" if source in SESSION_CALLS else None,
        team=draw(st.sampled_from([None, "red", "blue"])),
        output_tokens=100 + number + miscounted,
    )


def one_call(one: CallRow, other: CallRow) -> bool:
    """Whether two reports of a world tell that they are of one call."""
    if one.message_id and one.message_id == other.message_id:
        return True
    if one.request_id and one.request_id == other.request_id:
        return True
    bare = not (one.message_id or one.request_id) or not (other.message_id or other.request_id)
    beside = one.trace_id == other.trace_id and one.parent_span_id == other.parent_span_id
    return bare and beside and one.output_tokens == other.output_tokens


def truly_counted(world: Sequence[Sequence[CallRow]]) -> list[CallRow]:
    """One report of each group of reports that tell of one another: the best source's."""
    groups: list[list[CallRow]] = []
    for each in (each for reports in world for each in reports):
        near = [group for group in groups if any(one_call(each, other) for other in group)]
        groups = [group for group in groups if group not in near]
        groups.append([each, *(other for group in near for other in group)])
    return [min(group, key=lambda each: PRECEDENCE.index(each.source)) for group in groups]


@with_databases
@given(st.data())
def test_every_call_of_a_world_counts_once(data: st.DataObject) -> None:
    """Calls reported by any sources, in any order, counted and added up as a list would do it."""
    world = data.draw(worlds())
    total = report(
        source=SESSION_TOTALS,
        span_id=9999,
        trace_id=b"t" * 16,
        session_id="session",
        output_tokens=9,
    )
    reports = [*(each for call in world for each in call), total]
    told = any(each.source in SESSION_CALLS for each in reports)
    expected = [*truly_counted(world), *([] if told else [total])]
    with ledger_of(data.draw(deliveries(reports))) as store:
        found = counted(store)
        rolled = sums(store, fine=False)
        evidence = len(kept(store))

    assert set(found) == {(each.source, each.span_id) for each in expected}
    assert evidence == len(reports) - len(expected)
    assert sum(row["output_tokens"] for row in rolled) == sum(e.output_tokens for e in expected)
    assert sum(int(row["cost_usd"].scaleb(12)) for row in rolled) == sum(
        each.cost_usd or 0 for each in expected
    )


IDS = st.sampled_from([None, "1", "2"])


@st.composite
def anything(draw: st.DrawFn) -> list[CallRow]:
    """Reports that contradict each other in every way."""
    count = draw(st.integers(2, 7))
    return [
        report(
            source=draw(st.sampled_from(["spanledger", "claude_code", "generic", SESSION_TOTALS])),
            trace_id=bytes([7] * 15 + [draw(st.sampled_from([1, 2]))]),
            span_id=number + 1,
            parent_span_id=draw(st.sampled_from([None, 1, 2, 99])),
            start_time=NOON_US + draw(st.sampled_from([0, 1, 3000, 6000])) * SECOND_US,
            message_id=(message := draw(IDS)) and f"msg_{message}",
            request_id=(request := draw(IDS)) and f"req_{request}",
            session_id=draw(st.sampled_from([None, "s1"])),
            user_id=draw(st.sampled_from([None, "ann", "bob"])),
            output_tokens=draw(st.sampled_from([100, 101])),
            usage_known=draw(st.sampled_from([True, True, False])),
        )
        for number in range(count)
    ]


def as_report(row: CallRow) -> Report:
    return Report(
        source=row.source,
        call_key=row.call_key,
        trace_id=row.trace_id.hex(),
        span_id=row.span_id,
        parent_span_id=row.parent_span_id,
        start_us=row.start_time,
        duration_ns=row.duration_ns,
        models=frozenset({"claude-sonnet-4-6"}),
        tokens=(row.input_tokens, 0, 0, row.output_tokens),
        usage_known=row.usage_known,
        usage_complete=row.usage_complete,
        message_id=row.message_id,
        request_id=row.request_id,
        facts=(row.team, row.feature, row.user_id, row.session_id),
    )


def judged(rows: Sequence[CallRow]) -> dict[int, Verdict]:
    reports = [as_report(row) for row in rows]
    verdicts = judge(reports)
    return {each.span_id: verdict for each, verdict in zip(reports, verdicts, strict=True)}


@in_memory
@given(st.data())
def test_the_verdict_does_not_depend_on_the_order(data: st.DataObject) -> None:
    """Judged in any order, each of some reports, however contradictory, gets the same verdict."""
    rows = data.draw(anything())
    shuffled = data.draw(st.permutations(rows))

    assert judged(rows) == judged(shuffled)


@with_databases
@given(st.data())
def test_a_ledger_comes_to_the_same_verdict_bit_by_bit(data: st.DataObject) -> None:
    """However reports arrive, what is stored is what judging all of them at once says."""
    rows = data.draw(anything())
    verdicts = judged(rows)
    with ledger_of(data.draw(deliveries(rows))) as store:
        found: dict[Any, Any] = {
            row["span_id"]: (row["user_id"], row["filled"]) for row in counted(store).values()
        }
        found |= {span: (key, rule) for _, span, key, rule in kept(store)}

    assert found == {
        span: (each.facts[2], each.filled) if each.counts else (each.counted_key, each.matched_by)
        for span, each in verdicts.items()
    }
