"""The prices and what has none, by the query API and the command line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from spanledger_collector.cli.app import app
from spanledger_collector.server import running_collector
from spanledger_collector.settings import PricesSettings
from tests.collector.support import Client, settings_for
from tests.prices.support import call_on

CONTRACT = """
[[override]]
models = ["claude-opus-5-5"]
platforms = ["aws.bedrock"]
discount_percent = 25
note = "EDP 2026"
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A collector with a contract for Amazon Bedrock."""
    folder = tmp_path_factory.mktemp("queries")
    file = folder / "prices.toml"
    file.write_text(CONTRACT)
    settings = settings_for(folder).model_copy(update={"prices": PricesSettings(overrides=file)})
    with running_collector(settings) as collector:
        client = Client(collector.url)
        yield client
        client.close()


def rows_of(client: Client, model: str, **parameters: str) -> dict[str, dict[str, Any]]:
    """A model's rows by tier."""
    rows = client.query("prices", **parameters)
    return {row["tier"]: row for row in rows if row["model"] == model}


def test_a_model_has_a_row_for_each_length_and_speed(client: Client) -> None:
    """Exact decimals, with list, life, confidence and source beside them."""
    haiku = rows_of(client, "claude-haiku-5-5", at="2026-11-20T00:00:00Z")
    opus = rows_of(client, "claude-opus-5-5", at="2026-11-20T00:00:00Z")

    assert [row["input_usd_per_mtok"] for row in haiku.values()] == ["0.100000", "0.500000"]
    assert list(haiku) == ["standard", "prompt > 100000"]
    assert list(opus) == ["standard", "fast"]
    assert opus["standard"]["override"] is None
    assert opus["standard"]["batch_multiplier"] == "0.5000"
    assert (haiku["standard"]["lifecycle"], haiku["standard"]["released"]) == (
        "active",
        "2026-10-07",
    )
    assert haiku["standard"]["source"]


def test_the_contract_stands_beside_the_list(client: Client) -> None:
    """On the platform that it is for, with its own words and its line."""
    row = rows_of(client, "claude-opus-5-5", platform="aws.bedrock")["standard"]

    assert (row["input_usd_per_mtok"], row["list_input_usd_per_mtok"]) == ("3.000000", "4.000000")
    assert row["override"] == "EDP 2026 · prices.toml line 2"


def test_prices_can_be_seen_as_they_were(client: Client) -> None:
    """On a day in the past: other prices, other models, other lives."""
    then = {"at": "2026-10-06T23:00:00Z"}

    reads = rows_of(client, "claude-sonnet-5-5", **then)["standard"]
    assert reads["cache_read_usd_per_mtok"] == "0.200000"
    assert rows_of(client, "claude-haiku-5-5", **then) == {}


def test_retired_models_can_be_left_out(client: Client) -> None:
    """Some are still priced, because platforms still sell them."""
    at = "2026-11-20T00:00:00Z"
    every = {row["model"]: row["lifecycle"] for row in client.query("prices", at=at)}
    active = {row["model"] for row in client.query("prices", at=at, active="yes")}

    assert every["claude-opus-4-1-20250805"] == "retired"
    assert active == {model for model, life in every.items() if life != "retired"}


def test_what_has_no_price_is_counted_with_its_reason(client: Client) -> None:
    """By model and reason, the most frequent first."""
    client.send(
        call_on("2026-11-02", "msg_1", "claude-new"),
        call_on("2026-11-03", "msg_2", "claude-new"),
        call_on("2026-11-03", "msg_3", "claude-opus-5-5", **{"anthropic.response.speed": "warp"}),
    )
    rows = client.query("unpriced", start="2026-11-01T00:00:00Z", end="2026-12-01T00:00:00Z")

    assert [(row["model"], row["reasons"], row["calls"]) for row in rows] == [
        ("claude-new", "unknown_model", 2),
        ("claude-opus-5-5", "unknown_speed", 1),
    ]
    assert rows[0]["first_call"] == "2026-11-02T12:00:00Z"


def test_the_command_lists_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`prices list` shows what the collector of these settings would charge."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "prices.toml").write_text(CONTRACT)
    (tmp_path / "spanledger.toml").write_text('[prices]\noverrides = "prices.toml"\n')
    command = ["prices", "list", "--at", "2026-11-20", "--model", "claude-opus-5-5", "-f", "csv"]
    result = CliRunner().invoke(app, [*command, "--platform", "aws.bedrock"])
    broken = (tmp_path / "prices.toml").write_text("[[override]]")
    refused = CliRunner().invoke(app, command)

    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [(row["tier"], row["input"]) for row in rows] == [("standard", "3"), ("fast", "6")]
    assert rows[0]["override"].startswith("EDP 2026")
    assert broken
    assert refused.exit_code == 2
