"""The price book asked beside `genai-prices`, whose data was collected independently of ours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from genai_prices import Usage as TheirUsage
from genai_prices import calc_price

from spanledger.pricing import Model, Usage, iso_date, price, price_book
from spanledger.pricing.book import NS_PER_DAY, Period, day_number

TODAY = day_number("2026-11-20")
SHORT, LONG = 1_000, 300_000
"""Tokens of a probe below and above every long-context threshold there was."""
KINDS = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")
VARIANTS = ("standard", "long", "batch", "fast")
VERTEX_HOST = "aiplatform.googleapis.com"


class Probe(NamedTuple):
    """One model asked for on one day, on one platform, in one way."""

    platform: str
    model: str
    """The id as that platform writes it."""
    day: int
    variant: str

    def __str__(self) -> str:
        return f"{self.platform} {self.model} {self.variant} on {iso_date(self.day)}"


class Opinions(NamedTuple):
    """USD per token of each kind, as each side has it; None where it has no price."""

    ours: tuple[Decimal | None, ...]
    theirs: tuple[Decimal | None, ...]


def probes() -> Iterator[Probe]:
    """Every model on the first and the last day of each of its prices, in every way it was sold."""
    for model in price_book().models:
        for period in model.periods:
            days = {period.first_day, min(TODAY, period.last_day or TODAY)}
            for platform, name in _names(model):
                for day in sorted(days):
                    for variant in _variants(period, day):
                        yield Probe(platform, name, day, variant)


def opinions(probe: Probe) -> Opinions:
    """What both sides say to a probe, kind by kind."""
    tokens = LONG if probe.variant == "long" else SHORT
    return Opinions(
        tuple(_ours(probe, kind, tokens) for kind in KINDS),
        tuple(_theirs(probe, kind, tokens) for kind in KINDS),
    )


def _names(model: Model) -> Iterator[tuple[str, str]]:
    yield "anthropic", model.id
    for name in model.aliases:
        if name.startswith("anthropic."):
            yield "aws-global", f"global.{name}"
            yield "aws-regional", f"us.{name}"
        elif "@" in name:
            yield "google", name


def _variants(period: Period, day: int) -> Iterator[str]:
    yield "standard"
    if period.long_context:
        yield "long"
    if period.batch_multiplier:
        yield "batch"
    fast = period.fast
    if fast and fast.first_day <= day and (fast.last_day is None or day <= fast.last_day):
        yield "fast"


def _ours(probe: Probe, kind: str, tokens: int) -> Decimal | None:
    """The price of one token: the total, less what the prompt beside it costs."""
    total = _our_total(probe, {f"{kind}_tokens": tokens})
    if probe.variant != "long" or kind != "output":
        return None if total is None else total / tokens
    both = _our_total(probe, {"input_tokens": LONG, "output_tokens": tokens})
    prompt = _our_total(probe, {"input_tokens": LONG})
    return None if both is None or prompt is None else (both - prompt) / tokens


def _our_total(probe: Probe, counts: dict[str, int]) -> Decimal | None:
    cost = price(
        probe.model,
        Usage(
            **counts,  # type: ignore[arg-type]  # counts name count fields only
            service_tier="batch" if probe.variant == "batch" else None,
            speed="fast" if probe.variant == "fast" else None,
        ),
        at_ns=probe.day * NS_PER_DAY,
        provider={"google": "gcp.vertex_ai"}.get(probe.platform, "anthropic"),
        server_address=VERTEX_HOST,
    )
    return cost.usd


def _theirs(probe: Probe, kind: str, tokens: int) -> Decimal | None:
    """The same; their input count includes what is read from and written to the cache."""
    if kind == "output" and probe.variant == "long":
        both = _their_total(probe, {"input_tokens": LONG, "output_tokens": tokens})
        prompt = _their_total(probe, {"input_tokens": LONG})
        return None if both is None or prompt is None else (both - prompt) / tokens
    counts = {
        "input": {"input_tokens": tokens},
        "output": {"output_tokens": tokens},
        "cache_read": {"input_tokens": tokens, "cache_read_tokens": tokens},
        "cache_write_5m": {"input_tokens": tokens, "cache_write_tokens": tokens},
        "cache_write_1h": {
            "input_tokens": tokens,
            "cache_write_tokens": tokens,
            "cache_write_1h_tokens": tokens,
        },
    }[kind]
    total = _their_total(probe, counts)
    return None if total is None else total / tokens


def _their_total(probe: Probe, counts: dict[str, int]) -> Decimal | None:
    context = {"batch": {"processing": "batch"}, "fast": {"speed": "fast"}}.get(probe.variant)
    try:
        answer = calc_price(
            TheirUsage(**counts),
            probe.model,
            provider_id=probe.platform.partition("-")[0],
            genai_request_timestamp=dt.datetime(1970, 1, 1, 12, tzinfo=dt.timezone.utc)
            + dt.timedelta(days=probe.day),
            price_context=context,
        )
    except LookupError:
        return None
    return answer.total_price
