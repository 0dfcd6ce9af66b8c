"""What a call costs is read as it was written, though two amounts of it are seldom stored."""

from __future__ import annotations

import tempfile
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from spanledger_collector.prices.differences import CHANGES
from spanledger_collector.store.duckdb import DuckDBStore
from tests.collector.reports import NOON_US, append, report, rows
from tests.collector.test_count_once_properties import with_databases

PARTS = (
    "input_usd",
    "output_usd",
    "cache_read_usd",
    "cache_write_5m_usd",
    "cache_write_1h_usd",
    "web_search_usd",
)
AMOUNTS = (*PARTS, "cost_usd", "list_usd", "claimed_usd")
REPRICED = (*PARTS, "cost_usd", "list_usd")
READ = f"select message_id, {', '.join(AMOUNTS)} from calls"
MOST = 10**18 - 1
STORED = """
select count(own_input_usd) as inputs, count(own_claimed_usd) as claims,
    count(*) filter (where input_is_rest and claim_is_cost) as nothing
from calls
"""
NOTE = pa.Table.from_pylist(
    [
        {
            "applied_at": datetime(2026, 11, 2),
            "release": "0",
            "prices_version": "2",
            "changes": "[]",
        }
        | dict.fromkeys(("calls", "changed", "unpriced_before", "unpriced_after"), 0)
        | dict.fromkeys(("before_usd", "after_usd"), Decimal(0))
    ]
)
Amounts = dict[str, int | None]


@st.composite
def amounts(draw: st.DrawFn) -> Amounts:
    """A priced call, one without a price, or something that no price book would say."""
    kind = draw(st.sampled_from(["priced", "priced", "unpriced", "odd"]))
    if kind == "odd":
        anything = st.none() | st.sampled_from([0, 1, MOST]) | st.integers(0, MOST)
        told: Amounts = {name: draw(anything) for name in (*PARTS, "cost_usd")}
    elif kind == "unpriced":
        told = dict.fromkeys((*PARTS, "cost_usd"))
    else:
        parts = {name: draw(st.integers(0, MOST // len(PARTS))) for name in PARTS}
        told = {**parts, "cost_usd": sum(parts.values())}
    cost = told["cost_usd"]
    listed = cost if cost is None else draw(st.just(cost) | st.integers(0, MOST))
    claimed = draw(st.none() | st.just(cost) | st.integers(0, MOST))
    return {**told, "list_usd": listed, "claimed_usd": claimed}


def read(store: DuckDBStore) -> dict[str, Amounts]:
    """The amounts of all calls, in picodollars."""
    found = {row.pop("message_id"): row for row in rows(store, READ)}
    return {key: {name: _picodollars(row[name]) for name in AMOUNTS} for key, row in found.items()}


def _picodollars(amount: Decimal | None) -> int | None:
    return None if amount is None else int(amount.scaleb(12))


def _stored(amount: int | None) -> Decimal | None:
    return None if amount is None else Decimal(amount).scaleb(-12)


@with_databases
@given(st.lists(amounts(), min_size=1, max_size=20), st.data())
def test_amounts_are_read_as_they_were_written(told: list[Amounts], data: st.DataObject) -> None:
    """To the picodollar: alone, in place of another report, moved aside and back, priced anew."""
    calls = {f"msg_{number}": each for number, each in enumerate(told)}
    better = [
        report(message_id=key, span_id=number + 1, start_time=NOON_US + number, **each)
        for number, (key, each) in enumerate(calls.items())
    ]
    others = [
        each._replace(source="openllmetry", span_id=each.span_id + 1000, claimed_usd=5)
        for each in better
    ]
    anew = {key: calls[key] | _without_claim(data.draw(amounts())) for key in calls}
    with tempfile.TemporaryDirectory() as alone, tempfile.TemporaryDirectory() as beside:
        one, many = DuckDBStore(Path(alone)), DuckDBStore(Path(beside))
        append(one, better)
        append(many, others, better)
        first = [read(each) for each in (one, many)]
        for each in (one, many):
            each.reprice(_changes(each, anew), NOTE)
        second = [read(each) for each in (one, many)]
        one.reopen()
        third = read(one)
        one.close()
        many.close()

    assert first == [calls, calls]
    assert second == [anew, anew]
    assert third == anew


def _without_claim(changed: Amounts) -> Amounts:
    return {name: changed[name] for name in REPRICED}


def _changes(store: DuckDBStore, anew: dict[str, Amounts]) -> pa.Table:
    """What repricing gives a store."""
    known = rows(store, "select message_id, batch_id, call_key, start_time from calls")
    changes: list[dict[str, Any]] = [
        {
            "batch_id": row["batch_id"],
            "call_key": row["call_key"],
            "start_time": row["start_time"],
            "model": "claude-sonnet-4-6",
            "cost_status": "priced",
            "cost_reasons": [],
            **{name: _stored(anew[row["message_id"]][name]) for name in REPRICED},
        }
        for row in known
    ]
    version = pa.array(["2"] * len(changes))
    return pa.Table.from_pylist(changes, CHANGES).append_column("prices_version", version)


def test_what_can_be_worked_out_is_not_stored(tmp_path: Path) -> None:
    """A call as our library reports it stores neither its input's cost nor its own claim."""
    usual = report(message_id="msg_1", claimed_usd=100 * 10**6)
    silent = report(message_id="msg_2", span_id=2)
    other = report(message_id="msg_3", span_id=3, claimed_usd=1, input_usd=7, cost_usd=8)
    store = DuckDBStore(tmp_path)
    append(store, [usual])
    first = rows(store, STORED)
    append(store, [silent, other])
    second = rows(store, STORED)
    store.close()

    assert first == [{"inputs": 0, "claims": 0, "nothing": 1}]
    assert second == [{"inputs": 1, "claims": 1, "nothing": 1}]
