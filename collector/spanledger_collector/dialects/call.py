"""What every dialect yields: one Claude API call, and what was wrong with a span that is none."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from spanledger.pricing import Usage

__all__ = ["Absurd", "Call", "Limits"]


class Absurd(Exception):
    """A span with values that no call can have.

    Args:
        reason: a short word to count by.
        detail: what was wrong, for a human.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Limits(NamedTuple):
    """What the answer's headers told of the rate limits; None where they told nothing."""

    requests_limit: int | None = None
    requests_remaining: int | None = None
    tokens_limit: int | None = None
    tokens_remaining: int | None = None
    input_tokens_limit: int | None = None
    input_tokens_remaining: int | None = None
    output_tokens_limit: int | None = None
    output_tokens_remaining: int | None = None


class Call(NamedTuple):
    """What a report says about one Claude API call; its place in a trace it does not repeat."""

    source: str
    provider: str
    operation: str
    request_model: str | None = None
    response_model: str | None = None
    streamed: bool = False
    outcome: str = "completed"
    error_type: str | None = None
    http_status: int | None = None
    sent: bool = True
    """False when the request never reached the API, so that nothing can have been billed."""
    batch_result: str | None = None
    """How the API says that a request of a batch ended, where this is one."""
    retries: int = 0
    stop_reason: str | None = None
    message_id: str | None = None
    request_id: str | None = None
    organization_id: str | None = None
    workspace_id: str | None = None
    usage: Usage | None = None
    """None when the report does not know it."""
    usage_complete: bool = False
    iterations: str | None = None
    server_address: str | None = None
    time_to_first_chunk_ns: int | None = None
    claimed_picodollars: int | None = None
    service: str = "unknown_service"
    service_version: str | None = None
    environment: str | None = None
    host: str | None = None
    team: str | None = None
    feature: str | None = None
    user_id: str | None = None
    session_id: str | None = None
    tags: Mapping[str, str] = MappingProxyType({})
    cache_miss_reason: str | None = None
    """Why the cache did not serve it, where the API was asked for the diagnosis."""
    cache_missed_tokens: int | None = None
    limits: Limits = Limits()
    unknown: tuple[str, ...] = ()
    """Facts that its source cannot tell and that could change the price, as columns of `calls`."""
    duration_ns: int | None = None
    """How long it took until the moment it was reported; None where the report is as long."""
