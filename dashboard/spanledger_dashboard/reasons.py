"""The codes of the ledger in words: why a cost is unknown or estimated, why a span was refused."""

from __future__ import annotations

__all__ = ["explained", "lacking_fact", "refusal"]

_NOT_REPORTED = "not_reported:"
_COSTS = {
    # unpriced
    "unknown_model": "not in the price book",
    "usage_unknown": "no token counts were reported",
    "no_price_at_date": "no price on that day",
    "no_batch_price": "no batch price on that day",
    "no_fast_price": "no fast-mode price on that day",
    "no_cache_price": "cached tokens without a cache price",
    "priority_tier": "Priority tier, paid by commitment",
    "unknown_service_tier": "unknown service tier",
    "unknown_speed": "unknown speed",
    "unknown_inference_geo": "unknown inference geography",
    "unknown_iteration_type": "unknown kind of model request",
    # estimated
    "usage_incomplete": "stream ended early: a lower bound",
    "cache_ttl_split_unknown": "lifetimes of cache writes unknown: priced as 5 minutes",
    "region_unknown": "endpoint unknown: without the regional premium",
    "long_context_uncertain": "length steps applied to a sum of requests",
    "iterations_do_not_add_up": "listed model requests do not add up",
    "fallback_credit_redeemed": "a fallback credit of unknown size",
    "price_inferred": "the price itself is inferred",
    "fast_end_uncertain": "fast mode may have been withdrawn by then",
    "no_us_geo_price": "data residency without a price for it",
}
_FACTS = {
    "service_tier": "the service tier",
    "speed": "fast or standard speed",
    "inference_geo": "where the data had to stay",
    "web_search_requests": "web searches",
    "output_tokens": "output tokens of streams",
    "iterations": "the model requests within a call",
    "request_lengths": "the length of each prompt",
    "input_convention": "whether input includes cached tokens",
}
_REFUSALS = {
    "bad_time": "Check the sender's clock and its span times: before 2020, a day ahead, or ended "
    "before it began.",
    "bad_trace_id": "The sender writes ids of a wrong length: update its OpenTelemetry library.",
    "bad_span_id": "The sender writes ids of a wrong length: update its OpenTelemetry library.",
    "absurd_count": "Negative or impossibly large counts: look at the code that sets the usage.",
    "absurd_cost": "A claimed cost that cannot be: look at the code that sets it.",
    "bad_number": "A number that is none (NaN or infinite): look at the code that sets it.",
    "unreadable": "JSON that is not OTLP's, such as an enum by its name or an integer in words: "
    "look at what writes it.",
    "bad_iterations": "The list of model requests cannot be read: update the instrumentation.",
}


def explained(reasons: str) -> str:
    """The codes of a cost in words."""
    return ", ".join(_cost(code) for code in reasons.split())


def lacking_fact(reason: str) -> str | None:
    """The fact that a report lacked; None where the reason is another."""
    fact = reason.removeprefix(_NOT_REPORTED)
    return None if fact == reason else _FACTS.get(fact, fact.replace("_", " "))


def refusal(reason: str) -> str:
    """What to do about spans that were refused for this reason."""
    return _REFUSALS.get(reason, "Look at the examples below for what the sender wrote.")


def _cost(code: str) -> str:
    fact = lacking_fact(code)
    return f"not reported: {fact}" if fact else _COSTS.get(code, code.replace("_", " "))
