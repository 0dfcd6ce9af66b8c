"""What the dashboard's server says to strangers: nothing, and with the right headers."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx2
import pytest
import streamlit as st
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

import spanledger_dashboard
from spanledger_dashboard import data, table
from spanledger_dashboard.catalogue import MEASURES
from spanledger_dashboard.guard import hosts_of
from spanledger_dashboard.measures import Totals
from spanledger_dashboard.problems import AccessDenied
from spanledger_dashboard.settings import Source
from tests.dashboard.browsing import serving
from tests.dashboard.conftest import Collecting

ADDRESSES = ["/", "/explorer", "/_stcore/health", "/_stcore/host-config", "/no/such/page"]


@pytest.fixture(scope="module")
def dashboard(known_calls: str) -> Iterator[str]:
    with serving(known_calls, public_url="https://spend.example") as url:
        yield url


def get(url: str, **headers: str) -> httpx2.Response:
    return httpx2.get(url, headers=headers, trust_env=False)


@pytest.mark.parametrize("path", ADDRESSES)
def test_every_answer_carries_the_headers(dashboard: str, path: str) -> None:
    """No frame, no guessing of types, no referrer and no script from elsewhere."""
    headers = get(dashboard + path).headers

    policy = dict(
        part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe-inline" not in policy["script-src"]
    assert "sha256-" in policy["script-src"]
    assert "http" not in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["strict-transport-security"].startswith("max-age=")


@pytest.mark.parametrize(
    "path", ["/_stcore/metrics", "/_stcore/agent/", "/_stcore/upload_file/a/b", "/_stcore/agents"]
)
def test_figures_agents_and_uploads_are_not_served(dashboard: str, path: str) -> None:
    """Streamlit would tell its figures to anyone who asks."""
    assert get(dashboard + path).status_code == 404


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "spend.example.evil", ""]
)
def test_another_name_is_refused(dashboard: str, host: str) -> None:
    """A page elsewhere that lets its own name point to loopback learns nothing."""
    assert get(dashboard, Host=host).status_code == 400


@pytest.mark.parametrize(
    "host", ["spend.example", "SPEND.example:443", "localhost:1", "[::1]:8501"]
)
def test_its_own_names_are_answered(dashboard: str, host: str) -> None:
    """The public one and those of this machine, with any port."""
    assert get(dashboard, Host=host).status_code == 200


def test_health_is_told_under_any_name(dashboard: str) -> None:
    """A cluster's probe asks by address; the answer is a word."""
    assert get(f"{dashboard}/_stcore/health", Host="10.1.2.3:8501").text == "ok"


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1.evil.example"])
def test_a_page_elsewhere_gets_no_websocket(dashboard: str, origin: str) -> None:
    """Browsers tell where a page comes from."""
    with pytest.raises(InvalidStatus, match="403"), socket_of(dashboard, origin):
        pass


def test_a_name_that_points_here_gets_no_websocket(dashboard: str) -> None:
    """Page and socket of one origin, but none of ours."""
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Origin": "http://evil.example",
        "Host": "evil.example",
    }

    assert get(f"{dashboard}/_stcore/stream", **upgrade).status_code == 403


def test_its_own_page_gets_its_websocket(dashboard: str) -> None:
    """Or nothing above would prove anything."""
    with socket_of(dashboard, dashboard) as socket:
        assert socket.state.name == "OPEN"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "ledger.example"])
def test_the_door_is_not_opened_by_accident(host: str) -> None:
    """A public address without a login is refused, with what to do."""
    command = [sys.executable, "-m", "spanledger_dashboard", "--host", host, "--port", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=clean())

    assert done.returncode == 2
    assert f"{host} lets other machines in, but there is no login" in done.stderr
    assert "SPANLEDGER_DASHBOARD__ALLOW_ANONYMOUS" in done.stderr


def test_an_open_door_is_opened_when_told(known_calls: str) -> None:
    """Said explicitly, as the container behind a port of this machine does."""
    with serving(known_calls, host="0.0.0.0", allow_anonymous="true") as url:
        assert get(url, Host="anything.example").status_code == 200


def test_hosts_are_those_that_were_named() -> None:
    """Any only where every address is listened on and no name is known."""
    assert hosts_of("0.0.0.0", None) == frozenset()
    assert hosts_of("0.0.0.0", "https://a.example:8443") == {
        "a.example", "localhost", "127.0.0.1", "::1", "0.0.0.0",
    }  # fmt: skip
    assert "10.0.0.5" in hosts_of("10.0.0.5", None)


def test_there_is_no_folder_of_ungated_pages() -> None:
    """Streamlit serves what lies in `pages/` past the entry script and its gate."""
    assert not (Path(spanledger_dashboard.__file__).parent / "pages").exists()


def test_an_answer_is_nobody_elses(collector: Collecting) -> None:
    """What one token may see is not served from the cache to another."""
    with collector(token="right") as url:
        assert data.health(Source(url, "right")).calls == 0
        with pytest.raises(AccessDenied):
            data.health(Source(url, "wrong"))
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(start: str) -> None:
    """Names come from anyone who may send spans, and the file is opened by finance."""
    cost = Totals(cost_usd=Decimal(1), calls=1, requests=1)
    name = f"{start}cmd|' /C calc'!A0"
    lines = table.tabulated({(name,): cost}, {}, cost, MEASURES["cost"])

    text = io.StringIO(table.as_csv(lines, ["Team"], MEASURES["cost"]), newline="")
    (row,) = csv.DictReader(text)

    assert row["Team"] == f"'{name}"


def socket_of(url: str, origin: str) -> ClientConnection:
    return connect(f"{url.replace('http', 'ws')}/_stcore/stream", origin=Origin(origin), proxy=None)


def clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("SPANLEDGER")}
