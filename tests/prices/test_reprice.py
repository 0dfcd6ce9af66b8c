"""History priced anew: a diff first, then all of it at once, with the rollup and a note of it."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from spanledger_collector.cli.app import app
from spanledger_collector.prices.in_force import book_under
from spanledger_collector.prices.reprice import Reprice
from spanledger_collector.server import running_collector
from spanledger_collector.settings import PricesSettings, Settings
from spanledger_collector.store.duckdb import DuckDBStore
from tests.cli.processes import eventually
from tests.collector.support import Client, settings_for
from tests.prices.support import batch, call_on, random_spans, stored

PATH = "/api/v1/prices/reprice"
OPUS, SONNET = "claude-opus-5-5", "claude-sonnet-5-5"
TOTALS = """
select
    coalesce(sum(cost_usd), 0) as cost, coalesce(sum(list_usd), 0) as list,
    coalesce(sum(input_usd), 0) as input, coalesce(sum(output_usd), 0) as output,
    sum(requests) as requests, count(distinct cost_status) as states
from usage_between(timestamp '2020-01-01', timestamp '2030-01-01', $fine, $watermark)
"""


def discount(folder: Path, percent: int, models: str = "*") -> Path:
    file = folder / "prices.toml"
    file.write_text(f'[[override]]\nmodels = ["{models}"]\ndiscount_percent = {percent}\n')
    return file


def settings_with(folder: Path, overrides: Path) -> Settings:
    return settings_for(folder).model_copy(update={"prices": PricesSettings(overrides=overrides)})


def ask(client: Client, **fields: object) -> dict[str, Any]:
    answer = client.http.post(PATH, json=fields)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def usage(client: Client) -> tuple[str | None, str | None, int]:
    """Cost, list cost and unpriced calls of all time, by the rollup's door."""
    total = client.total()
    return total["cost_usd"], total["list_usd"], total["unpriced_calls"]


@pytest.mark.parametrize("seed", range(4))
def test_history_is_as_if_it_had_always_been_priced_so(tmp_path: Path, seed: int) -> None:
    """Rows and rollup after repricing are those of a ledger that had the new prices all along."""
    dice = random.Random(seed)
    overrides = book_under(discount(tmp_path, 13))
    spans = [random_spans(dice, 60, datetime(2026, 11, 1, hour)) for hour in range(6)]
    old, new = DuckDBStore(tmp_path / "old"), DuckDBStore(tmp_path / "new")
    for number, some in enumerate(spans):
        old.append([batch(some)])
        new.append([batch(some, overrides)])
        if number == 3:
            old.roll_up()
            old.pack()
    whole = Reprice(None, None)
    plan = whole.plan(old, overrides)
    old.append([batch(spans[0][:1] + random_spans(random.Random(9), 9, datetime(2026, 11, 1)))])
    new.append([batch(random_spans(random.Random(9), 9, datetime(2026, 11, 1)), overrides)])
    applied = whole.apply(old, overrides, plan)

    key = "call_key"
    known = {row.pop(key): row for row in stored(new).to_pylist()}
    assert {row.pop(key): row for row in stored(old).to_pylist()} == known
    for fine in (False, True):
        sums = [
            each.query().run(TOTALS, {"fine": fine}, 9).table.to_pylist() for each in (old, new)
        ]
        assert sums[0] == sums[1]
    assert sum(change.calls for change in applied.changes) == len(known)
    assert whole.plan(old, overrides).rows.num_rows == 0
    old.close()
    new.close()


def test_a_dry_run_shows_and_changes_nothing(tmp_path: Path) -> None:
    """By day and model: calls, dollars before and after."""
    file = discount(tmp_path, 0)
    with running_collector(settings_with(tmp_path, file)) as collector:
        client = Client(collector.url)
        client.send(call_on("2026-11-02", "msg_1", OPUS), call_on("2026-11-02", "msg_2", SONNET))
        client.send(call_on("2026-11-03", "msg_3", OPUS))
        before = usage(client)
        discount(tmp_path, 50, OPUS)
        told = ask(client, **{"from": "2026-11-02", "to": "2026-11-02"})
        after = usage(client)
        client.close()

    assert told["applied"] is False
    assert [(row["model"], row["changed"], row["before_usd"], row["after_usd"])
            for row in told["rows"]] == [
        (OPUS, 1, "0.006", "0.003"),
        (SONNET, 0, "0.003", "0.003"),
    ]  # fmt: skip
    assert after == before


