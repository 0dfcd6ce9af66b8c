"""The supervisor: parts start together, stop together, and outlive nobody."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
from contextlib import closing
from functools import partial
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from spanledger_collector.cli.ports import PortTaken, demand_free_ports, is_free
from spanledger_collector.cli.supervisor import Part, PartFailed, Supervisor
from spanledger_collector.ports import free_port
from spanledger_collector.settings import CollectorSettings, DashboardSettings, Settings
from tests.cli.processes import LOOPBACK, eventually, lives


def web_server(name: str = "web", **environment: str) -> Part:
    """A part that answers its health check: the standard library's own server."""
    port = free_port(LOOPBACK)
    arguments = (str(port), "--bind", LOOPBACK)
    return Part(name, "http.server", arguments, environment, f"http://{LOOPBACK}:{port}/")


def module(folder: Path, code: str, name: str = "part") -> Part:
    """A part that runs some code and never answers."""
    (folder / f"{name}_module.py").write_text(textwrap.dedent(code))
    path = {"PYTHONPATH": str(folder)}
    return Part(name, f"{name}_module", (), path, f"http://{LOOPBACK}:{free_port(LOOPBACK)}/")


def children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def test_parts_start_and_stop_together() -> None:
    """Both parts answer inside the block and are gone after it."""
    before = set(children())
    with Supervisor([web_server("one"), web_server("two")]) as supervisor:
        supervisor.wait_until_ready()
        during = set(children()) - before

    assert len(during) == 2
    assert not any(process.is_running() for process in during)


def test_a_part_that_dies_early_is_quoted(tmp_path: Path) -> None:
    """When a part ends before it is ready, the error names it, its exit code and its words."""
    part = module(tmp_path, "print('the folder is not mine'); raise SystemExit(3)")

    with pytest.raises(PartFailed) as caught, Supervisor([web_server(), part]) as supervisor:
        supervisor.wait_until_ready()

    assert str(caught.value) == (
        "The part stopped with exit code 3. Its last words:\n  the folder is not mine"
    )


def test_a_part_that_dies_later_ends_the_watch() -> None:
    """When a part is killed while all is well, the watch ends and names the signal."""
    before = set(children())
    with Supervisor([web_server()]) as supervisor:
        supervisor.wait_until_ready()
        (victim,) = set(children()) - before
        victim.kill()

        with pytest.raises(PartFailed, match=r"^The web stopped by SIGKILL\."):
            supervisor.watch()


def test_a_part_that_never_answers(tmp_path: Path) -> None:
    """A part that lives but does not answer is given up after a while, with its words."""
    code = "import pathlib, threading; print('hm'); pathlib.Path({!r}).touch()"
    said = tmp_path / "said"
    part = module(tmp_path, code.format(str(said)) + "; threading.Event().wait()")

    with Supervisor([part]) as supervisor:
        assert eventually(said.exists)
        with pytest.raises(PartFailed, match=r"not answer .* within 2 s. Its last words:\n  hm"):
            supervisor.wait_until_ready(timeout_s=2.0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_stop_the_watch(number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end the watch as KeyboardInterrupt; afterwards they do what they did."""
    before = signal.getsignal(number)
    with Supervisor([web_server()]) as supervisor:
        supervisor.wait_until_ready()
        with pytest.raises(KeyboardInterrupt):
            supervisor.watch(partial(os.kill, os.getpid(), number))

    assert signal.getsignal(number) is before


def test_no_orphans_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    """A supervisor that is killed hard takes its parts along."""
    script = tmp_path / "supervise.py"
    script.write_text(
        textwrap.dedent(
            """
            from tests.cli.test_supervisor import Supervisor, web_server

            with Supervisor([web_server(), web_server()]) as supervisor:
                supervisor.wait_until_ready()
                print("ready", flush=True)
                supervisor.watch()
            """
        )
    )
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": root},
        text=True,
    ) as supervisor:
        assert supervisor.stdout is not None
        assert supervisor.stdout.readline() == "ready\n"
        parts = psutil.Process(supervisor.pid).children(recursive=True)
        supervisor.kill()

    assert len(parts) == 2
    assert eventually(lambda: not any(lives(part) for part in parts))


def test_taken_ports_are_named_with_the_cure() -> None:
    """A taken port is refused before anything starts: port, setting, option, variable."""
    with closing(socket.create_server((LOOPBACK, 0))) as holder:
        port = holder.getsockname()[1]
        settings = Settings(collector=CollectorSettings(port=port))

        with pytest.raises(PortTaken) as caught:
            demand_free_ports(settings)

    for fact in (str(port), "--port", "collector.port", "SPANLEDGER_COLLECTOR__PORT"):
        assert fact in str(caught.value)


def test_one_port_for_both_is_refused() -> None:
    """Collector and dashboard on one port is a mistake that is named."""
    port = free_port(LOOPBACK)
    settings = Settings(
        collector=CollectorSettings(port=port), dashboard=DashboardSettings(port=port)
    )

    with pytest.raises(PortTaken, match=f"cannot share port {port}"):
        demand_free_ports(settings)


def test_a_host_of_another_machine_is_refused() -> None:
    """An address that this machine does not have is named as such."""
    settings = Settings(collector=CollectorSettings(host="192.0.2.1", token=SecretStr("t" * 20)))

    with pytest.raises(PortTaken, match=r"cannot listen on 192\.0\.2\.1:4318"):
        demand_free_ports(settings)


def test_free_ports_are_free() -> None:
    """A port that was found free can be listened to."""
    assert is_free(LOOPBACK, free_port(LOOPBACK))
    assert is_free(LOOPBACK, 0)
