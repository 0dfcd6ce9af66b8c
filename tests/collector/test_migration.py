"""A ledger of every earlier schema version opens, holds what it held, and adds up at once."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from spanledger_collector.store import StoreError, sql_files
from spanledger_collector.store.duckdb import DATABASE_NAME, DuckDBStore
from tests.collector.support import Document
from tests.collector.test_rollup import batch
from tests.collector.test_rollups_behind import agree
from tests.collector.truth import random_call
from tests.durability.disks import MIB, disk_of, resize

BEGIN = datetime(2026, 11, 1)
PLAIN = 3
"""The last version in which every column of `calls` was stored; later ones come by upgrade."""
LOG = 4 * MIB
"""To stay free; of so few calls the log takes less."""
CALLS = """
select call_key, message_id, start_time, service, cost_usd, list_usd, retries, tags, input_usd,
    output_usd, cache_read_usd, cache_write_5m_usd, cache_write_1h_usd, web_search_usd, claimed_usd
from calls order by start_time, call_key
"""
DYING = """
import os, sys
from pathlib import Path
from spanledger_collector.store.duckdb import DuckDBStore, upgrading

recorded = upgrading._record

def record(connection, version):
    if version == int(sys.argv[2]):
        os.kill(os.getpid(), 9)
    recorded(connection, version)

upgrading._record = record
DuckDBStore(Path(sys.argv[1]), min_free_bytes=0)
"""
HOURS = """
insert into calls_by_hour by name
select
    date_trunc('hour', start_time) as hour, service, team, feature, environment, provider, model,
    workspace_id, operation, outcome, cost_status, count(*) as requests,
    count(*) filter (where operation = 'chat') as calls,
    count(*) filter (where outcome = 'failed') as errors,
    sum(input_tokens) as input_tokens, sum(cache_read_tokens) as cache_read_tokens,
    sum(cache_write_5m_tokens) as cache_write_5m_tokens,
    sum(cache_write_1h_tokens) as cache_write_1h_tokens, sum(output_tokens) as output_tokens,
    sum(thinking_tokens) as thinking_tokens, sum(web_search_requests) as web_search_requests,
    sum(retries) as retries, sum(duration_ns) as duration_ns, sum(cost_usd) as cost_usd,
    sum(input_usd) as input_usd, sum(output_usd) as output_usd,
    sum(cache_read_usd) as cache_read_usd, sum(cache_write_5m_usd) as cache_write_5m_usd,
    sum(cache_write_1h_usd) as cache_write_1h_usd, sum(web_search_usd) as web_search_usd, 2 as pass
