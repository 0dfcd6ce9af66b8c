"""The ledger that benchmarks are run on is one that the collector could have written."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path

from spanledger_collector.store.duckdb import DuckDBStore
from tests.collector.reports import rows
from tests.collector.test_rollups_behind import agree

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "big_ledger.py"
CALLS = """
select
    count(*) as calls,
    count(*) filter (where cost_usd = claimed_usd and cost_usd = list_usd and cost_usd = input_usd
        + output_usd + cache_read_usd + cache_write_5m_usd + cache_write_1h_usd + web_search_usd
    ) as exact
from calls
"""


def test_a_ledger_for_benchmarks_is_made(tmp_path: Path) -> None:
    """Every cost is the sum of its parts, in the schema of this release, and the rollups agree."""
    subprocess.run(
        [sys.executable, PROGRAM, tmp_path, "--calls", "2000", "--days", "3"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    store = DuckDBStore(tmp_path)

    assert rows(store, CALLS) == [{"calls": 2000, "exact": 2000}]
    assert agree(store, datetime(2026, 1, 1), datetime(2126, 1, 1))
    store.close()