def test_a_running_collector_reprices_and_prices_on(tmp_path: Path) -> None:
    """The file is read anew; old and new calls, rows and rollup follow it, and the note stands."""
    file = discount(tmp_path, 0)
    with running_collector(settings_with(tmp_path, file)) as collector:
        client = Client(collector.url)
        client.send(call_on("2026-11-02", "msg_1", OPUS))
        first_version = client.health()["prices_version"]
        discount(tmp_path, 50)
        told = ask(client, apply=True)
        client.send(call_on("2026-11-03", "msg_2", OPUS))
        totals, version = usage(client), client.health()["prices_version"]
        calls = client.query("latest_calls", start="2026-11-01T00:00:00Z")
        client.close()
    store = DuckDBStore(tmp_path)
    [note] = store.query().run("select * from reprices", {}, 9).table.to_pylist()
    store.close()

    assert told["applied"] is True
    assert totals == ("0.006000000000", "0.012000000000", 0)
    assert version == told["prices_version"] != first_version
    assert {call["prices_version"] for call in calls} == {version}
    assert (note["changed"], note["before_usd"], note["after_usd"], note["prices_version"]) == (
        1,
        Decimal("0.006"),
        Decimal("0.003"),
        version,
    )
    assert json.loads(note["changes"])[0]["model"] == OPUS


def test_a_model_that_becomes_known_is_priced_under_its_name(tmp_path: Path) -> None:
    """Unpriced calls of a new model get a price, a state and no reason to doubt it."""
    file = discount(tmp_path, 0)
    with running_collector(settings_with(tmp_path, file)) as collector:
        client = Client(collector.url)
        client.send(call_on("2026-11-02", "msg_1", "us.anthropic.claude-opus-6"))
        before = usage(client)
        file.write_text(
            '[[override]]\nmodels = ["claude-opus-6"]\nrates = { input = "6", output = "30" }\n'
        )
        told = ask(client, apply=True)
        after = usage(client)
        [call] = client.query("latest_calls", start="2026-11-01T00:00:00Z")
        client.close()

    assert before == (None, None, 1)
    assert after == ("0.009900000000", "0.009900000000", 0)
    assert [told["rows"][0][key] for key in ("unpriced_before", "unpriced_after")] == [1, 0]
    assert (call["model"], call["cost_status"], call["cost_reasons"]) == (
        "claude-opus-6",
        "priced",
        [],
    )


def test_calls_keep_coming_in_meanwhile(tmp_path: Path) -> None:
    """While history is priced anew again and again, every call is acknowledged, none is lost."""
    file = discount(tmp_path, 0)
    with running_collector(settings_with(tmp_path, file)) as collector:
        done = threading.Event()
        sent: list[int] = []

        def send() -> None:
            client = Client(collector.url)
            while not done.is_set():
                number = len(sent)
                client.send(*(call_on("2026-11-02", f"m{number}_{n}", OPUS) for n in range(50)))
                sent.append(50)
            client.close()

        def reached(number: int) -> bool:
            return len(sent) >= number

        sender = threading.Thread(target=send)
        sender.start()
        client = Client(collector.url)
        try:
            for percent in (10, 20, 30, 40, 50):
                more = len(sent) + 1
                assert eventually(partial(reached, more))
                discount(tmp_path, percent)
                ask(client, apply=True)
        finally:
            done.set()
            sender.join()
        ask(client, apply=True)
        total, health = client.total(), client.health()
        client.close()

    assert total["calls"] == sum(sent) == health["calls"]
    assert Decimal(total["cost_usd"]) * 2 == Decimal(total["list_usd"])
    assert Decimal(total["list_usd"]) == sum(sent) * Decimal("0.006")


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"from": "yesterday"}, 400, "'from' is 'yesterday'"),
        ({"from": "2026-11-02", "to": "2026-11-01"}, 400, "is before 'from'"),
        ({"apply": "yes"}, 400, "must be true or false"),
        ({"day": "2026-11-02"}, 400, "There is no field 'day'"),
    ],
)
def test_a_request_that_makes_no_sense(
    shared_client: Client, body: dict[str, object], status: int, says: str
) -> None:
    """The problem names the field and what it should hold."""
    answer = shared_client.http.post(PATH, json=body)

    assert answer.status_code == status
    assert says in answer.json()["detail"]


