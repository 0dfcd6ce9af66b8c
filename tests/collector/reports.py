"""Reports of calls made by hand, and what a ledger makes of them, for tests of counting once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from spanledger_collector.rows import CallRow, Rows
from spanledger_collector.store import Batch, batch_of
from spanledger_collector.store.duckdb import DuckDBStore

NOON_US = 1_793_534_400_000_000
"""2026-11-01 12:00 UTC."""
SECOND_US = 10**6
DEFAULTS: dict[str, Any] = {
    "trace_id": bytes(15) + b"\1",
    "span_id": 1,
    "start_time": NOON_US,
    "duration_ns": 2 * 10**9,
    "source": "spanledger",
    "service": "checkout",
    "tags": [],
    "provider": "anthropic",
    "operation": "chat",
    "request_model": "claude-sonnet-4-6",
    "response_model": "claude-sonnet-4-6",
    "model": "claude-sonnet-4-6",
    "streamed": False,
    "outcome": "completed",
    "retries": 0,
    "input_tokens": 1000,
    "cache_read_tokens": 0,
    "cache_write_5m_tokens": 0,
    "cache_write_1h_tokens": 0,
    "output_tokens": 100,
    "thinking_tokens": 0,
    "web_search_requests": 0,
    "web_fetch_requests": 0,
    "ttl_split_known": True,
    "usage_known": True,
    "usage_complete": True,
    "request_sent": True,
    "fallback_credit_redeemed": False,
    "cost_status": "priced",
    "cost_reasons": [],
    "prices_version": "1",
}


def report(**facts: Any) -> CallRow:
    """A report of a call; it costs a microdollar an output token unless told otherwise."""
    named: dict[str, Any] = {**dict.fromkeys(CallRow._fields), **DEFAULTS, **facts}
    if "call_key" not in facts:
        bare = f"{named['trace_id'].hex()}:{named['span_id']:016x}"
        named["call_key"] = named["message_id"] or named["request_id"] or bare
    if "cost_usd" not in facts:
        named["cost_usd"] = named["list_usd"] = named["output_tokens"] * 10**6
        named["input_usd"], named["output_usd"] = 0, named["cost_usd"]
        for part in ("cache_read_usd", "cache_write_5m_usd", "cache_write_1h_usd"):
            named[part] = 0
        named["web_search_usd"] = 0
    return CallRow(**named)


def batch(reports: Iterable[CallRow]) -> Batch:
    """The reports as one request brings them."""
    return batch_of(Rows.none()._replace(calls=list(reports)))


def rows(store: DuckDBStore, sql: str) -> list[dict[str, Any]]:
    """What a query says, on everything that is committed."""
    found: list[dict[str, Any]] = store.query().run(sql, {}, 10**6).table.to_pylist()
    return found


def counted(store: DuckDBStore) -> dict[tuple[str, int], dict[str, Any]]:
    """What counts, by source and span, without what tells of the delivery."""
    sql = "select * exclude (batch_id, received_at) from calls order by all"
    return {(row["source"], row["span_id"]): row for row in rows(store, sql)}


def kept(store: DuckDBStore) -> list[tuple[Any, ...]]:
    """What is kept beside: source, span, what counts instead, and how that was known."""
    sql = "select source, span_id, counted_key, matched_by from call_reports order by all"
    return [tuple(row.values()) for row in rows(store, sql)]


def sums(store: DuckDBStore, *, fine: bool) -> list[dict[str, Any]]:
    """What all calls add up to by what the rollup knows, from the rollup or from the calls."""
    sql = f"""
        select
            date_trunc('hour', moment) as hour, service, team, feature, model, cost_status,
            sum(requests) as requests, sum(output_tokens) as output_tokens,
            sum(duration_ns) as duration_ns, sum(cost_usd) as cost_usd
        from usage_between(timestamp '2020-01-01', timestamp '2030-01-01', {fine}, $watermark)
        group by all having sum(requests) <> 0 order by all"""
    return rows(store, sql)


def append(store: DuckDBStore, *groups: Sequence[CallRow]) -> None:
    """Commit each group of reports."""
    for group in groups:
        store.append([batch(group)])
