"""`spanledger query` and `spanledger doctor` against a running collector."""

from __future__ import annotations

import csv
import io
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pyarrow as pa
import pytest
from pydantic import SecretStr

from spanledger_collector.server import RunningCollector, running_collector
from spanledger_collector.settings import CollectorSettings, Settings, StoreSettings
from spanledger_demo.run import backfill
from spanledger_demo.simulator import running_simulator
from tests.cli.conftest import Run

TOKEN = "a-token-for-these-tests"


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCollector]:
    """A collector that wants a token and holds a day of calls."""
    settings = Settings(
        collector=CollectorSettings(port=0, token=SecretStr(TOKEN)),
        store=StoreSettings(path=tmp_path_factory.mktemp("ledger")),
    )
    with running_collector(settings) as running, running_simulator() as simulator:
        backfill(running.url, TOKEN, simulator, days=1)
        yield running


@pytest.fixture(autouse=True)
def _points_at_it(collector: RunningCollector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPANLEDGER_DASHBOARD__COLLECTOR_URL", collector.url)
    monkeypatch.setenv("SPANLEDGER_COLLECTOR__TOKEN", TOKEN)


def test_formats_agree(run: Run) -> None:
    """Table, JSON, CSV and Arrow hold the same answer; only data goes to standard output."""
    question = ("query", "usage", "-p", "group_by=model", "-p", "start=2000-01-01T00:00:00Z")
    as_json = json.loads(run(*question, "-f", "json").stdout)["rows"]
    as_csv = list(csv.DictReader(io.StringIO(run(*question, "-f", "csv").stdout)))
    as_arrow = pa.ipc.open_stream(run(*question, "-f", "arrow").stdout_bytes).read_all()
    table = run(*question)

    models = [row["group_1"] for row in as_json]
    assert len(models) >= 3
    assert [row["group_1"] for row in as_csv] == models
    assert as_arrow["group_1"].to_pylist() == models
    assert all(model in table.stdout for model in models)
    assert table.stderr == ""


def test_repeated_parameters_are_lists(run: Run) -> None:
    """The same parameter twice means either value."""
    both = run(
        "query",
        "usage",
        "-p",
        "group_by=team",
        "-p",
        "team=search",
        "-p",
        "team=support",
        "-f",
        "json",
    )

    assert {row["group_1"] for row in json.loads(both.stdout)["rows"]} == {"search", "support"}


def test_list_names_every_query_and_parameter(run: Run) -> None:
    """`--list` is enough to ask."""
    listed = run("query", "--list").stdout

    for word in ("usage", "spend_summary", "latest_calls", "group_by", "30 days before end"):
        assert word in listed


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("usag",), "There is no query 'usag'"),
        (("usage", "-p", "gruop_by=model"), "no parameter 'gruop_by'"),
        (("usage", "-p", "limit=many"), "limit"),
        (("usage", "-p", "limit"), "--param limit is not KEY=VALUE"),
        ((), "Give the name of one query, or --list"),
        (("usage", "--list"), "Give the name of one query, or --list"),
        (("usage", "--token", "wrong"), "SPANLEDGER_COLLECTOR__TOKEN"),
    ],
)
def test_what_is_asked_wrongly(run: Run, arguments: tuple[str, ...], expected: str) -> None:
    """A wrong question ends with 2 and one paragraph that says what would be right."""
    result = run("query", *arguments)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert expected in result.stderr
    assert result.stderr.count("\n") == 1


def test_nobody_answers(run: Run) -> None:
    """Without a collector the command ends with 1 and says how to start one."""
    with nobody() as url:
        result = run("query", "usage", "--url", url)

    assert result.exit_code == 1
    assert url in result.stderr
    assert "spanledger up" in result.stderr


def test_an_address_without_a_scheme(run: Run, collector: RunningCollector) -> None:
    """`host:port` is understood."""
    result = run("query", "usage", "--url", collector.url.removeprefix("http://"))

    assert result.exit_code == 0, result.stderr