def test_a_form_of_another_site_cannot_reprice(shared_client: Client) -> None:
    """Only JSON is taken, which a browser does not send elsewhere unasked."""
    answer = shared_client.http.post(PATH, content=b'{"apply": true}')

    assert answer.status_code == 400


def test_a_broken_overrides_file_changes_nothing(tmp_path: Path) -> None:
    """The answer names the line; the collector goes on with the prices that it had."""
    file = discount(tmp_path, 10)
    with running_collector(settings_with(tmp_path, file)) as collector:
        client = Client(collector.url)
        version = client.health()["prices_version"]
        file.write_text("[[override]]\nmodels = ['*']\ndiscount = 5\n")
        answer = client.http.post(PATH, json={"apply": True})
        after = client.health()["prices_version"]
        client.close()

    assert answer.status_code == 422
    assert "prices.toml line 3" in answer.json()["detail"]
    assert after == version


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs `spanledger prices reprice` in the test's folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *options: CliRunner().invoke(app, ["prices", "reprice", *options])


def test_the_command_asks_the_collector(tmp_path: Path, command: Callable[..., Result]) -> None:
    """A table by day and model, and one sentence."""
    file = discount(tmp_path, 0)
    with running_collector(settings_with(tmp_path, file)) as collector:
        client = Client(collector.url)
        client.send(call_on("2026-11-02", "msg_1", OPUS), call_on("2026-11-03", "msg_2", OPUS))
        client.close()
        discount(tmp_path, 50)
        dry = command("--dry-run", "--url", collector.url)
        done = command("--from", "2026-11-03", "--url", collector.url, "--format", "json")
        wrong = command("--from", "soon", "--url", collector.url)

    assert dry.exit_code == 0, dry.output
    assert "2026-11-02" in dry.output
    assert "$0.012" in dry.output
    assert "2 of 2 calls would change under prices" in dry.output
    assert json.loads(done.stdout)["rows"][0]["after_usd"] == "0.003"
    assert wrong.exit_code == 2


def test_without_a_collector_the_file_is_repriced(
    tmp_path: Path, command: Callable[..., Result]
) -> None:
    """The command opens the ledger itself, by the overrides of the settings."""
    store = DuckDBStore(tmp_path / "data")
    store.append([batch([call_on("2026-11-02", "msg_1", OPUS)])])
    store.close()
    discount(tmp_path, 50)
    (tmp_path / "spanledger.toml").write_text(
        '[collector]\nport = 1\n[prices]\noverrides = "prices.toml"\n'
    )
    result = command("--data-dir", str(tmp_path / "data"))
    nothing = command("--data-dir", str(tmp_path / "nowhere"))
    store = DuckDBStore(tmp_path / "data")
    [call] = stored(store).to_pylist()
    plan = Reprice(date(2026, 11, 2), None).plan(store, book_under(tmp_path / "prices.toml"))
    store.close()

    assert result.exit_code == 0, result.output
    assert "1 of 1 calls changed" in result.output
    assert (call["cost_usd"], call["list_usd"]) == (Decimal("0.003"), Decimal("0.006"))
    assert plan.rows.num_rows == 0
    assert nothing.exit_code == 1
    assert "There is no ledger in" in nothing.output
