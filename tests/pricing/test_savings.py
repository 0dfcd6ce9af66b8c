"""What a call would have cost otherwise: worked out by hand, and never a guess."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from spanledger.pricing import Usage, price, savings, usage_from_api, usd, what_if
from tests.pricing.support import MILLION, TODAY, check, turn, usage

counts = st.integers(min_value=0, max_value=10**9)


def dollars(picodollars: int | None) -> Decimal | None:
    return None if picodollars is None else usd(picodollars)


def test_caching_saves_net_of_the_premium_on_writes() -> None:
    """Opus 5.5 at 4: ten million reads at 0.20 save 38; a million writes at 5 cost 1 extra."""
    used = Usage(cache_read_tokens=10 * MILLION, cache_write_5m_tokens=MILLION)
    saved = savings("claude-opus-5-5", used, at_ns=TODAY)

    check(saved.actual, "priced", "7")
    check(saved.without_caching, "priced", "44")
    assert dollars(saved.by_caching) == Decimal(37)


def test_a_cache_that_is_never_read_costs() -> None:
    """An hour's write at twice the input price, read by nobody, is a loss."""
    saved = savings("claude-opus-5-5", Usage(cache_write_1h_tokens=MILLION), at_ns=TODAY)

    assert dollars(saved.by_caching) == Decimal(-4)


def test_a_batch_halves_tokens_only_and_ends_fast_mode() -> None:
    """A fast call of 8 would have been 2 in a batch; its search stays a cent."""
    used = Usage(input_tokens=MILLION, web_search_requests=1, speed="fast")
    saved = savings("claude-opus-5-5", used, at_ns=TODAY)

    check(saved.actual, "priced", "8.01")
    check(saved.in_batch, "priced", "2.01")
    assert dollars(saved.by_batching) == Decimal(6)


def test_a_batch_call_saves_nothing_more() -> None:
    """What ran in a batch has no batch price to compare with."""
    used = Usage(input_tokens=MILLION, service_tier="batch")

    assert savings("claude-opus-5-5", used, at_ns=TODAY).by_batching is None


def test_another_model_is_priced_at_the_same_place() -> None:
    """A European Bedrock call keeps its regional premium at the other model."""
    model = "eu.anthropic.claude-opus-5-5"
    cost = what_if(
        "claude-sonnet-5-5",
        model,
        Usage(input_tokens=MILLION),
        at_ns=TODAY,
        provider="aws.bedrock",
    )

    check(cost, "priced", "2.2")


def test_another_model_judges_lengths_by_its_own_step() -> None:
    """Turn by turn, and without touching the advisor's price."""
    fields = usage(
        input_tokens=180_000,
        output_tokens=2000,
        iterations=[
            turn(60_000, model="claude-opus-5-5"),
            turn(120_000, model="claude-opus-5-5"),
            turn(1000, "advisor_message", model="claude-fable-5-2"),
        ],
    )
    cost = what_if("claude-haiku-5-5", "claude-opus-5-5", usage_from_api(fields), at_ns=TODAY)

    # 60,000 at 0.10 and 1,000 at 0.50; 120,000 at 0.50 and 1,000 at 2.50; the advisor at 8 and 40
    check(cost, "priced", "0.117")


def test_an_unknown_model_saves_nothing_known() -> None:
    """Differences with an unknown price are unknown."""
    saved = savings("claude-unheard-of", Usage(input_tokens=1), at_ns=TODAY)

    check(what_if("claude-unheard-of", "claude-opus-5-5", Usage(1), at_ns=TODAY), "unpriced", None,
          "unknown_model")  # fmt: skip
    assert saved.by_caching is saved.by_batching is None


@given(counts, counts, counts)
def test_the_same_model_is_no_change(uncached: int, read: int, written: int) -> None:
    """What if nothing changed: the same cost, to the picodollar."""
    used = Usage(uncached, 7, read, written)
    same = what_if("claude-sonnet-5-5", "claude-sonnet-5-5", used, at_ns=TODAY)

    assert same == price("claude-sonnet-5-5", used, at_ns=TODAY)
