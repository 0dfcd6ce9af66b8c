"""Make a ledger of millions of calls by SQL, straight into its file, for benchmarks of the rest.

    python benchmarks/big_ledger.py /tmp/big --calls 10000000 --days 90

The calls are spread over a few hundred combinations of service, team, feature, model and so on,
with ids as random as real ones, prices of the list and costs that are exactly what they should be.
"""

from __future__ import annotations

import argparse
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import duckdb

from spanledger_collector.store.duckdb import DATABASE_NAME, DuckDBStore

CHUNK = 500_000
COMBINATIONS = """
create temp table combinations as
with prices (model, input, output) as (
    values
        ('claude-haiku-4-5', 1, 5),
        ('claude-sonnet-4-5', 3, 15),
        ('claude-sonnet-4-6', 3, 15),
        ('claude-opus-4-5', 5, 25),
        ('claude-opus-4-6', 5, 25)
),
named as (
    select
        'service-' || s as service,
        'team-' || s // 2 as team,
        'feature-' || s || '-' || f as feature,
        if(e = 0, 'production', 'staging') as environment,
        if(s % 6 = 5, 'aws.bedrock', 'anthropic') as provider,
        'wrkspc_01' || left(md5('w' || s % 4), 22) as workspace_id,
        prices.*,
        row_number() over (order by hash(s, f, e, model)) as rank
    from range(12) services (s), range(3) features (f), range(2) environments (e), prices
)
select *, sum(1 / rank) over (order by rank) / sum(1 / rank) over () as share from named
"""
SLOTS = """
create temp table slots as
select slot, combinations.* exclude (share)
from range(4096) slots (slot)
asof join combinations on slot / 4096 <= share
"""
CALLS = """
insert into calls by name
from (
with dice as (
    select
        i,
        hash(i, 1) as a,
        hash(i, 2) as b,
        hash(i, 3) as c,
        hash(i // 600 * 50 + i % 50, 4) as d,
        md5('m' || i) as m,
        md5('r' || i) as r,
        md5('t' || i // 3) as t
    from range($first, $last) calls (i)
),
made as (
    select
        *,
        $begin + to_microseconds(cast(i * $step + a % 5000000 as bigint)) as start_time,
        if(c % 50 = 0, 'failed', 'completed') as outcome,
        'msg_01' || translate(left(to_base64(unhex(m)), 22), '+/', 'Zz') as message,
        'req_01' || translate(left(to_base64(unhex(r)), 22), '+/', 'Zz') as request,
        ((d // 4096) % 1000003) / 1000003 as where_in_list,
        'user-' || cast(floor(2000 * pow(where_in_list, 2)) as integer) as user_id,
        'session-' || left(md5(cast(d as varchar)), 16) as session_id,
        cast(exp(6 + (a % 10007) / 10007 * 4) as integer) as inputs,
        cast(exp(3 + (b % 10009) / 10009 * 4) as integer) as outputs,
        if(c % 10 < 6, cast(exp(7 + (c % 10007) / 10007 * 4) as integer), 0) as reads,
        if(c % 10 < 2, cast(exp(6 + (c % 9973) / 9973 * 3) as integer), 0) as writes,
        cast(exp(20 + (b % 8191) / 8191 * 4) + a % 1000000 as bigint) as took
    from dice
    inner join slots on slot = d % 4096
),
counted as (
    select
        *,
        outcome = 'completed' as good,
        if(good, inputs, 0) as input_tokens,
        if(good, outputs, 0) as output_tokens,
        if(good, reads, 0) as cache_read_tokens,
        if(good and c % 20 <> 0, writes, 0) as cache_write_5m_tokens,
        if(good and c % 20 = 0, writes, 0) as cache_write_1h_tokens
    from made
),
priced as (
    select
        *,
        cast(input as decimal(6, 2)) * 0.000001 as per_input,
        cast(output as decimal(6, 2)) * 0.000001 as per_output,
        cast(input_tokens * per_input as decimal(18, 12)) as input_usd,
        cast(output_tokens * per_output as decimal(18, 12)) as output_usd,
        cast(cache_read_tokens * per_input * 0.1 as decimal(18, 12)) as cache_read_usd,
        cast(cache_write_5m_tokens * per_input * 1.25 as decimal(18, 12)) as cache_write_5m_usd,
        cast(cache_write_1h_tokens * per_input * 2 as decimal(18, 12)) as cache_write_1h_usd
    from counted
)
select
    cast(t as uuid) as trace_id,
    hash(i, 5) as span_id,
    if(c % 2 = 0, hash(i // 2, 6), null) as parent_span_id,
    start_time,
    took as duration_ns,
    if(a % 10 < 6, took // 5 + b % 100000000, null) as time_to_first_chunk_ns,
    max(start_time + to_microseconds(cast(took // 1000 + 1000000 as bigint))) over (
        partition by i // 40
    ) as received_at,
    $batch + (i - $first) // 40 as batch_id,
    'spanledger' as source,
    service,
    '1.' || (i // 300000) as service_version,
    environment,
    service || '-' || left(md5(service || a % 5), 8) as host,
    team,
    feature,
    user_id,
    session_id,
    map {} as tags,
    provider,
    'chat' as operation,
    model as request_model,
    if(good, model, null) as response_model,
    model,
    a % 10 < 6 as streamed,
    outcome,
    if(good, null, 'overloaded_error') as error_type,
    if(good, 200, 529) as http_status,
    if(a % 40 = 0, 1, 0) as retries,
    if(good, if(b % 4 = 0, 'tool_use', 'end_turn'), null) as stop_reason,
    if(good, message, null) as message_id,
    request as request_id,
    md5_number_lower(if(good, message, request)) as id_hash,
    cast(md5_number_lower(request) & 4294967295 as uinteger) as request_hash,
    'a1b2c3d4-0000-4000-8000-000000000001' as organization_id,
    workspace_id,
    input_tokens,
    cache_read_tokens,
    cache_write_5m_tokens,
    cache_write_1h_tokens,
    output_tokens,
    0 as thinking_tokens,
    0 as web_search_requests,
    0 as web_fetch_requests,
    true as ttl_split_known,
    good as usage_known,
    good as usage_complete,
    true as request_sent,
    if(good, 'standard', null) as service_tier,
    'api.anthropic.com' as server_address,
    false as fallback_credit_redeemed,
    'priced' as cost_status,
    if(good, cast([] as varchar[]), ['request_failed']) as cost_reasons,
    '2026-11-20' as prices_version,
    input_usd + output_usd + cache_read_usd + cache_write_5m_usd + cache_write_1h_usd as total,
    cast(total as decimal(18, 12)) as cost_usd,
    input_usd,
    output_usd,
    cache_read_usd,
    cache_write_5m_usd,
    cache_write_1h_usd,
    0 as web_search_usd,
    true as claim_is_cost,
    true as input_is_rest,
    4000 as requests_limit,
    4000 - b % 200 as requests_remaining,
    2000000 as input_tokens_limit,
    (2000000 - c % 300000) // 1000 * 1000 as input_tokens_remaining,
    400000 as output_tokens_limit,
    (400000 - a % 90000) // 1000 * 1000 as output_tokens_remaining,
    i
from priced
)
select * exclude (i, total, input_usd)
order by i
"""


