"""Apache Spark reads the lake's files and comes to the collector's totals."""

from __future__ import annotations

import csv
import shutil
import subprocess
import tempfile
from decimal import Decimal
from pathlib import Path

import httpx2
import orjson
import pytest

from spanledger import semconv
from tests.collector.support import JSON, call_span, request_of
from tests.lake.environment import ROOT, lake_collectors, lake_python, lake_variables
from tests.lake.senders import ask
from tests.lake.services import postgres, wait_until

EVERYTHING = {"start": "2020-01-01T00:00:00Z", "end": "2100-01-01T00:00:00Z"}
BY_DAY = {**EVERYTHING, "bucket": "day", "group_by": "model"}


@pytest.mark.timeout(600)
def test_spark_reckons_what_the_collector_reckons(tmp_path: Path) -> None:
    """On two workers of its own, from the same Parquet files: every day and model is equal."""
    if shutil.which("java") is None:
        pytest.skip("there is no Java on this machine, which Spark needs")
    python = lake_python()
    if subprocess.run(
        [python, "-c", "import pyspark"], check=False, capture_output=True
    ).returncode:
        pytest.skip("pyspark is not in the lake's environment: `.ci/lake` was made without Java")
    with tempfile.TemporaryDirectory(prefix="spanledger-pg-") as folder:
        Path(folder).chmod(0o755)
        with postgres(Path(folder) / "pg") as cluster:
            catalog = f"ducklake:postgres:{cluster.create('spark')}"
            settings = {
                "SPANLEDGER_STORE__CATALOG": catalog,
                "SPANLEDGER_STORE__DATA_PATH": str(tmp_path / "files"),
                "SPANLEDGER_STORE__MEMORY_LIMIT": "512MB",
            }
            with lake_collectors(tmp_path, 1, settings) as [collector]:
                _send(collector.url, range(300), scope="somebody.else")
                wait_until(lambda: _calls(collector.url) == 300, "300 calls count", 120)
                _send(collector.url, range(200, 500))  # a hundred of them reported better now
                wait_until(lambda: _calls(collector.url) == 500, "500 calls count", 120)
                told = ask(collector.url, "usage", **BY_DAY)
                program = [python, str(ROOT / "examples" / "spark" / "cost_by_day.py")]
                reckoned = subprocess.run(
                    [*program, "--catalog", catalog, "--master", "local-cluster[2,1,1024]"],
                    env=lake_variables(),
                    capture_output=True,
                    text=True,
                    check=False,
                )

    assert reckoned.returncode == 0, reckoned.stderr[-3000:]
    rows = list(csv.DictReader(reckoned.stdout.splitlines()))
    assert [(row["model"], int(row["requests"]), Decimal(row["cost_usd"])) for row in rows] == [
        (row["group_1"], row["requests"], Decimal(row["cost_usd"])) for row in told
    ]
    assert sum(int(row["requests"]) for row in rows) == 500


def _send(url: str, numbers: range, scope: str = semconv.SCOPE) -> None:
    spans = [call_span(f"msg_{number}") for number in numbers]
    httpx2.post(
        f"{url}/v1/traces",
        content=orjson.dumps(request_of(spans, scope)),
        headers={"content-type": JSON},
        timeout=60,
    ).raise_for_status()


def _calls(url: str) -> int:
    rows = ask(url, "usage", **EVERYTHING)
    return rows[0]["calls"] if rows else 0
