"""The bill's arithmetic against figures worked out by hand from the published price list."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction

import pytest

from spanledger_demo.simulator import Bill, BillTotals, Counts
from spanledger_demo.simulator.rates import PRICE_TAGS, UnbillableError, cost_usd

MIXED = Counts(
    input_tokens=1000, output_tokens=200, cache_read=5000, cache_write_5m=300, cache_write_1h=400
)


@pytest.mark.parametrize(
    ("model", "dollars_per_million"),
    [
        ("claude-fable-5-2", "1000*8 + 200*40 + 5000*0.20 + 300*10 + 400*16"),
        ("claude-fable-5-1", "1000*10 + 200*50 + 5000*0.25 + 300*12.50 + 400*20"),
        ("claude-opus-5-5", "1000*4 + 200*20 + 5000*0.20 + 300*5 + 400*8"),
        ("claude-opus-5", "1000*5 + 200*25 + 5000*0.50 + 300*6.25 + 400*10"),
        ("claude-sonnet-5-5", "1000*2 + 200*10 + 5000*0.10 + 300*2.50 + 400*4"),
        ("claude-sonnet-5", "1000*2 + 200*10 + 5000*0.20 + 300*2.50 + 400*4"),
        ("claude-sonnet-4-6", "1000*3 + 200*15 + 5000*0.30 + 300*3.75 + 400*6"),
        ("claude-haiku-5-5", "1000*0.10 + 200*0.50 + 5000*0.01 + 300*0.125 + 400*0.20"),
        ("claude-haiku-4-5-20251001", "1000*1 + 200*5 + 5000*0.10 + 300*1.25 + 400*2"),
    ],
)
def test_all_five_rates_of_every_served_model(model: str, dollars_per_million: str) -> None:
    """Input, output, cache reads and both kinds of cache writes each have their own price."""
    expected = sum(
        (
            Fraction(tokens) * Fraction(price)
            for tokens, _, price in (term.partition("*") for term in dollars_per_million.split("+"))
            for tokens, price in [(tokens.strip(), price.strip())]
        ),
        Fraction(0),
    )

    assert cost_usd(model, MIXED) == expected / 1_000_000


def test_every_served_model_is_on_that_list() -> None:
    """A model added to the price list must be added above."""
    assert len(PRICE_TAGS) == 9


def test_a_long_haiku_prompt_is_dearer_as_a_whole() -> None:
    """Strictly beyond 100,000 prompt tokens, cached or not, every rate of the request is higher."""
    at = Counts(input_tokens=40_000, cache_read=60_000, output_tokens=1000)
    beyond = at._replace(cache_read=60_001)

    assert cost_usd("claude-haiku-5-5", at) == Fraction("0.0051")  # 0.004 + 0.0006 + 0.0005
    assert cost_usd("claude-haiku-5-5", beyond) == Fraction("0.02550005")


def test_batches_halve_tokens_but_not_searches() -> None:
    """Half price on all five token rates, the full cent for a search."""
    counts = MIXED._replace(service_tier="batch", web_searches=3)

    assert cost_usd("claude-opus-5-5", counts) == Fraction("0.0137") / 2 + Fraction("0.03")


def test_us_inference_costs_a_tenth_more_on_tokens_only() -> None:
    """The premium is on tokens of models that have it, never on searches."""
    counts = MIXED._replace(inference_geo="us", web_searches=1)

    assert cost_usd("claude-opus-5-5", counts) == Fraction("0.0137") * Fraction(11, 10) + Fraction(
        1, 100
    )


def test_fast_mode_has_its_own_rates() -> None:
    """Fast Opus 5.5 costs 8 / 40 / 10 / 16 / 0.40."""
    assert cost_usd("claude-opus-5-5", MIXED._replace(speed="fast")) == Fraction("0.0274")


def test_iterations_beyond_the_top_level_are_billed_at_their_own_model() -> None:
    """An advisor and a compaction come on top of what the usage shows."""
    advisor = {
        "type": "advisor_message",
        "model": "claude-fable-5-1",
        "input_tokens": 100,
        "output_tokens": 10,
    }
    compaction = {"type": "compaction", "input_tokens": 1000, "output_tokens": 100}
    counts = Counts(input_tokens=10, iterations=(advisor, compaction))

    assert cost_usd("claude-opus-5-5", counts) == Fraction("0.00004") + Fraction(
        "0.0015"
    ) + Fraction("0.006")


def test_the_long_prompt_step_is_taken_by_each_iteration_for_itself() -> None:
    """Two turns of 60,000 tokens add up to 120,000 without being long."""
    turn = {"type": "message", "input_tokens": 60_000, "output_tokens": 5}
    counts = Counts(input_tokens=120_000, output_tokens=10, iterations=(turn, turn))

    assert cost_usd("claude-haiku-5-5", counts) == Fraction("0.012005")


def test_an_unknown_iteration_is_refused() -> None:
    """The bill never guesses."""
    with pytest.raises(UnbillableError, match="novelty"):
        cost_usd("claude-opus-5-5", Counts(iterations=({"type": "novelty"},)))


def test_the_bill_adds_up_exactly_from_many_threads() -> None:
    """No request is lost, and the sum is exact to the picodollar."""
    bill = Bill()
    tiny = Counts(cache_read=1, inference_geo="us", service_tier="batch")
    with ThreadPoolExecutor(8) as pool:
        for _ in range(4000):
            pool.submit(bill.charge, "claude-haiku-5-5", tiny)

    totals = bill.totals()
    assert totals.requests() == 4000
    assert totals.usd() == Decimal("0.000022")  # 4000 times 5.5 nanodollars


def test_totals_survive_their_json() -> None:
    """What the HTTP surface shows can be read back without loss."""
    bill = Bill()
    bill.charge("claude-opus-5-5", MIXED)
    bill.charge("claude-opus-5-5", MIXED, "partial")
    bill.waive("claude-sonnet-5")
    totals = bill.totals()

    assert BillTotals.from_json(totals.to_json()) == totals
    assert totals.usd("partial") == Decimal("0.0137")
    assert totals.requests("complete") == 2
