"""What holds for every usage: exactness, additivity, order, and agreement of parts and whole."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from spanledger.pricing import Iteration, Usage, price, price_book

TODAY = int(dt.datetime(2026, 11, 20, tzinfo=dt.timezone.utc).timestamp()) * 10**9
counts = st.integers(min_value=0, max_value=10**9)
flat_models = st.sampled_from(
    [
        model.id
        for model in price_book().models
        if (period := price_book().period(model, TODAY // (86_400 * 10**9))) is not None
        and period.long_context is None
        and period.rates.cache_read is not None
    ]
)
searches = st.integers(min_value=0, max_value=1000)
usages = st.tuples(counts, counts, counts, counts, counts, searches).map(lambda n: Usage(*n))


def picodollars(model: str, usage: Usage) -> int:
    """The exact cost today."""
    cost = price(model, usage, at_ns=TODAY)
    assert type(cost.picodollars) is int
    return cost.picodollars


def _add(one: Usage, other: Usage) -> Usage:
    return one._replace(
        **{kind: getattr(one, kind) + getattr(other, kind) for kind in Usage._fields[:6]}
    )


@given(flat_models, usages, usages)
def test_cost_is_additive(model: str, one: Usage, other: Usage) -> None:
    """Without a length step, two calls cost what one call with both usages costs."""
    assert picodollars(model, one) + picodollars(model, other) == picodollars(
        model, _add(one, other)
    )


@given(flat_models, usages, usages)
def test_cost_is_monotonic_and_never_negative(model: str, one: Usage, more: Usage) -> None:
    """More usage never costs less."""
    assert 0 <= picodollars(model, one) <= picodollars(model, _add(one, more))


@given(flat_models, usages)
def test_batch_halves_tokens_and_nothing_else(model: str, usage: Usage) -> None:
    """Twice the batch price of the tokens plus the searches is the standard price."""
    batch = price(model, usage._replace(service_tier="batch"), at_ns=TODAY)
    standard = price(model, usage, at_ns=TODAY)
    assert batch.parts is not None
    assert standard.parts is not None

    assert [2 * part for part in batch.parts[:5]] == list(standard.parts[:5])
    assert batch.parts.web_search == standard.parts.web_search


@given(flat_models, usages)
def test_parts_add_up_and_dollars_are_exact(model: str, usage: Usage) -> None:
    """The parts sum to the total, and the dollars are the picodollars."""
    cost = price(model, usage, at_ns=TODAY)

    assert cost.parts is not None
    assert sum(cost.parts) == cost.picodollars
    assert cost.usd is not None
    assert cost.usd * 10**12 == cost.picodollars


every_model = st.sampled_from([model.id for model in price_book().models])
days = st.integers(min_value=19_400, max_value=20_800)
tiers = st.sampled_from([None, "standard", "batch", "priority"])
speeds = st.sampled_from([None, "standard", "fast"])
places = st.sampled_from([None, "global", "us"])
small = st.integers(min_value=0, max_value=150_000)


@given(every_model, days, usages, tiers, speeds, places, st.booleans())
def test_money_is_whole_and_never_negative(
    model: str,
    day: int,
    usage: Usage,
    tier: str | None,
    speed: str | None,
    geo: str | None,
    complete: bool,
) -> None:
    """On any day, in any way: whole picodollars from zero up, or no price and a reason."""
    asked = usage._replace(service_tier=tier, speed=speed, inference_geo=geo)
    cost = price(model, asked, at_ns=day * 86_400 * 10**9, complete=complete)

    if cost.status == "unpriced":
        assert (cost.picodollars, cost.parts, cost.list_picodollars) == (None, None, None)
        assert cost.reasons
    else:
        assert cost.parts is not None
        assert {type(part) for part in (*cost.parts, cost.picodollars)} == {int}
        assert min(cost.parts) >= 0
        assert cost.list_picodollars == cost.picodollars
    assert (cost.status == "estimated") <= bool(cost.reasons)


@given(usages, usages)
def test_more_never_costs_less_across_the_step(one: Usage, more: Usage) -> None:
    """Also where a longer prompt re-prices the whole request: the step only goes up."""
    assert picodollars("claude-haiku-5-5", one) <= picodollars("claude-haiku-5-5", _add(one, more))


@given(st.lists(st.tuples(small, small, small, small, small), min_size=1, max_size=6))
def test_turns_cost_what_they_would_as_calls_of_their_own(
    turns: list[tuple[int, int, int, int, int]],
) -> None:
    """A call split over model requests is the sum of them, wherever the step falls between them."""
    entries = [
        Iteration("message", None, inp, out, read, five, hour)
        for inp, out, read, five, hour in turns
    ]
    inp, out, read, five, hour = (sum(column) for column in zip(*turns, strict=True))
    totals = Usage(inp, out, read, five, hour, iterations=tuple(entries))
    alone = [picodollars("claude-haiku-5-5", Usage(*turn)) for turn in turns]

    assert picodollars("claude-haiku-5-5", totals) == sum(alone)


@given(flat_models, st.lists(st.tuples(counts, counts), min_size=1, max_size=6))
def test_how_a_call_is_split_changes_nothing_without_a_step(
    model: str, turns: list[tuple[int, int]]
) -> None:
    """The same totals cost the same with and without the list of model requests."""
    entries = tuple(Iteration("message", None, inp, out, 0, 0, 0) for inp, out in turns)
    totals = Usage(sum(turn[0] for turn in turns), sum(turn[1] for turn in turns))

    assert picodollars(model, totals) == picodollars(model, totals._replace(iterations=entries))


@given(usages, st.permutations(["batch", "geo", "region"]))
def test_modifiers_multiply_in_any_order(usage: Usage, order: list[str]) -> None:
    """Each modifier changes the tokens by its own factor, whichever come before it."""
    factors = {"batch": (1, 2), "geo": (11, 10), "region": (11, 10)}
    asked, model = usage, "global.anthropic.claude-opus-5-5"
    before = price(model, asked, at_ns=TODAY)
    for name in order:
        if name == "batch":
            asked = asked._replace(service_tier="batch")
        elif name == "geo":
            asked = asked._replace(inference_geo="us")
        else:
            model = "us.anthropic.claude-opus-5-5"
        after = price(model, asked, at_ns=TODAY)
        assert before.parts is not None
        assert after.parts is not None
        up, down = factors[name]
        assert [part * down for part in after.parts[:5]] == [part * up for part in before.parts[:5]]
        before = after
