"""A ledger of schema version 1 opens, keeps what it held, and learns its list prices."""

from __future__ import annotations

import random
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa

from spanledger_collector.prices.in_force import book_under
from spanledger_collector.prices.reprice import Reprice
from spanledger_collector.store import sql_files
from spanledger_collector.store.duckdb import DATABASE_NAME, DuckDBStore
from tests.prices.support import batch, random_spans

SUMS = """
select sum(cost_usd) as cost, sum(list_usd) as list, sum(requests) as requests
from usage_between(timestamp '2020-01-01', timestamp '2030-01-01', $fine, $watermark)
"""


def version_1(folder: Path, calls: pa.Table) -> Decimal:
    """A ledger as the first release wrote it: its own files, 300 calls, two thirds rolled up."""
    with duckdb.connect(str(folder / DATABASE_NAME)) as connection:
        connection.execute(sql_files.statement("create_schema_version"))
        for statement in sql_files.schema()[1]:
            connection.execute(statement)
        connection.execute("insert into schema_version values (1, timestamp '2026-11-01', '0.1')")
        known = {row[0] for row in connection.execute("describe calls").fetchall()}
        connection.register(
            "incoming", calls.select([name for name in calls.column_names if name in known])
        )
        connection.execute(
            "insert into calls by name select *, 1 + row_number() over () // 101 as batch_id, "
            "timestamp '2026-11-01' as received_at from incoming"
        )
        connection.execute(
            "insert into calls_by_hour by name select date_trunc('hour', start_time) as hour, "
            "service, team, feature, environment, provider, model, workspace_id, operation, "
            "outcome, cost_status, count(*) as requests, 0 as calls, 0 as errors, "
            "0 as input_tokens, 0 as cache_read_tokens, 0 as cache_write_5m_tokens, "
            "0 as cache_write_1h_tokens, 0 as output_tokens, 0 as thinking_tokens, "
            "0 as web_search_requests, 0 as retries, 0 as duration_ns, sum(cost_usd) as cost_usd, "
            "2 as pass from calls where batch_id <= 2 group by all"
        )
        connection.execute("update rollup_watermark set batch_id = 2")
        [[total]] = connection.execute("select sum(cost_usd) from calls").fetchall()
    amount: Decimal = total
    return amount


def test_a_ledger_of_version_1_is_upgraded(tmp_path: Path) -> None:
    """Sums stay as they were; list equals cost, since there was no contract; repricing works."""
    calls = batch(random_spans(random.Random(5), 300, datetime(2026, 11, 1))).calls
    total = version_1(tmp_path, calls)
    store = DuckDBStore(tmp_path)
    sums = [
        row
        for fine in (False, True)
        for row in store.query().run(SUMS, {"fine": fine}, 9).table.to_pylist()
    ]
    plan = Reprice(None, None).plan(store, book_under(None))

    assert store.state().schema_version == max(sql_files.schema())
    assert sums == [{"cost": total, "list": total, "requests": 300}] * 2
    assert plan.rows.num_rows == 0
    store.close()
    DuckDBStore(tmp_path).close()
