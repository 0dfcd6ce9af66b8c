"""Contract rates and discounts: what they change, and errors that name the line."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from spanledger.pricing import Cost, PriceBook, Usage, price, price_book
from spanledger_collector.prices import ContractError, PricesInForce, book_under
from spanledger_collector.prices.contract import contract_from_toml
from tests.pricing.support import MILLION, check, on

INPUT = Usage(input_tokens=MILLION)


def under(text: str) -> PriceBook:
    """The shipped book under a contract."""
    return contract_from_toml(text, "prices.toml", price_book())


def cost(book: PriceBook, model: str, usage: Usage = INPUT, day: str = "2026-11-20",
         provider: str = "anthropic") -> Cost:  # fmt: skip
    return price(model, usage, at_ns=on(day), provider=provider, book=book)


def dollars(cost: Cost) -> tuple[Decimal | None, Decimal]:
    assert cost.list_picodollars is not None
    return cost.usd, Decimal(cost.list_picodollars).scaleb(-12)


def test_a_discount_is_off_every_token_rate_but_not_off_searches() -> None:
    """12.5 % off 4 is 3.50; the list price stands beside it, the search stays a cent."""
    book = under('[[override]]\nmodels = ["claude-opus-*"]\ndiscount_percent = 12.5\n')
    used = INPUT._replace(web_search_requests=1)

    assert dollars(cost(book, "claude-opus-5-5", used)) == (Decimal("3.51"), Decimal("4.01"))
    assert dollars(cost(book, "claude-sonnet-5-5")) == (Decimal(2), Decimal(2))


def test_rates_replace_the_list_and_what_is_not_named_stays() -> None:
    """An agreed input rate leaves output as it is; batch halves the agreed rate."""
    book = under('[[override]]\nmodels = "claude-opus-5-5"\nrates = { input = "3.2" }\n')
    used = Usage(input_tokens=MILLION, output_tokens=MILLION)

    assert dollars(cost(book, "claude-opus-5-5", used)) == (Decimal("23.2"), Decimal(24))
    batch = cost(book, "claude-opus-5-5", used._replace(service_tier="batch"))
    assert dollars(batch) == (Decimal("11.6"), Decimal(12))


def test_fast_and_long_rates_have_their_own_terms() -> None:
    """Rates agreed on for standard requests say nothing of fast or long ones."""
    book = under(
        '[[override]]\nmodels = ["claude-opus-5-5", "claude-haiku-5-5"]\n'
        'rates = { input = "1" }\nfast_rates = { input = "6" }\nlong_rates = { input = "0.4" }\n'
    )

    assert dollars(cost(book, "claude-opus-5-5", INPUT._replace(speed="fast")))[0] == Decimal(6)
    assert dollars(cost(book, "claude-haiku-5-5"))[0] == Decimal("0.4")


def test_a_term_holds_on_its_days_and_platforms_only() -> None:
    """Both days count; elsewhere and otherwise the list holds."""
    book = under(
        '[[override]]\nmodels = ["*"]\nplatforms = ["aws.bedrock"]\n'
        "from = 2026-10-01\nto = 2026-10-31\ndiscount_percent = 50\n"
    )
    bedrock = "global.anthropic.claude-opus-5-5"
    seen = {
        day: cost(book, bedrock, day=day, provider="aws.bedrock").usd
        for day in ("2026-09-30", "2026-10-01", "2026-10-31", "2026-11-01")
    }

    assert list(map(str, seen.values())) == ["4", "2", "2", "4"]
    assert cost(book, "claude-opus-5-5", day="2026-10-15").usd == 4


def test_the_last_term_that_holds_goes_first() -> None:
    """A general discount may stand above its exceptions; they do not add up."""
    book = under(
        '[[override]]\nmodels = ["*"]\ndiscount_percent = 10\n'
        '[[override]]\nmodels = ["claude-opus-5-5"]\ndiscount_percent = 25\n'
    )

    assert cost(book, "claude-opus-5-5").usd == 3
    assert cost(book, "claude-sonnet-5-5").usd == Decimal("1.8")


def test_an_agreed_rate_is_rounded_to_whole_picodollars_a_token() -> None:
    """7 % off a tenth of a cent, halved and raised by a tenth: whole, the list untouched."""
    book = under('[[override]]\nmodels = ["*"]\ndiscount_percent = 7.7777\n')
    used = Usage(cache_read_tokens=3, service_tier="batch", inference_geo="us")
    call = cost(book, "claude-haiku-5-5", used)

    # 10,000 picodollars a token, less 7.7777 %, halved, times 1.1: 5,072.2265
    assert call.picodollars == 3 * 5072
    assert call.list_picodollars == 3 * 5500


def test_a_model_of_the_contract_alone_can_be_priced() -> None:
    """A model that came out today is priced by what is written for it, until the book knows it."""
    book = under(
        '[[override]]\nmodels = ["claude-opus-6"]\nfrom = 2026-11-19\n'
        'rates = { input = "6", output = "30", cache_read = "0.3", cache_write_5m = "7.5", '
        'cache_write_1h = "12" }\n'
    )

    check(cost(book, "claude-opus-6", INPUT._replace(output_tokens=MILLION)), "priced", "36")
    check(cost(book, "us.anthropic.claude-opus-6"), "priced", "6.6")
    check(cost(book, "claude-opus-6", day="2026-11-18"), "unpriced", None, "no_price_at_date")


def test_a_search_price_can_be_agreed_on() -> None:
    """Less than a cent each, with the list beside it."""
    book = under('[[override]]\nmodels = ["*"]\nweb_search_usd = "0.008"\n')
    call = cost(book, "claude-opus-5-5", Usage(web_search_requests=10))

    assert dollars(call) == (Decimal("0.08"), Decimal("0.1"))


def test_the_version_tells_contracts_apart() -> None:
    """What changes a price changes the version; notes, order of keys and spaces do not."""
    one = under('[[override]]\nmodels = ["*"]\ndiscount_percent = 10\n').version
    same = under(
        '# ours\n[[override]]\nnote = "2026"\ndiscount_percent   = 10\nmodels = [ "*" ]\n'
    ).version
    other = under('[[override]]\nmodels = ["*"]\ndiscount_percent = 11\n').version

    assert one == same != other
    assert re.fullmatch(rf"{price_book().version}\+[0-9a-f]{{8}}", one)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("models = [", 1, "not valid TOML"),
        ("[[overide]]\nmodels = ['*']", 1, "'overide' means nothing here"),
        ("[override]\nmodels = ['*']", 1, "two brackets"),
        ("[[override]]\ndiscount_percent = 5", 1, "must say of what"),
        ("[[override]]\nmodels = ['*']", 1, "changes nothing"),
        (
            "\n[[override]]\nmodels = ['claude-opus-5.5']\ndiscount_percent = 5",
            3,
            "does not know 'claude-opus-5.5'. Did you mean 'claude-opus-5-5'",
        ),
        ("[[override]]\nmodels = ['gpt-*']\ndiscount_percent = 5", 2, "'gpt-\\*' is no model"),
        ("[[override]]\nmodels = ['*']\n\ndiscount = 5", 4, "Did you mean 'discount_percent'"),
        ("[[override]]\nmodels = ['*']\ndiscount_percent = 100", 3, "not below 100"),
        ("[[override]]\nmodels = ['*']\ndiscount_percent = 'ten'", 3, "must be a number"),
        ("[[override]]\nmodels = ['*']\ndiscount_percent = nan", 3, "must be a number"),
        (
            "[[override]]\nmodels = ['*']\nplatforms = ['bedrock']\ndiscount_percent = 5",
            3,
            "Did you mean 'aws.bedrock'",
        ),
        (
            "[[override]]\nmodels = ['*']\ndiscount_percent = 5\n"
            "[[override]]\nmodels = ['*']\nfrom = 2026-02-01\nto = 2026-01-01\n"
            "discount_percent = 5",
            7,
            "to = 2026-01-01 is before from",
        ),
        ("[[override]]\nmodels = ['*']\nfrom = '1 May'\ndiscount_percent = 5", 3, "must be a day"),
        ("[[override]]\nmodels = ['*']\nrates = { inputs = '1' }", 3, "Did you mean 'input'"),
        ("[[override]]\nmodels = ['*']\nrates = { input = '-1' }", 3, "between 0 and"),
        ("[[override]]\nmodels = ['*']\n[override.rates]\ninput = true", 4, "must be a number"),
        ("[[override]]\nmodels = ['*']\nrates = 3", 3, "must be a table"),
    ],
)
def test_an_error_names_its_line_and_the_cure(text: str, line: int, says: str) -> None:
    """One paragraph: file, line, what stands there, what to write."""
    with pytest.raises(ContractError, match=says) as refusal:
        under(text)

    assert "\n" not in str(refusal.value)
    assert "prices.toml" in str(refusal.value)
    if "not valid TOML" not in says:
        assert f"prices.toml line {line}:" in str(refusal.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The error names the setting to change."""
    with pytest.raises(ContractError, match=r"prices\.overrides.*cannot be read"):
        book_under(tmp_path / "none.toml")


def test_prices_change_without_a_restart(tmp_path: Path) -> None:
    """Reading again gives the new book, which counts once it is put in force; same text, same."""
    file = tmp_path / "prices.toml"
    file.write_text('[[override]]\nmodels = ["*"]\ndiscount_percent = 10\n')
    prices = PricesInForce(file)
    before = prices.book
    assert prices.read_again() is before

    file.write_text('[[override]]\nmodels = ["*"]\ndiscount_percent = 20\n')
    after = prices.read_again()
    assert prices.book is before
    prices.put_in_force(after)

    assert cost(prices.book, "claude-opus-5-5").usd == Decimal("3.2")
