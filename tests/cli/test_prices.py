"""`spanledger prices`: quotes are exact and the price book is readable."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest

from tests.cli.conftest import Run

CALL: dict[str, Any] = {
    "model": "claude-opus-5-5",
    "at": "2026-11-20T00:00:00Z",
    "provider": "anthropic",
    "usage": {
        "input_tokens": 1000,
        "output_tokens": 500,
        "cache_read_input_tokens": 2000,
        "cache_creation_input_tokens": 300,
        "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 200},
        "server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 0},
    },
    "stop_reason": "end_turn",
}


def test_an_object_gives_an_object(run: Run) -> None:
    """One call in, one cost out: exact decimal strings without trailing zeros, parts adding up."""
    result = run("prices", "quote", stdin=json.dumps(CALL))

    quote = json.loads(result.stdout)
    assert result.exit_code == 0
    assert quote == {
        "status": "priced",
        "cost_usd": "0.0265",
        "list_usd": "0.0265",
        "parts": {
            "input": "0.004",
            "output": "0.01",
            "cache_read": "0.0004",
            "cache_write_5m": "0.0005",
            "cache_write_1h": "0.0016",
            "web_search": "0.01",
        },
        "prices_version": quote["prices_version"],
        "reasons": [],
    }
    assert sum(Decimal(part) for part in quote["parts"].values()) == Decimal("0.0265")


def test_a_list_gives_a_list(run: Run) -> None:
    """A list in gives a list out, in order; an empty one too."""
    cheap = {**CALL, "usage": {"input_tokens": 1, "output_tokens": 0}}

    several = json.loads(run("prices", "quote", stdin=json.dumps([CALL, cheap])).stdout)
    none = json.loads(run("prices", "quote", stdin="[]").stdout)

    assert [quote["cost_usd"] for quote in several] == ["0.0265", "0.000004"]
    assert none == []


def test_unpriced_is_null_not_zero(run: Run) -> None:
    """An unknown model has no cost and a reason."""
    quote = json.loads(run("prices", "quote", stdin=json.dumps({**CALL, "model": "other"})).stdout)

    assert quote["status"] == "unpriced"
    assert quote["cost_usd"] is None
    assert set(quote["parts"].values()) == {None}
    assert quote["reasons"] == ["unknown_model"]


def test_amounts_are_never_in_exponents(run: Run) -> None:
    """Tiny and huge amounts are plain decimals."""
    tiny = {**CALL, "model": "claude-haiku-5-5", "usage": {"input_tokens": 0, "output_tokens": 0}}
    huge = {**CALL, "usage": {"input_tokens": 250_000_000_000, "output_tokens": 0}}

    quotes = json.loads(run("prices", "quote", stdin=json.dumps([tiny, huge])).stdout)

    assert [quote["cost_usd"] for quote in quotes] == ["0", "1000000"]


@pytest.mark.parametrize("at", ["2025-12-01", "2025-12-01T00:00:00.123456789Z", "2025-12-01T02:00"])
def test_the_day_of_the_call_decides(run: Run, at: str) -> None:
    """`at` picks the price of that day, in any usual ISO form."""
    call = {"model": "claude-sonnet-4-5", "at": at, "usage": {"input_tokens": 300_000}}
    call["usage"] = {"input_tokens": 300_000, "output_tokens": 0}

    quote = json.loads(run("prices", "quote", stdin=json.dumps(call)).stdout)

    assert quote["cost_usd"] == "1.8"  # long context was twice as dear until 2026-04-30


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (7, "must be an object with 'model' and 'usage', not a number"),
        ({"usage": CALL["usage"]}, "'model' is missing"),
        ({**CALL, "model": 5}, "'model' must be text, not 5"),
        ({"model": "claude-opus-5-5"}, "'usage' is missing"),
        ({**CALL, "usage": [1]}, "'usage' must be the API's usage object, not a list"),
        ({**CALL, "usage": {"input_tokens": 1}}, "output_tokens"),
        ({**CALL, "usage": {"input_tokens": -1, "output_tokens": 1}}, "usage.input_tokens"),
        ({**CALL, "at": "soon"}, "'at' must be a time like '2026-11-20T00:00:00Z', not 'soon'"),
        ({**CALL, "complete": "no"}, "'complete' must be true or false, not 'no'"),
    ],
)
def test_bad_requests(run: Run, item: object, expected: str) -> None:
    """A bad request ends with exit code 2 and one line naming the item and the field."""
    result = run("prices", "quote", stdin=json.dumps([CALL, item]))

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Error: item 1: ")
    assert expected in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("text", ["", "{", "nonsense", b"\xff\xfe"])
def test_input_that_is_no_json(run: Run, text: str | bytes) -> None:
    """Input that is not JSON ends with exit code 2 and says so."""
    result = run("prices", "quote", stdin=text)

    assert result.exit_code == 2
    assert result.stderr.startswith("Error: Standard input is not JSON: ")
    assert '{"model": "claude-opus-5-5", "usage"' in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_provider_that_nobody_knows_is_pointed_out(run: Run) -> None:
    """A misspelt provider is priced by the list, but not in silence."""
    result = run("prices", "quote", stdin=json.dumps({**CALL, "provider": "aws.bedrok"}))

    assert result.exit_code == 0
    assert json.loads(result.stdout)["status"] == "priced"
    assert result.stderr.startswith("Warning: request: the provider 'aws.bedrok' has no prices")
    assert "aws.bedrock" in result.stderr


def test_a_misspelt_field_is_pointed_out(run: Run) -> None:
    """A field without meaning is ignored, but not in silence."""
    result = run("prices", "quote", stdin=json.dumps({**CALL, "stop_reson": "refusal"}))

    assert result.exit_code == 0
    assert json.loads(result.stdout)["cost_usd"] == "0.0265"
    assert "'stop_reson' is ignored. Did you mean 'stop_reason'?" in result.stderr


def test_list_shows_the_prices_of_a_day(run: Run) -> None:
    """The list names each tier of a model with five explicit rates, as of the day asked for."""
    result = run(
        "prices", "list", "--at", "2026-11-20", "--model", "claude-haiku-5-5", "--format", "json"
    )

    standard, long = json.loads(result.stdout)
    assert (standard["tier"], long["tier"]) == ("standard", "prompt > 100000")
    rates = ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read")
    assert [standard[rate] for rate in rates] == ["0.1", "0.5", "0.125", "0.2", "0.01"]
    assert [long[rate] for rate in rates] == ["0.5", "2.5", "0.625", "1", "0.05"]


def test_list_as_csv_and_table(run: Run) -> None:
    """CSV holds the same rows as JSON, and the table goes to standard output uncut."""
    as_csv = list(csv.DictReader(io.StringIO(run("prices", "list", "-f", "csv").stdout)))
    as_json = json.loads(run("prices", "list", "-f", "json").stdout)
    table = run("prices", "list")

    assert [{key: value or None for key, value in row.items()} for row in as_csv] == as_json
    assert all(row["model"] in table.stdout for row in as_json)
    assert "US dollars per million tokens" in table.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--at", "yesterday"), "--at yesterday is not a date like 2026-11-20."),
        (("--model", "claude-opus-5-6"), "Did you mean 'claude-opus-5-5'?"),
        (("--model", "claude-opus-5-5", "--at", "2020-01-01"), "no price for that on 2020-01-01"),
    ],
)
def test_list_refusals(run: Run, arguments: tuple[str, ...], expected: str) -> None:
    """What the list cannot show is refused with the reason."""
    result = run("prices", "list", *arguments)

    assert result.exit_code == 2
    assert expected in result.stderr
