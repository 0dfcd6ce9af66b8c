"""Answers about speed and failures cut into what their page draws and lists; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from spanledger_dashboard import formats
from spanledger_dashboard.buckets import Bucket
from spanledger_dashboard.charts import Slice
from spanledger_dashboard.latency import NO_REQUESTS, Failure, Pace, Requests

__all__ = ["OUTCOMES", "PERCENTILES", "classes", "endings", "percentiles", "speed_rows"]

PERCENTILES = {"p50": "50 of 100", "p95": "95 of 100", "p99": "99 of 100"}
OUTCOMES = {
    "errors": "Failed",
    "closed": "Closed early",
    "dropped": "Never read",
    "cancelled": "Cancelled",
}
_ENDED = {
    "failed": "Failed",
    "closed": "Closed early",
    "dropped": "Never read",
    "cancelled": "Cancelled",
    "completed": "Completed after retries",
}


def percentiles(
    found: Mapping[datetime, Pace],
    steps: Sequence[Bucket],
    what: Literal["duration", "first_chunk"],
) -> list[Slice]:
    """Seconds that 50, 95 and 99 of 100 requests took at most, by step."""
    return [
        Slice(step.label, words, nanoseconds / 1e9, formats.duration(nanoseconds), step.partial)
        for step in steps
        if step.start in found
        for short, words in PERCENTILES.items()
        if (nanoseconds := getattr(found[step.start], f"{what}_{short}_ns")) is not None
    ]


def endings(found: Mapping[datetime, Requests], steps: Sequence[Bucket]) -> list[Slice]:
    """Requests that did not complete, by how they ended and step."""
    return [
        Slice(step.label, words, float(number), formats.count(number, "request"), step.partial)
        for step in steps
        for name, words in OUTCOMES.items()
        if (number := getattr(found.get(step.start, NO_REQUESTS), name))
    ]


def speed_rows(
    paces: Mapping[str, Pace],
    before: Mapping[str, Pace],
    requests: Mapping[str, Requests],
    label: str,
) -> list[dict[str, Any]]:
    """Each name's speed and reliability, the most requests first."""
    ranked = sorted(paces, key=lambda name: paces[name].requests, reverse=True)
    return [
        _speed(name, paces[name], before.get(name), requests.get(name, NO_REQUESTS), label)
        for name in ranked
    ]


def classes(now: Iterable[Failure], before: Iterable[Failure], label: str) -> list[dict[str, Any]]:
    """What went wrong by class and name, beside the period before, the most frequent first."""
    earlier = {_key(failure): failure.requests for failure in before}
    return [
        {
            "What": _ENDED.get(failure.outcome, failure.outcome),
            "Error": failure.error_type or formats.UNKNOWN,
            "Status": failure.http_status,
            label: failure.name,
            "Requests": failure.requests,
            "Before": earlier.get(_key(failure), 0),
            "Retries": failure.retries,
            "Cost": None if failure.cost_usd is None else float(failure.cost_usd),
            "Newest": failure.newest_time,
            "Trace": failure.newest_trace_id,
        }
        for failure in sorted(now, key=_gravity)
    ]


def _gravity(failure: Failure) -> tuple[int, int]:
    """What failed comes before what was left early, and that before what went well in the end."""
    order = {outcome: place for place, outcome in enumerate(_ENDED)}
    return order.get(failure.outcome, len(order)), -failure.requests


def _speed(
    name: str, pace: Pace, before: Pace | None, requests: Requests, label: str
) -> dict[str, Any]:
    return {
        label: name,
        "Requests": pace.requests,
        "p50": _seconds(pace.duration_p50_ns),
        "p95": _seconds(pace.duration_p95_ns),
        "p95 before": _seconds(before.duration_p95_ns) if before else None,
        "p99": _seconds(pace.duration_p99_ns),
        "Chunk p50": _seconds(pace.first_chunk_p50_ns),
        "Chunk p95": _seconds(pace.first_chunk_p95_ns),
        "Tokens/s": pace.output_tokens_per_second,
        "Tokens/s before": before.output_tokens_per_second if before else None,
        "Failed": None if requests.error_share is None else requests.error_share * 100,
        "Retries": requests.retries,
        "Wasted": float(requests.incomplete_usd),
    }


def _key(failure: Failure) -> tuple[str, str | None, int | None, str]:
    return failure.outcome, failure.error_type, failure.http_status, failure.name


def _seconds(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / 1e9
