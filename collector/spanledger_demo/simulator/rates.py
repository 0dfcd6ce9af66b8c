"""The simulator's own price list and arithmetic, in exact fractions of a dollar.

It shares neither code nor data with `spanledger.pricing`, so that comparing the two can fail. The
list holds today's prices of the models that are served; earlier prices are not its business.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final, NamedTuple

from spanledger_demo.simulator.counts import Counts, counts_from_usage

_HALF: Final = Fraction(1, 2)
_US_PREMIUM: Final = Fraction(11, 10)
_REGIONAL_PREMIUM: Final = Fraction(11, 10)
_PER_SEARCH: Final = Fraction(1, 100)
_LONG_PROMPT: Final = 100_000


class Rates(NamedTuple):
    """Dollars per token."""

    input: Fraction
    output: Fraction
    write_5m: Fraction
    write_1h: Fraction
    read: Fraction


class PriceTag(NamedTuple):
    """What one model costs: normally, beyond 100,000 prompt tokens, in fast mode, in the US."""

    normal: Rates
    long: Rates | None = None
    fast: Rates | None = None
    us_premium: bool = True


class UnbillableError(ValueError):
    """The bill has no rule for this usage."""


def _rates(*dollars_per_million: str) -> Rates:
    return Rates(*(Fraction(price) / 1_000_000 for price in dollars_per_million))


_OPUS_5 = _rates("5", "25", "6.25", "10", "0.50")
_FABLE_5_2 = _rates("8", "40", "10", "16", "0.20")

PRICE_TAGS: Final[Mapping[str, PriceTag]] = {
    "claude-fable-5-2": PriceTag(_FABLE_5_2, fast=_rates("16", "80", "20", "32", "0.40")),
    "claude-fable-5-1": PriceTag(_rates("10", "50", "12.50", "20", "0.25")),
    "claude-opus-5-5": PriceTag(
        _rates("4", "20", "5", "8", "0.20"), fast=_rates("8", "40", "10", "16", "0.40")
    ),
    "claude-opus-5": PriceTag(_OPUS_5, fast=_rates("10", "50", "12.50", "20", "1")),
    "claude-sonnet-5-5": PriceTag(_rates("2", "10", "2.50", "4", "0.10")),
    "claude-sonnet-5": PriceTag(_rates("2", "10", "2.50", "4", "0.20")),
    "claude-sonnet-4-6": PriceTag(_rates("3", "15", "3.75", "6", "0.30")),
    "claude-haiku-5-5": PriceTag(
        _rates("0.10", "0.50", "0.125", "0.20", "0.01"),
        long=_rates("0.50", "2.50", "0.625", "1", "0.05"),
    ),
    "claude-haiku-4-5-20251001": PriceTag(_rates("1", "5", "1.25", "2", "0.10"), us_premium=False),
}


def cost_usd(model: str, counts: Counts) -> Fraction:
    """Bill one answer of `model` exactly.

    Raises:
        UnbillableError: the usage has an iteration of a kind that the bill has no rule for.
        KeyError: the model is not on the price list.
    """
    factor = _HALF if counts.service_tier == "batch" else Fraction(1)
    if counts.inference_geo == "us" and PRICE_TAGS[model].us_premium:
        factor *= _US_PREMIUM
    if counts.regional:
        factor *= _REGIONAL_PREMIUM
    tokens = sum((_tokens_usd(*part, counts.speed) for part in _parts(model, counts)), Fraction(0))
    return tokens * factor + counts.web_searches * _PER_SEARCH


def _tokens_usd(model: str, counts: Counts, speed: str | None) -> Fraction:
    tag = PRICE_TAGS[model]
    rates = tag.normal
    if speed == "fast" and tag.fast is not None:
        rates = tag.fast
    elif tag.long is not None and counts.prompt_tokens > _LONG_PROMPT:
        rates = tag.long
    return (
        counts.input_tokens * rates.input
        + counts.output_tokens * rates.output
        + counts.cache_write_5m * rates.write_5m
        + counts.cache_write_1h * rates.write_1h
        + counts.cache_read * rates.read
    )


def _parts(model: str, counts: Counts) -> list[tuple[str, Counts]]:
    """Split an answer into the model requests behind it.

    The top level leaves out advisors and compactions, and is the sum of the `message` entries:
    when those add up, each is measured against the long-prompt threshold by itself.
    """
    turns: list[tuple[str, Counts]] = []
    extras: list[tuple[str, Counts]] = []
    for entry in counts.iterations:
        part = (str(entry.get("model") or model), counts_from_usage(entry))
        if entry.get("type") == "message":
            turns.append(part)
        elif entry.get("type") in ("compaction", "advisor_message"):
            extras.append(part)
        else:
            raise UnbillableError(f"the bill has no rule for a {entry.get('type')!r} iteration")
    return ([(model, counts)] if not _adds_up(counts, turns) else turns) + extras


def _adds_up(whole: Counts, turns: list[tuple[str, Counts]]) -> bool:
    prompt = sum(part.prompt_tokens for _, part in turns)
    output = sum(part.output_tokens for _, part in turns)
    return bool(turns) and (prompt, output) == (whole.prompt_tokens, whole.output_tokens)