def test_the_next_collector_of_a_lake_is_asked(
    run: Run, collector: RunningCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several in the settings, one that is gone is passed over; with all gone, one is named."""
    with nobody() as gone:
        monkeypatch.setenv("SPANLEDGER_DASHBOARD__COLLECTOR_URL", f"{gone}, {collector.url}")
        asked = run("query", "usage")
        checked = run("alerts", "check", "--now")
        monkeypatch.setenv("SPANLEDGER_DASHBOARD__COLLECTOR_URL", f"{gone},{gone}")
        lost = run("query", "usage")

    assert asked.exit_code == 0, asked.stderr
    assert checked.exit_code in (0, 1), checked.stderr
    assert lost.exit_code == 1
    assert gone in lost.stderr


def test_something_else_answers(run: Run) -> None:
    """Asked of a program that serves web pages, as the dashboard does, the command says so."""
    with web_pages() as url:
        result = run("query", "usage", "--url", url)

    assert result.exit_code == 1
    assert "perhaps it is the dashboard" in result.stderr


def test_doctor_looks_where_services_send(
    run: Run, collector: RunningCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a service's variables: an address that takes no spans is to mend, the right is not."""
    monkeypatch.setenv("SPANLEDGER_TOKEN", TOKEN)
    monkeypatch.setenv("SPANLEDGER_ENDPOINT", f"{collector.url}/v1/traces")
    right = run("doctor")
    with web_pages() as url:
        monkeypatch.setenv("SPANLEDGER_ENDPOINT", url)
        wrong = run("doctor")

    assert right.exit_code == 0, right.output
    assert f"reach {collector.url}," in right.stdout
    assert wrong.exit_code == 1
    assert f"cannot deliver to {url}" in wrong.stdout
    assert collector.url in wrong.stdout


@contextmanager
def nobody() -> Iterator[str]:
    """An address at which nobody listens, and which nobody else can take meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


@contextmanager
def web_pages() -> Iterator[str]:
    """A server of web pages."""

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(b"<!doctype html>")

    with HTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_doctor_finds_nothing_to_mend(run: Run) -> None:
    """With a collector that takes spans doctor ends with 0; its test span is stored, not priced."""
    result = run("doctor")
    health = json.loads(run("query", "health", "-f", "json").stdout)["rows"][0]

    assert result.exit_code == 0, result.output
    assert "fail" not in result.stdout
    for line in ("it can commit", "accepted", "exported over OTLP/HTTP and accepted"):
        assert line in result.stdout
    assert health["spans"] >= 1


def test_doctor_names_a_wrong_token(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that the collector refuses is to mend, and the cure is named."""
    monkeypatch.setenv("SPANLEDGER_COLLECTOR__TOKEN", "another-token-entirely")

    result = run("doctor")

    assert result.exit_code == 1
    assert "the collector refuses it" in result.stdout
    assert "SPANLEDGER_COLLECTOR__TOKEN" in result.stdout


def test_doctor_names_a_taken_port(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that some other program holds is to mend."""
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as other:
        threading.Thread(target=other.serve_forever).start()
        monkeypatch.setenv("SPANLEDGER_COLLECTOR__PORT", str(other.server_port))
        monkeypatch.delenv("SPANLEDGER_DASHBOARD__COLLECTOR_URL")
        result = run("doctor")
        other.shutdown()

    assert result.exit_code == 1
    assert f"Port {other.server_port}" in result.stdout
    assert "taken by a program that is not the collector" in result.stdout
    assert "answers HTTP 501" in result.stdout


def test_doctor_names_a_data_folder_that_is_a_file(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A data folder that cannot be written is to mend."""
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("SPANLEDGER_STORE__PATH", str(tmp_path / "taken" / "ledger"))

    result = run("doctor")

    assert result.exit_code == 1
    assert "cannot be written" in result.stdout


def test_doctor_reports_bad_settings(run: Run) -> None:
    """Wrong settings are a finding like any other."""
    Path("spanledger.toml").write_text("[collector]\nprot = 1\n")

    result = run("doctor")

    assert result.exit_code == 1
    assert "Did you mean 'port'?" in result.stdout
