"""How long after a call's end its cost can be asked for, in the default set-up.

    python benchmarks/freshness.py

A real SDK client calls the simulator under `spanledger.instrument()`; after each call the query API
is asked until the call shows up. The baseline of the ratio is the promise: two seconds.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import anthropic
import httpx2

import spanledger
from spanledger_collector.server import running_collector
from spanledger_collector.settings import load_settings
from spanledger_demo.simulator import running_simulator

PROMISE_S = 2.0


def measure(calls: int, folder: Path) -> list[float]:
    """Seconds from the end of each call to its first appearance in `latest_calls`."""
    settings = load_settings(collector={"port": 0}, store={"path": folder})
    waits = []
    with (
        running_simulator() as simulator,
        running_collector(settings) as collector,
        anthropic.Anthropic(base_url=simulator.url, api_key="benchmark") as client,
        httpx2.Client(base_url=collector.url) as api,
    ):
        spanledger.instrument(collector.url, service_name="benchmark")
        for number in range(calls):
            message = client.messages.create(
                model="claude-haiku-5-5",
                max_tokens=64,
                messages=[{"role": "user", "content": f"Call {number}"}],
            )
            waits.append(_wait_for(api, message.id))
            time.sleep(0.037 * (number % 13))  # so that calls fall anywhere in the send interval
        spanledger.uninstrument()
    return waits


def _wait_for(api: httpx2.Client, message_id: str) -> float:
    started = time.perf_counter()
    while True:
        rows = api.get("/api/v1/query/latest_calls", params={"limit": 5}).json()["rows"]
        if any(row["message_id"] == message_id for row in rows):
            return time.perf_counter() - started
        time.sleep(0.005)


def main() -> None:
    """Run and print the figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--calls", type=int, default=60)
    calls = arguments.parse_args().calls
    with tempfile.TemporaryDirectory() as folder:
        waits = sorted(measure(calls, Path(folder) / "data"))
    print(f"calls               {calls}")
    print(f"median              {statistics.median(waits):.3f} s")
    print(f"95th percentile     {waits[int(0.95 * (calls - 1))]:.3f} s")
    print(f"longest             {waits[-1]:.3f} s")
    print(f"longest / promise   {waits[-1] / PROMISE_S:.2f}")


if __name__ == "__main__":
    main()
