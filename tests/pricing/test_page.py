"""`docs/pricing.md` explains every reason, and its example is what the command answers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from spanledger.pricing import REASONS, Usage, price, price_book
from spanledger_collector.cli.quote import quote, request_from_json
from spanledger_collector.prices.contract import contract_from_toml
from tests.pricing.support import on

PAGE = (Path(__file__).parents[2] / "docs" / "pricing.md").read_text(encoding="utf-8")


def test_every_reason_has_its_row() -> None:
    """The table of reasons is the code's table."""
    section = PAGE.partition("## Reasons")[2]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", section, flags=re.MULTILINE))

    assert rows == REASONS


EXAMPLES = re.findall(r"^\| (.+?) \| `(\{.+\})` \| .+ \| ([\d.]+) \|$", PAGE, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("rule", "call", "amount"), EXAMPLES, ids=[rule for rule, _, _ in EXAMPLES]
)
def test_each_worked_example_is_right(rule: str, call: str, amount: str) -> None:
    """Every rule's example costs what the page says."""
    noon = on("2026-11-20")
    cost = quote(request_from_json(json.loads(call), noon), price_book())

    assert cost["cost_usd"] == amount
    assert cost["status"] == "priced"


def test_every_rule_has_an_example() -> None:
    """But for request errors, which have no usage."""
    rules = re.findall(r"^\| (.+?) \|", PAGE.partition("## The rules")[2].partition("###")[0], re.M)

    assert set(rules) - {"Rule", "---", "|---", "Errors"} == {rule for rule, _, _ in EXAMPLES}


def test_the_example_contract_is_valid() -> None:
    """The overrides of the page are what they claim: the last that holds goes first."""
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    book = contract_from_toml(text, "prices.toml", price_book())
    million = Usage(input_tokens=10**6)
    model = "global.anthropic.claude-opus-5-5"

    at_ns = on("2026-11-20")
    assert str(price("claude-opus-5-5", million, at_ns=at_ns, book=book).usd) == "3.6"
    on_bedrock = price(model, million, at_ns=at_ns, provider="aws.bedrock", book=book)
    assert str(on_bedrock.usd) == "3.2"
    assert str(price("claude-opus-6", million, at_ns=at_ns, book=book).usd) == "6"


def test_the_example_costs_what_the_page_says() -> None:
    """The quoted request, piped into the command, gives the quoted amount."""
    found = re.search(r"echo '(.+?)' \| spanledger prices quote", PAGE, flags=re.DOTALL)
    amount = re.search(r'`"cost_usd": "([\d.]+)"`', PAGE)
    assert found is not None
    assert amount is not None
    answer = subprocess.run(
        [sys.executable, "-m", "spanledger", "prices", "quote"],
        input=found[1],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )

    assert json.loads(answer.stdout)["cost_usd"] == amount[1]
