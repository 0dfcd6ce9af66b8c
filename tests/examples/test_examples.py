"""Every example runs as it is printed, and its calls are in the ledger at the billed price."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2

from spanledger_collector.server import RunningCollector
from spanledger_demo.reconcile import reconcile
from spanledger_demo.simulator import Simulator
from tests.examples.conftest import EXAMPLES


def latest(collector: RunningCollector) -> list[dict[str, Any]]:
    """Ask for the newest calls."""
    answer = httpx2.get(f"{collector.url}/api/v1/query/latest_calls")
    rows: list[dict[str, Any]] = answer.json()["rows"]
    return rows


def test_every_example_is_run_here() -> None:
    """A new example needs a test."""
    names = {path.name for path in EXAMPLES.glob("*.py")}

    assert names == {"quickstart.py", "streaming.py", "fastapi_service.py", "batch_job.py"}


def test_quickstart(
    run_example: Callable[[str], str], simulator: Simulator, collector: RunningCollector
) -> None:
    """One line and one call make one row, tagged and exactly priced."""
    printed = run_example("quickstart.py")
    (row,) = latest(collector)

    assert "Recorded" in printed
    assert "http://127.0.0.1:8501" in printed
    assert (row["team"], row["feature"], row["user_id"]) == ("docs", "quickstart", "me")
    assert (row["service"], row["model"], row["cost_status"]) == (
        "example",
        "claude-haiku-5-5",
        "priced",
    )
    assert reconcile(collector.url, None, simulator.bill()).equal


def test_quickstart_without_a_collector_says_what_to_do(
    environment: dict[str, str],
) -> None:
    """The call works all the same, and the message names the cure."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "quickstart.py")],
        env=environment | {"SPANLEDGER_ENDPOINT": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0
    assert "spanledger up" in done.stdout


def test_streaming(run_example: Callable[[str], str], collector: RunningCollector) -> None:
    """Both streams are recorded: the whole one exactly, with its time to first chunk."""
    printed = run_example("streaming.py")
    early, whole = latest(collector)

    assert "Left early" in printed
    assert whole["outcome"] == "completed"
    assert whole["cost_status"] == "priced"
    assert whole["time_to_first_chunk_ns"] > 0
    assert early["outcome"] == "closed"
    assert early["cost_status"] == "estimated"
    assert early["streamed"]


def test_batch_job(
    run_example: Callable[[str], str], simulator: Simulator, collector: RunningCollector
) -> None:
    """The batch is handed in, worked off at half price and read."""
    printed = run_example("batch_job.py")
    usage = httpx2.get(
        f"{collector.url}/api/v1/query/usage", params={"group_by": "operation"}
    ).json()["rows"]

    assert "mug-17: succeeded" in printed
    assert simulator.bill().requests() == 3
    assert "batches.create" in {row["group_1"] for row in usage}


@contextmanager
def running_service(environment: dict[str, str]) -> Iterator[str]:
    """Run the FastAPI example until the context ends, and give its address."""
    process = subprocess.Popen(
        [sys.executable, str(EXAMPLES / "fastapi_service.py")],
        env=environment | {"PORT": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            lines = iter(process.stdout.readline, "")
            yield next(
                found[0]
                for line in lines
                if (found := re.search(r"http://\S+:[1-9]\d*(?= \()", line))
            )
        finally:
            process.terminate()
            process.communicate(timeout=300)


def test_fastapi_service(
    environment: dict[str, str], simulator: Simulator, collector: RunningCollector
) -> None:
    """Each request's call carries that request's team and user; shutdown delivers the rest."""
    with running_service(environment) as url:
        for team, user in (("search", "dana"), ("payments", "omar")):
            answer = httpx2.post(
                f"{url}/summaries",
                json={"text": "A long text."},
                headers={"x-team": team, "x-user": user},
            )
            assert answer.status_code == 200
            assert answer.json()["message_id"].startswith("msg_")
    rows = latest(collector)

    assert {(row["team"], row["user_id"], row["feature"]) for row in rows} == {
        ("search", "dana", "summaries"),
        ("payments", "omar", "summaries"),
    }
    assert reconcile(collector.url, None, simulator.bill()).equal
