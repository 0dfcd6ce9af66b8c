"""Stored calls made up for the tests of prices: as rows, as columns, and in a ledger."""

from __future__ import annotations

import random
from datetime import datetime, timezone
from typing import Any

import orjson
import pyarrow as pa

from spanledger_collector.ledger import book as enter
from spanledger_collector.prices.in_force import book_under
from spanledger_collector.receive.otlp_json import spans_from_json
from spanledger_collector.store import Batch, batch_of, sql_files
from spanledger_collector.store.duckdb import DuckDBStore
from tests.collector.support import call_span, request_of
from tests.collector.truth import random_call

EVERYTHING: dict[str, object] = {
    "first": datetime(1970, 1, 1),
    "last": datetime(9999, 1, 1),
    "after_batch": -1,
    "newest_batch": 2**62,
}


def batch(spans: list[dict[str, Any]], book: Any = None) -> Batch:
    """Spans as the collector would commit them."""
    found = spans_from_json(orjson.dumps(request_of(spans)), [])
    rows = enter(found, 2_000_000_000 * 10**9, book or book_under(None))
    assert not rows.quarantine
    return batch_of(rows)


def random_spans(dice: random.Random, count: int, start: datetime) -> list[dict[str, Any]]:
    """Calls of all kinds, as the tests of the queries make them up."""
    return [random_call(dice, start).span for _ in range(count)]


def stored(store: DuckDBStore) -> pa.Table:
    """All calls, as pricing anew reads them."""
    return store.query().run(sql_files.statement("calls_to_price"), EVERYTHING, 10**9).table


def call_on(day: str, key: str, model: str, **attributes: object) -> dict[str, Any]:
    """A span of a call at noon of a day."""
    noon = datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=timezone.utc)
    facts = {"gen_ai.request.model": model, "gen_ai.response.model": model, **attributes}
    return call_span(key, start_ns=int(noon.timestamp()) * 10**9, attributes=facts)
