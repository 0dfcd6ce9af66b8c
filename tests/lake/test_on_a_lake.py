"""The store's own tests, on a lake: those that are quick; `make lake-suite` runs the others too."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.lake.environment import ROOT, lake_python, lake_variables

QUICK = (
    "tests/lake/test_files.py",
    "tests/lake/test_opening_lakes.py",
    "tests/lake/test_settling.py",
    "tests/lake/test_upgrade.py",
    "tests/alerts/test_delivery.py::test_two_couriers_share_the_work",
    "tests/alerts/test_delivery.py::test_two_judges_open_one_alert",
    "tests/alerts/test_restarts.py::test_two_judges_by_turns_end_it_once",
    "tests/alerts/test_retention.py::test_what_is_over_goes_with_all_that_belongs_to_it",
    "tests/cli/test_export.py::test_parquet_holds_the_ledger",
    "tests/collector/test_count_once_recorded.py::test_openllmetry_beside_the_sdk[a]",
    "tests/collector/test_quarantine.py::test_quarantine_keeps_the_evidence",
    "tests/collector/test_queries.py",
    "tests/collector/test_retention.py::test_old_calls_go_and_their_sums_stay",
    "tests/prices/test_reprice.py::test_history_is_as_if_it_had_always_been_priced_so[0]",
)


@pytest.mark.timeout(900)
def test_the_quick_ones_of_the_stores_tests(tmp_path: Path) -> None:
    """Queries, counting once, retention, prices, export, quarantine and alerts, as on a file."""
    command = [lake_python(), "-m", "pytest", "-q", "-p", "tests.lake.on_a_lake"]
    ran = subprocess.run(
        [*command, "-p", "no:cacheprovider", "--timeout", "600", *QUICK],
        cwd=ROOT,
        env=lake_variables(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr[-2000:]