from calls where batch_id <= 2 group by all
"""


def ledger_of(version: int, folder: Path, calls: pa.Table) -> None:
    """A ledger as a release with that schema left it: three batches, two of them counted."""
    schema = sql_files.schema()
    with duckdb.connect(str(folder / DATABASE_NAME)) as connection:
        connection.execute(sql_files.statement("create_schema_version"))
        _upgraded(connection, range(1, min(version, PLAIN) + 1))
        known = {row[0] for row in connection.execute("describe calls").fetchall()}
        connection.register(
            "incoming", calls.select([name for name in calls.column_names if name in known])
        )
        connection.execute(
            "insert into calls by name select *, 1 + row_number() over () // 41 as batch_id, "
            "timestamp '2026-11-01' as received_at from incoming"
        )
        connection.execute(HOURS)
        if version > 1:
            connection.execute("update calls set list_usd = cost_usd")
            connection.execute("update calls_by_hour set list_usd = cost_usd")
        for filled in [each for each in schema[3] if "update calls" in each and version > 2]:
            connection.execute(filled)
        connection.execute("update rollup_watermark set batch_id = 2")
        _upgraded(connection, range(PLAIN + 1, version + 1))


def _upgraded(connection: duckdb.DuckDBPyConnection, versions: range) -> None:
    """Run the statements of some versions, each in a transaction of its own."""
    for version in versions:
        connection.execute("begin transaction")
        for statement in sql_files.schema()[version]:
            connection.execute(statement)
        connection.execute(
            "insert into schema_version values ($1, now()::timestamp, '0')", [version]
        )
        connection.execute("commit")


@pytest.mark.parametrize("version", sorted(sql_files.schema())[:-1])
def test_an_earlier_ledger_is_upgraded(tmp_path: Path, version: int) -> None:
    """Its calls are what they were, every rollup agrees with them, and it takes new calls."""
    dice = random.Random(version)
    made = [
        random_call(dice, BEGIN + timedelta(seconds=dice.randrange(40 * 3600))) for _ in range(100)
    ]
    calls = batch(made).calls
    claims = [dice.choice([None, cost, Decimal("0.1")]) for cost in calls["cost_usd"].to_pylist()]
    calls = calls.drop_columns("claimed_usd").append_column(
        "claimed_usd", pa.array(claims, calls["claimed_usd"].type)
    )
    ledger_of(version, tmp_path, calls)
    store = DuckDBStore(tmp_path)
    stored: list[Document] = store.query().run(CALLS, {}, 1000).table.to_pylist()
    [newest] = [store.state().schema_version]
    amounts = [name for name in calls.column_names if name.endswith("_usd")]
    before = calls.select(["call_key", *amounts]).to_pylist()

    assert newest == max(sql_files.schema())
    assert sorted(row["call_key"] for row in stored) == sorted(calls["call_key"].to_pylist())
    assert all(row["list_usd"] == row["cost_usd"] for row in stored)
    assert sorted(
        ([row["call_key"], *(row[name] for name in amounts)] for row in stored), key=str
    ) == (sorted((list(row.values()) for row in before), key=str))
    assert agree(store, BEGIN, BEGIN + timedelta(days=2))
    assert store.append([batch(made)]).duplicates == 100
    assert store.append([batch([random_call(dice, BEGIN)])]).calls == 1
    store.roll_up()
    assert agree(store, BEGIN, BEGIN + timedelta(days=2))
    store.close()
    DuckDBStore(tmp_path).close()


@pytest.mark.parametrize("version", [4, 6])
def test_a_kill_in_the_middle_of_an_upgrade(tmp_path: Path, version: int) -> None:
    """Killed after all rows are written anew, before it is noted: the next start does it again."""
    dice = random.Random(version)
    calls = batch([random_call(dice, BEGIN) for _ in range(100)]).calls
    ledger_of(version - 1, tmp_path, calls)
    died = subprocess.run([sys.executable, "-c", DYING, str(tmp_path), str(version)], check=False)
    store = DuckDBStore(tmp_path)
    stored = store.query().run(CALLS, {}, 1000).table.to_pylist()

    assert died.returncode == -9
    assert store.state().schema_version == max(sql_files.schema())
    assert sorted(row["call_key"] for row in stored) == sorted(calls["call_key"].to_pylist())
    assert agree(store, BEGIN, BEGIN + timedelta(days=1))
    store.close()


@pytest.mark.parametrize("version", [1, 4, 5])
def test_an_upgrade_without_room_is_refused(tmp_path: Path, version: int) -> None:
    """On a disk too small it says how much it takes and what to do; with that much it succeeds."""
    dice = random.Random(version)
    calls = batch([random_call(dice, BEGIN) for _ in range(1000)]).calls
    with disk_of(100 * MIB, tmp_path / "disk") as folder:
        file = folder / DATABASE_NAME
        ledger_of(version, folder, calls)
        before, room = file.read_bytes(), LOG + MIB
        resize(folder, len(before) + room)
        with pytest.raises(StoreError) as refusal:
            DuckDBStore(folder, min_free_bytes=LOG)
        message = str(refusal.value)
        told = re.search(r"takes (\d+) MiB .* Free (\d+) MiB, or move .* store.path", message)
        assert told is not None
        needed, missing = map(int, told.groups())
        untouched = file.read_bytes() == before
        resize(folder, len(before) + room + missing * MIB)
        store = DuckDBStore(folder, min_free_bytes=LOG)
        stored = store.query().run(CALLS, {}, 10_000).table.num_rows
        store.close()
        grown = file.stat().st_size - len(before)

    assert untouched
    assert str(file) in message
    assert f"schema version {version}" in message
    assert 0 < grown <= needed * MIB
    assert stored == 1000


def test_room_inside_the_file_counts(tmp_path: Path) -> None:
    """What an earlier upgrade left free, and what a killed one has written, is used again."""
    dice = random.Random(6)
    calls = batch([random_call(dice, BEGIN) for _ in range(1000)]).calls
    with disk_of(100 * MIB, tmp_path / "disk") as folder:
        ledger_of(5, folder, pa.concat_tables([calls] * 130))  # fewer would stay in the log
        died = subprocess.run([sys.executable, "-c", DYING, str(folder), "6"], check=False)
        left = sum(file.stat().st_size for file in folder.iterdir())
        resize(folder, left + left // 4)
        store = DuckDBStore(folder, min_free_bytes=0)
        stored = store.query().run(CALLS, {}, 200_000).table.num_rows
        store.close()

    assert died.returncode == -9
    assert stored == 130_000
