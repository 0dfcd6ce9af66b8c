"""`spanledger demo`: proof and show."""

from __future__ import annotations

import re
import signal
import socket
from contextlib import closing
from pathlib import Path

import httpx2 as httpx

from tests.cli.processes import LOOPBACK, eventually, lives, running


def test_once_proves_that_the_ledger_is_exact(tmp_path: Path) -> None:
    """`demo --once` writes history, calls with the real SDK, and finds ledger and bill equal."""
    with running(tmp_path, "demo", "--once", "--days", "2") as demo:
        code = demo.ends()

    assert code == 0, demo.stderr
    assert "The ledger equals the simulator's bill, to the picodollar." in demo.stdout
    assert "DIFFERENT" not in demo.stdout
    assert {file.name for file in tmp_path.iterdir()} == {"stdout.txt", "stderr.txt"}


def test_demo_moves_until_ctrl_c(tmp_path: Path) -> None:
    """The demo prints its dashboard, keeps calling, and ends with 0 leaving nothing behind."""
    data = tmp_path / "demo-data"
    with closing(socket.create_server((LOOPBACK, 0))) as held:
        taken = str(held.getsockname()[1])
        options = ("--days", "1", "--port", taken, "--dashboard-port", "0")
        with running(tmp_path, "demo", *options, "--data-dir", str(data)) as demo:
            assert demo.says("the dashboard moves")
            found = re.search(r"Dashboard \(demo data\)\s+(\S+)\s+Collector\s+(\S+)", demo.stdout)
            assert found is not None
            dashboard, collector = found.groups()
            page = httpx.get(dashboard, trust_env=False)
            before = _calls(collector)
            moved = eventually(lambda: _calls(collector) > before)
            children = demo.children()
            demo.process.send_signal(signal.SIGINT)
            code = demo.ends()

    assert page.status_code == 200
    assert moved
    assert code == 0, demo.stderr
    assert f"port {taken} is taken" in demo.stderr
    assert not any(lives(child) for child in children)
    assert (data / "ledger.duckdb").exists()


def test_killed_hard_the_demo_leaves_nothing_running(tmp_path: Path) -> None:
    """A demo that is killed takes collector, dashboard and its calling services along."""
    options = ("--days", "1", "--port", "0", "--dashboard-port", "0", "--data-dir", "data")
    with running(tmp_path, "demo", *options) as demo:
        assert demo.says("the dashboard moves")
        children = demo.children()
        demo.process.kill()
        demo.ends()
        gone = eventually(lambda: not any(lives(child) for child in children))

    assert len(children) > 2
    assert gone


def test_demo_data_never_mixes_with_a_ledger(tmp_path: Path) -> None:
    """A folder that holds a ledger is refused."""
    (tmp_path / "ledger.duckdb").write_bytes(b"mine")

    with running(tmp_path, "demo", "--once", "--data-dir", str(tmp_path)) as demo:
        code = demo.ends()

    assert code == 2
    assert "holds a ledger already" in demo.stderr
    assert (tmp_path / "ledger.duckdb").read_bytes() == b"mine"


def _calls(collector: str) -> int:
    answer = httpx.get(f"{collector}/api/v1/query/health", trust_env=False)
    calls: int = answer.json()["rows"][0]["calls"]
    return calls
