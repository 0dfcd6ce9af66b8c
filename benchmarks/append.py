"""How many calls a second does the store take, alone, and does that hold as it fills?

No HTTP, no decoding: batches of 4096 calls with ids and times of their own go straight to
`Store.append`, one commit each, onto a ledger that already holds none, one million and three
million calls. `--per-second` says how dense the calls lie in time, which is what decides how many
stored calls a new one has to be compared with (within an hour).

    python benchmarks/append.py --stored 0 1000000 3000000
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from spanledger_collector.rows import CallRow, Rows
from spanledger_collector.store import Batch, batch_of
from spanledger_collector.store.duckdb import DuckDBStore

BATCH = 4096
MODEL = "claude-sonnet-4-6"
BEGIN = datetime(2026, 11, 1, tzinfo=timezone.utc)
BEGIN_US = int(BEGIN.timestamp()) * 10**6


def main() -> None:
    """Fill, measure, fill on."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--stored", type=int, nargs="+", default=[0, 1_000_000, 3_000_000])
    parser.add_argument("--batches", type=int, default=40, help="commits measured at each size")
    parser.add_argument("--per-second", type=float, default=400.0, help="calls a second of history")
    parser.add_argument("--folder", type=Path, help="where the ledger lies (default: temporary)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        store = DuckDBStore(Path(folder))
        source = Calls(options.per_second)
        for wanted in options.stored:
            while source.made < wanted:
                store.append([source.batch(min(BATCH * 25, max(BATCH, wanted - source.made)))])
            measure(store, source, options.batches)
        store.close()


def measure(store: DuckDBStore, source: Calls, batches: int) -> None:
    """Commit some batches and print the rate, by CPU and by the clock."""
    stored = source.made
    waiting = [source.batch(BATCH) for _ in range(batches)]
    cpu, wall = time.process_time(), time.perf_counter()
    for batch in waiting:
        store.append([batch])
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    again = cpu_of(store, waiting[-5:])
    others = cpu_of(store, [also_reported(batch) for batch in waiting[-5:]])
    size = store.state().database_bytes / max(source.made, 1)
    print(
        f"{stored:>10,} stored   {batches * BATCH / cpu:>8,.0f} calls/cpu-s   "
        f"{batches * BATCH / wall:>8,.0f} calls/s   {wall / batches * 1000:>5.0f} ms a commit   "
        f"redelivered {again:>8,.0f}/cpu-s   by another source {others:>7,.0f}/cpu-s   "
        f"{size:>4.0f} B a call",
        flush=True,
    )


def cpu_of(store: DuckDBStore, batches: list[Batch]) -> float:
    """Commit batches, and say how many reports that were a second of CPU."""
    begin = time.process_time()
    for batch in batches:
        store.append([batch])
    return len(batches) * BATCH / (time.process_time() - begin)


def also_reported(batch: Batch) -> Batch:
    """The same calls as another source reports them: other spans, no request ids."""
    calls = batch.calls
    columns = {name: calls[name] for name in calls.column_names} | {
        "source": pa.array(["openllmetry"] * calls.num_rows),
        "span_id": pa.array(np.asarray(calls["span_id"]) ^ np.uint64(1)),
        "request_id": pa.array([None] * calls.num_rows, pa.string()),
    }
    return batch._replace(calls=pa.table(columns))


class Calls:
    """Calls that differ in ids and time."""

    def __init__(self, per_second: float) -> None:
        self.made = 0
        self._step_us = 1e6 / per_second
        self._one = _one_call()

    def batch(self, rows: int) -> Batch:
        """The next calls, as columns."""
        numbers = np.arange(self.made, self.made + rows)
        self.made += rows
        random = np.frombuffer(os.urandom(rows * 24), np.uint8).reshape(rows, 24)
        texts = [bytes(each).hex()[:24] for each in random]
        columns = {name: self._repeated(name, rows) for name in self._one.calls.column_names}
        columns |= {
            "message_id": pa.array([f"msg_{text}" for text in texts]),
            "call_key": pa.array([f"msg_{text}" for text in texts]),
            "request_id": pa.array([f"req_{text[::-1]}" for text in texts]),
            "trace_id": pa.ExtensionArray.from_storage(
                pa.uuid(), pa.array([bytes(each[:16]) for each in random], pa.binary(16))
            ),
            "span_id": pa.array(random[:, 16:].copy().view(np.uint64).ravel()),
            "start_time": pa.array(
                (BEGIN_US + numbers * self._step_us).astype(np.int64), pa.timestamp("us")
            ),
            "input_tokens": pa.array(1000 + numbers * 7 % 5000),
            "output_tokens": pa.array(100 + numbers * 13 % 900),
        }
        return self._one._replace(calls=pa.table(columns))

    def _repeated(self, name: str, rows: int) -> pa.ChunkedArray:
        return self._one.calls[name].take(pa.array(np.zeros(rows, np.int64)))


def _one_call() -> Batch:
    """A call with every common field set."""
    facts: dict[str, Any] = dict.fromkeys(CallRow._fields)
    facts |= {name: 0 for name in facts if name.endswith("_tokens")}
    facts |= {name: 10**9 for name in facts if name.endswith("_usd")}
    facts |= {
        "trace_id": bytes(16),
        "span_id": 1,
        "start_time": BEGIN_US,
        "duration_ns": 2 * 10**9,
        "source": "spanledger",
        "service": "benchmark",
        "team": "checkout",
        "feature": "refunds",
        "tags": [("team", "checkout"), ("feature", "refunds")],
        "provider": "anthropic",
        "operation": "chat",
        "request_model": MODEL,
        "response_model": MODEL,
        "model": MODEL,
        "streamed": False,
        "outcome": "completed",
        "http_status": 200,
        "retries": 0,
        "stop_reason": "end_turn",
        "organization_id": "0c4b6c6e-6f0a-4c0e-9d1c-2f3a4b5c6d7e",
        "web_search_requests": 0,
        "web_fetch_requests": 0,
        "ttl_split_known": True,
        "usage_known": True,
        "usage_complete": True,
        "request_sent": True,
        "server_address": "api.anthropic.com",
        "fallback_credit_redeemed": False,
        "cost_status": "priced",
        "cost_reasons": [],
        "prices_version": "2026-11-01",
    }
    row = CallRow(**facts)
    return batch_of(Rows.none()._replace(calls=[row]))


if __name__ == "__main__":
    main()
