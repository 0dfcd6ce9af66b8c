"""Starting, stopping and finding out that one cannot start."""

from __future__ import annotations

import logging
import socket
from pathlib import Path

import pytest

from spanledger_collector.server import PortInUse, running_collector
from tests.collector.support import Client, call_span, settings_for


def test_a_taken_port(tmp_path: Path) -> None:
    """The error names the port, the setting and how to find the process; no data folder is made."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with (
            pytest.raises(PortInUse) as refusal,
            running_collector(settings_for(tmp_path / "data", port=port)),
        ):
            pass

    for part in (str(port), "collector.port", "SPANLEDGER_COLLECTOR__PORT", "lsof"):
        assert part in str(refusal.value)
    assert not (tmp_path / "data").exists()


def test_two_collectors_never_share_a_port(tmp_path: Path) -> None:
    """A port that a collector has is taken, although its server would let others share it."""
    with running_collector(settings_for(tmp_path / "a")) as first:
        port = int(first.url.rpartition(":")[2])
        with (
            pytest.raises(PortInUse),
            running_collector(settings_for(tmp_path / "b", port=port)),
        ):
            pass


def test_an_address_of_another_machine(tmp_path: Path) -> None:
    """An address that is not this machine's is told apart from a taken port."""
    settings = settings_for(tmp_path, host="192.0.2.1", token="t")
    with (
        pytest.raises(PortInUse, match=r"cannot listen on 192\.0\.2\.1"),
        running_collector(settings),
    ):
        pass


def test_a_stopped_collector_frees_its_port(tmp_path: Path) -> None:
    """Stop and start on the same port at once, with connections just closed: it works."""
    with running_collector(settings_for(tmp_path)) as first:
        port = int(first.url.rpartition(":")[2])
        client = Client(first.url)
        client.send(call_span("msg_1"))
    client.close()
    with running_collector(settings_for(tmp_path, port=port)) as second:
        client = Client(second.url)
        health = client.health()
        client.close()

    assert second.url == first.url
    assert health["calls"] == 1


def test_the_log_tells_the_address_and_no_secret(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """One line tells where it listens; the token is in no line, and nothing is printed."""
    with (
        caplog.at_level(logging.DEBUG),
        running_collector(settings_for(tmp_path, token="hidden-token")) as collector,
    ):
        client = Client(collector.url, "hidden-token")
        client.send(call_span("msg_1"))
        client.post(b"{", authorization="Bearer wrong")
        client.close()
    lines = [
        record.getMessage() for record in caplog.records if record.name.startswith("spanledger")
    ]

    assert f"the collector listens on {collector.url}" in lines
    assert not [line for line in lines if "hidden-token" in line]
    assert capfd.readouterr() == ("", "")
