"""`spanledger up`: both parts as real processes, from start to every kind of end."""

from __future__ import annotations

import re
import signal
import socket
from contextlib import closing
from pathlib import Path

import httpx2 as httpx
import pytest

from tests.cli.processes import LOOPBACK, eventually, lives, running

ANY_PORTS = ("--port", "0", "--dashboard-port", "0")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_up_runs_until_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    """Both addresses are printed and answer; a signal ends it cleanly with 0."""
    with running(tmp_path, "up", *ANY_PORTS) as up:
        assert up.says("Ctrl-C stops both")
        collector, dashboard = _address(up.stdout, "Collector"), _address(up.stdout, "Dashboard")
        ready = httpx.get(f"{collector}/readyz", trust_env=False)
        page = httpx.get(dashboard, trust_env=False)
        children = up.children()
        up.process.send_signal(number)
        code = up.ends()

    assert (ready.status_code, page.status_code) == (200, 200)
    assert f'spanledger.instrument(endpoint="{collector}")' in up.stdout
    assert (tmp_path / "spanledger-data" / "ledger.duckdb").exists()
    assert code == 0
    assert "Traceback" not in up.stderr
    assert len(children) == 2
    assert not any(lives(child) for child in children)


def test_one_part_dies_and_the_other_follows(tmp_path: Path) -> None:
    """When a part dies, `up` says which and how, stops the other and ends with 1."""
    with running(tmp_path, "up", *ANY_PORTS) as up:
        assert up.says("Ctrl-C stops both")
        children = up.children()
        victim = next(child for child in children if "spanledger_dashboard" in child.cmdline())
        victim.kill()
        code = up.ends()

    assert code == 1
    assert "Error: The dashboard stopped by SIGKILL." in up.stderr
    assert not any(lives(child) for child in children)


def test_killed_hard_it_leaves_nothing_behind(tmp_path: Path) -> None:
    """A supervisor that is killed takes both parts along."""
    with running(tmp_path, "up", *ANY_PORTS) as up:
        assert up.says("Ctrl-C stops both")
        children = up.children()
        up.process.kill()
        up.ends()
        gone = eventually(lambda: not any(lives(child) for child in children))

    assert len(children) == 2
    assert gone


def test_a_taken_port_is_refused_before_anything_starts(tmp_path: Path) -> None:
    """With a taken port nothing is started and no data folder is made."""
    with closing(socket.create_server((LOOPBACK, 0))) as held:
        port = str(held.getsockname()[1])
        with running(tmp_path, "up", "--port", port, "--dashboard-port", "0") as up:
            code = up.ends()

    assert code == 1
    assert up.stderr.startswith(f"Error: Port {port} on 127.0.0.1 is taken")
    assert up.stderr.count("\n") == 1
    assert not (tmp_path / "spanledger-data").exists()


def test_the_dashboard_alone_names_a_taken_port(tmp_path: Path) -> None:
    """`spanledger dashboard` on a taken port says in one paragraph what to do."""
    with closing(socket.create_server((LOOPBACK, 0))) as held:
        port = str(held.getsockname()[1])
        with running(tmp_path, "dashboard", "--port", port) as dashboard:
            code = dashboard.ends()

    assert code == 1
    assert dashboard.stderr.startswith(f"Error: Port {port} on 127.0.0.1 is taken")
    assert "choose another with --port" in dashboard.stderr
    assert dashboard.stderr.count("\n") == 1


def test_a_useless_data_folder_is_explained(tmp_path: Path) -> None:
    """When the collector cannot open its ledger, its own paragraph is what the user reads."""
    (tmp_path / "file").write_text("not a folder")

    with running(tmp_path, "up", *ANY_PORTS, "--data-dir", "file") as up:
        code = up.ends()

    assert code == 1
    assert "Error: The collector stopped with exit code 1." in up.stderr
    assert str(tmp_path / "file") in up.stderr
    assert "Traceback" not in up.stderr


def test_each_part_alone(tmp_path: Path) -> None:
    """`collector` and `dashboard` run by themselves; SIGTERM ends the collector with 0."""
    token = {"SPANLEDGER_COLLECTOR__TOKEN": "a-token-for-this-test"}
    with running(tmp_path, "collector", "--host", "0.0.0.0", "--port", "0", **token) as collector:
        assert collector.says("listens on http://")
        collector.process.terminate()
        code = collector.ends()

    assert code == 0
    assert "Traceback" not in collector.stderr


def _address(text: str, part: str) -> str:
    found = re.search(rf"{part}\s+(http://\S+)", text)
    assert found is not None
    return found[1]