def fill(folder: Path, calls: int, days: int, end: datetime | None = None) -> None:
    """Make a ledger in an empty folder, its rollups counted and everything in the one file."""
    DuckDBStore(folder).close()
    end = end or datetime.now(timezone.utc).replace(tzinfo=None)
    with duckdb.connect(str(folder / DATABASE_NAME)) as connection:
        connection.execute(COMBINATIONS)
        connection.execute(SLOTS)
        for first in range(0, calls, CHUNK):
            bounds = {
                "first": first,
                "last": min(first + CHUNK, calls),
                "begin": end - timedelta(days=days),
                "step": days * 86_400_000_000 / calls,
                "batch": first // 40 + 1,
            }
            connection.execute(CALLS, bounds)
            print(f"\r{bounds['last']:,} calls", end="", flush=True)
    print()
    store = DuckDBStore(folder)
    store.roll_up()
    while store.catch_up() or store.pack():
        pass
    store.close()


def used_bytes(file: Path) -> int:
    """What of the file holds something; the rest is room that the next rows take first."""
    with duckdb.connect(str(file), read_only=True) as connection:
        size = connection.execute("select block_size, used_blocks from pragma_database_size()")
        block_size, used_blocks = size.fetchall()[0]
    return int(block_size) * int(used_blocks)


def main() -> None:
    """Make one and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--calls", type=int, default=10_000_000)
    parser.add_argument("--days", type=int, default=90)
    arguments = parser.parse_args()
    started = time.perf_counter()
    fill(arguments.folder, arguments.calls, arguments.days)
    file = arguments.folder / DATABASE_NAME
    size, used = file.stat().st_size, used_bytes(file)
    print(f"made in           {time.perf_counter() - started:.0f} s")
    print(f"bytes             {size:,}")
    print(f"in use            {used:,}")
    print(f"bytes a call      {size / arguments.calls:.1f}")
    print(f"in use a call     {used / arguments.calls:.1f}")


if __name__ == "__main__":
    main()
