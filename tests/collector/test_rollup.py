"""The hourly rollup and the calls above its watermark are together exactly the calls."""

from __future__ import annotations

import random
import time
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import orjson
import pytest

from spanledger.pricing import price_book
from spanledger_collector.ledger import book
from spanledger_collector.receive.otlp_json import spans_from_json
from spanledger_collector.store import Batch, Store, batch_of
from spanledger_collector.store.duckdb import DuckDBStore
from tests.collector.support import Document, request_of
from tests.collector.truth import Truth, random_call

TOTALS = """
select
    {dimensions},
    sum(requests) as requests, sum(calls) as calls, sum(errors) as errors,
    sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
    sum(cache_read_tokens) as cache_read_tokens, sum(duration_ns) as duration_ns,
    sum(cost_usd) as cost_usd, sum(input_usd) as input_usd, sum(output_usd) as output_usd,
    sum(cache_write_5m_usd) as cache_write_5m_usd, sum(web_search_usd) as web_search_usd
from usage_between($start, $end, $fine, $watermark)
group by all
order by all
"""
DIMENSIONS = "service, team, feature, environment, model, workspace_id, operation, outcome"


def batch(calls: list[Truth]) -> Batch:
    rows = book(
        (
            span
            for call in calls
            for span in spans_from_json(orjson.dumps(request_of([call.span], **call.resource)), [])
        ),
        time.time_ns(),
        price_book(),
    )
    assert not rows.quarantine
    return batch_of(rows)


def totals(store: Store, start: datetime, end: datetime, *, fine: bool) -> list[Document]:
    """What the calls of a range add up to, by all dimensions."""
    sql = TOTALS.format(dimensions=DIMENSIONS)
    bounds = {"start": start, "end": end, "fine": fine}
    rows: list[Document] = store.query().run(sql, bounds, 100_000).table.to_pylist()
    return rows


@pytest.mark.parametrize("seed", range(6))
def test_rollup_is_exact_at_every_moment(tmp_path: Path, seed: int) -> None:
    """Between any two of commits, passes, packings and reopenings, both readings agree exactly."""
    dice = random.Random(seed)
    store = DuckDBStore(tmp_path)
    begin = datetime(2026, 11, 1)
    stored = 0
    for _ in range(40):
        step = dice.choice(["append", "append", "append", "roll_up", "roll_up", "pack", "reopen"])
        if step == "append":
            made = [
                random_call(dice, begin + timedelta(seconds=dice.randrange(6 * 3600)))
                for _ in range(dice.randrange(1, 20))
            ]
            stored += store.append([batch(made)]).calls
        elif step == "roll_up":
            store.roll_up()
        elif step == "pack":
            store.pack()
        else:
            store.reopen()
        start = begin + timedelta(seconds=dice.randrange(-3600, 5 * 3600))
        end = start + timedelta(seconds=dice.randrange(0, 7 * 3600))
        whole = totals(store, datetime(2020, 1, 1), datetime(2030, 1, 1), fine=False)

        assert totals(store, start, end, fine=False) == totals(store, start, end, fine=True)
        assert sum(row["requests"] for row in whole) == stored
    store.close()


def test_packing_leaves_one_row_a_group(tmp_path: Path) -> None:
    """Many passes over an hour that is closed become one row for each group, the sums unchanged."""
    dice = random.Random(1)
    store = DuckDBStore(tmp_path)
    for _ in range(10):
        made = [random_call(dice, datetime(2026, 11, 1, 9, minute)) for minute in range(20)]
        store.append([batch(made)])
        store.roll_up()
    start, end = datetime(2026, 11, 1), datetime(2026, 11, 2)
    before = totals(store, start, end, fine=False)
    rows_before = count(store)
    packed = store.pack()
    again = store.pack()
    rows_after = count(store)

    assert packed > 0
    assert again == 0
    assert rows_after < rows_before
    assert totals(store, start, end, fine=False) == before
    store.close()


def count(store: DuckDBStore) -> int:
    [row] = store.query().run("select count(*) as n from calls_by_hour", {}, 1).table.to_pylist()
    rows: int = row["n"]
    return rows


def test_nothing_new_is_no_pass(tmp_path: Path) -> None:
    """Without new batches a pass does nothing; with them it moves the watermark."""
    store = DuckDBStore(tmp_path)
    dice = random.Random(2)

    assert store.roll_up() is False
    store.append([batch([random_call(dice, datetime(2026, 11, 1))])])
    assert store.roll_up() is True
    assert store.roll_up() is False
    store.close()


def test_sums_do_not_overflow(tmp_path: Path) -> None:
    """The largest durations that a span may have add up without an error."""
    store = DuckDBStore(tmp_path)
    dice = random.Random(3)
    calls = [random_call(dice, datetime(2020, 6, 1)) for _ in range(100)]
    end_ns = time.time_ns()
    for call in calls:
        call.span["endTimeUnixNano"] = str(end_ns)
    store.append([batch(calls)])
    store.roll_up()
    [row] = (
        store.query()
        .run(
            "select sum(duration_ns) as total, whole(sum(duration_ns)) as shown "
            "from usage_between($start, $end, false, $watermark)",
            {"start": datetime(2020, 1, 1), "end": datetime(2030, 1, 1)},
            1,
        )
        .table.to_pylist()
    )

    assert row["total"] > Decimal(2**63)
    assert row["shown"] == 2**63 - 1
    store.close()
