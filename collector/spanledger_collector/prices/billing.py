"""What one call costs, from the facts that a span or a stored row tells; pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from spanledger import semconv
from spanledger.pricing import Cost, PriceBook, Usage, not_billed, price
from spanledger_collector.dialects import Call
from spanledger_collector.sources import NOT_REPORTED, USAGE_REPORT

__all__ = ["StoredCall", "cost_of", "with_unknown"]

_BILLED = frozenset({semconv.CHAT, USAGE_REPORT})
_FREE_BATCH_RESULTS = frozenset({"errored", "canceled", "expired"})


class StoredCall(NamedTuple):
    """The facts of a `Call` that decide what it costs, as the ledger keeps them."""

    operation: str
    provider: str
    request_model: str | None
    response_model: str | None
    http_status: int | None
    stop_reason: str | None
    message_id: str | None
    sent: bool
    batch_result: str | None
    usage_complete: bool
    server_address: str | None
    usage: Usage | None


def cost_of(call: Call | StoredCall, at_ns: int, prices: PriceBook) -> Cost:
    """Price a call, or say that nobody is billed for it."""
    model = call.response_model or call.request_model
    if call.operation not in _BILLED:
        return not_billed(model, "not_a_model_request", book=prices)
    if call.usage is None and call.batch_result in _FREE_BATCH_RESULTS:
        return not_billed(model, f"batch_{call.batch_result}", book=prices)
    if call.usage is None and call.message_id is None and not call.sent:
        return not_billed(model, "not_connected", book=prices)
    if call.usage is None and call.http_status is not None and call.http_status >= 400:
        return not_billed(model, "request_failed", book=prices)
    return price(
        model or "",
        call.usage,
        at_ns=at_ns,
        provider=call.provider,
        stop_reason=call.stop_reason,
        complete=call.usage_complete,
        request_model=call.request_model,
        server_address=call.server_address,
        book=prices,
    )


def with_unknown(cost: Cost, facts: Iterable[str]) -> Cost:
    """Say what its source left open; then what looks priced is an estimate."""
    reasons = tuple(f"{NOT_REPORTED}{fact}" for fact in facts)
    if not reasons:
        return cost
    status = "estimated" if cost.status == "priced" else cost.status
    return cost._replace(status=status, reasons=cost.reasons + reasons)
