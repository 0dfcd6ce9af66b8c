"""Random calls, and what the queries must say about them, worked out call by call in Python."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from spanledger import semconv
from spanledger.pricing import Cost, Usage, not_billed, price
from tests.collector.support import Document, call_span

MODELS = ("claude-sonnet-4-6", "claude-haiku-4-5", "claude-opus-4-6", "no-such-model")
NONE = "(none)"
COUNTS = (
    "calls",
    "requests",
    "errors",
    "unpriced_calls",
    "estimated_calls",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
    "thinking_tokens",
    "web_search_requests",
    "retries",
    "duration_ns",
)
MONEY = (
    "cost_usd",
    "input_usd",
    "output_usd",
    "cache_read_usd",
    "cache_write_usd",
    "web_search_usd",
    "list_usd",
)


class Truth(NamedTuple):
    """One call: the span that reports it, and what it adds to any sum."""

    span: Document
    resource: dict[str, str]
    start: datetime
    dimensions: dict[str, str]
    counts: dict[str, int]
    picodollars: dict[str, int | None]


class _Made(NamedTuple):
    """The choices behind a random call."""

    model: str
    operation: str
    failed: bool
    complete: bool
    usage: Usage
    retries: int
    workspace: str | None
    names: dict[str, str | None]
    resource: dict[str, str]

    @property
    def reports_usage(self) -> bool:
        return self.operation == "chat" and not self.failed

    def cost(self, at_ns: int) -> Cost:
        if self.operation != "chat":
            return not_billed(self.model, "not_a_model_request")
        if self.failed:
            return not_billed(self.model, "request_failed")
        return price(self.model, self.usage, at_ns=at_ns, complete=self.complete)

    def attributes(self) -> dict[str, object]:
        facts: dict[str, object] = {
            semconv.OPERATION_NAME: self.operation,
            semconv.REQUEST_MODEL: self.model,
            semconv.RESPONSE_MODEL: None if self.failed else self.model,
            semconv.OUTCOME: "failed" if self.failed else "completed",
            semconv.HTTP_RESEND_COUNT: self.retries,
            semconv.WORKSPACE_ID: self.workspace,
            semconv.INPUT_TOKENS: None,
            semconv.OUTPUT_TOKENS: None,
            **{semconv.TAG_PREFIX + name: value for name, value in self.names.items()},
        }
        if self.failed:
            facts |= {semconv.ERROR_TYPE: "OverloadedError", semconv.HTTP_STATUS: 529}
        return facts | (self._usage_attributes() if self.reports_usage else {})

    def _usage_attributes(self) -> dict[str, object]:
        usage = self.usage
        return {
            semconv.USAGE_COMPLETE: self.complete,
            semconv.INPUT_TOKENS: usage.prompt_tokens,
            semconv.OUTPUT_TOKENS: usage.output_tokens,
            semconv.CACHE_READ_TOKENS: usage.cache_read_tokens,
            semconv.CACHE_WRITE_TOKENS: usage.cache_write_tokens,
            semconv.CACHE_WRITE_5M_TOKENS: usage.cache_write_5m_tokens,
            semconv.CACHE_WRITE_1H_TOKENS: usage.cache_write_1h_tokens,
            semconv.REASONING_TOKENS: usage.thinking_tokens,
            semconv.WEB_SEARCH_REQUESTS: usage.web_search_requests,
        }

    def dimensions(self, cost: Cost) -> dict[str, str]:
        return {
            "model": cost.model or self.model,
            "service": self.resource["service.name"],
            "team": self.names["team"] or NONE,
            "feature": self.names["feature"] or NONE,
            "environment": self.resource.get("deployment.environment.name", NONE),
            "provider": "anthropic",
            "workspace_id": self.workspace or NONE,
            "user_id": self.names["user"] or NONE,
            "session_id": self.names["session"] or NONE,
            "operation": self.operation,
            "outcome": "failed" if self.failed else "completed",
            "cost_status": cost.status,
        }

    def counts(self, cost: Cost, duration_ns: int) -> dict[str, int]:
        usage = self.usage if self.reports_usage else Usage()
        return {
            "calls": int(self.operation == "chat"),
            "requests": 1,
            "errors": int(self.failed),
            "unpriced_calls": int(cost.status == "unpriced"),
            "estimated_calls": int(cost.status == "estimated"),
            "input_tokens": usage.input_tokens,
            "cache_read_tokens": usage.cache_read_tokens,
            "cache_write_5m_tokens": usage.cache_write_5m_tokens,
            "cache_write_1h_tokens": usage.cache_write_1h_tokens,
            "output_tokens": usage.output_tokens,
            "thinking_tokens": usage.thinking_tokens,
            "web_search_requests": usage.web_search_requests,
            "retries": self.retries,
            "duration_ns": duration_ns,
        }


def random_call(dice: random.Random, start: datetime) -> Truth:
    """Make up a call that starts about then."""
    made = _made(dice)
    start_ns = int(start.replace(tzinfo=timezone.utc).timestamp()) * 10**9 + dice.randrange(10**9)
    duration_ns = dice.randrange(1, 60 * 10**9)
    cost = made.cost(start_ns)
    span = call_span(
        f"msg_{dice.getrandbits(64)}",
        start_ns=start_ns,
        duration_ns=duration_ns,
        attributes=made.attributes(),
    )
    return Truth(
        span=span,
        resource=made.resource,
        start=datetime(1970, 1, 1) + timedelta(microseconds=start_ns // 1000),
        dimensions=made.dimensions(cost),
        counts=made.counts(cost, duration_ns),
        picodollars=_picodollars(cost),
    )


def _made(dice: random.Random) -> _Made:
    output = dice.randrange(2000)
    resource = {"service.name": dice.choice(["shop", "desk"])}
    if dice.random() < 0.5:
        resource["deployment.environment.name"] = dice.choice(["prod", "test"])
    return _Made(
        model=dice.choice(MODELS),
        operation=dice.choices(["chat", "count_tokens"], [9, 1])[0],
        failed=dice.random() < 0.1,
        complete=dice.random() < 0.8,
        usage=Usage(
            input_tokens=dice.randrange(5000),
            output_tokens=output,
            cache_read_tokens=dice.choice([0, dice.randrange(50_000)]),
            cache_write_5m_tokens=dice.choice([0, dice.randrange(5000)]),
            cache_write_1h_tokens=dice.choice([0, dice.randrange(5000)]),
            web_search_requests=dice.choice([0, 0, 0, 2]),
            thinking_tokens=dice.randrange(output + 1),
        ),
        retries=dice.choice([0, 0, 1, 2]),
        workspace=dice.choice(["wrkspc_1", None]),
        names={
            "team": dice.choice(["red", "blue", None]),
            "feature": dice.choice(["search", "chat", "=cmd()", None]),
            "user": dice.choice(["ann", "bob", None]),
            "session": dice.choice(["s1", "s2", None]),
        },
        resource=resource,
    )


def _picodollars(cost: Cost) -> dict[str, int | None]:
    parts = cost.parts
    if parts is None:
        return dict.fromkeys(MONEY)
    return {
        "cost_usd": cost.picodollars,
        "input_usd": parts.input,
        "output_usd": parts.output,
        "cache_read_usd": parts.cache_read,
        "cache_write_usd": parts.cache_write_5m + parts.cache_write_1h,
        "web_search_usd": parts.web_search,
        "list_usd": cost.list_picodollars,
    }


MINUTES = {"minute": 1, "five_minutes": 5, "quarter_hour": 15, "hour": 60}


def local_bucket(start: datetime, bucket: str, zone: str) -> datetime | None:
    """The beginning of the local minute, hour, day, week or month that an instant lies in."""
    local = start.replace(tzinfo=timezone.utc).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if bucket == "none":
        return None
    if minutes := MINUTES.get(bucket):
        past = timedelta(minutes=local.minute % minutes, seconds=local.second)
        return local - past - timedelta(microseconds=local.microsecond)
    day = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if bucket == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if bucket == "month" else day


def passes(call: Truth, filters: Mapping[str, Sequence[str]]) -> bool:
    return all(not wanted or call.dimensions[name] in wanted for name, wanted in filters.items())


def sums(calls: Iterable[Truth]) -> dict[str, object]:
    """What the calls add up to, as the query API writes it."""
    listed = list(calls)
    money: dict[str, object] = {}
    for name in MONEY:
        known = [c.picodollars[name] for c in listed if c.picodollars[name] is not None]
        total = sum(value for value in known if value is not None)
        money[name] = f"{Decimal(total).scaleb(-12):.12f}" if known else None
    return money | {name: sum(call.counts[name] for call in listed) for name in COUNTS}


def grouped(
    calls: Iterable[Truth], key: Callable[[Truth], tuple[object, ...]]
) -> dict[tuple[object, ...], dict[str, object]]:
    """Add calls up by a key."""
    groups: dict[tuple[object, ...], list[Truth]] = {}
    for call in calls:
        groups.setdefault(key(call), []).append(call)
    return {name: sums(members) for name, members in groups.items()}
