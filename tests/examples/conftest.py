"""Runs the examples as a user would: a subprocess, a simulated API, a real collector."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spanledger_collector.server import RunningCollector, running_collector
from spanledger_collector.settings import CollectorSettings, Settings, StoreSettings
from spanledger_demo.simulator import Simulator, running_simulator

EXAMPLES = Path(__file__).parents[2] / "examples"

RunExample = Callable[[str], str]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A simulated Claude API with an empty bill."""
    with running_simulator() as running:
        yield running


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[RunningCollector]:
    """A collector with an empty ledger."""
    settings = Settings(
        collector=CollectorSettings(port=0), store=StoreSettings(path=tmp_path / "ledger")
    )
    with running_collector(settings) as running:
        yield running


@pytest.fixture
def environment(simulator: Simulator, collector: RunningCollector) -> dict[str, str]:
    """What points an example at both."""
    return os.environ | {
        "ANTHROPIC_API_KEY": "any",
        "ANTHROPIC_BASE_URL": simulator.url,
        "SPANLEDGER_ENDPOINT": collector.url,
        "OTEL_SERVICE_NAME": "example",
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": "127.0.0.1",
    }


@pytest.fixture
def run_example(environment: dict[str, str]) -> RunExample:
    """Runs an example to its end and gives what it printed."""

    def run(name: str) -> str:
        done = subprocess.run(
            [sys.executable, "-W", "error", str(EXAMPLES / name)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return done.stdout

    return run
