"""Trace requests made by dice for the tests of the fast lane: mostly ordinary, some very odd."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from spanledger import semconv
from spanledger_collector.columnar.names import NAMES

NOW_NS: Final = 1_795_132_800 * 10**9
Facts = dict[str, Any]
Dice = random.Random

_MODELS = (
    "claude-sonnet-4-6", "claude-opus-5-5", "claude-haiku-5-5", "claude-2.1", "no-such-model",
    "us.anthropic.claude-sonnet-4-6",
)  # fmt: skip
_ODD_VALUES: tuple[Any, ...] = (
    "", "x", "é" * 600, "y" * 1025, "z" * 40_000, "\0", "12", "redeemed", "[]", "nonsense",
    0, 1, 7, -1, 127, 128, 32_767, 32_768, 10**12, 10**12 + 1, 10**18, 2**62, 2**63 - 1, -(2**63),
    0.0, -0.0, 2.0, 0.25, 1e9, float("nan"), float("inf"), -3.5,
    True, False, b"", b"bytes", None, [], ["end_turn"], [1], {"a": 1},
)  # fmt: skip


def request(seed: int, spans: int = 60) -> bytes:
    """A request of several resources and scopes."""
    dice = random.Random(seed)
    message = ExportTraceServiceRequest()
    left = spans
    while left > 0:
        resource_spans = message.resource_spans.add()
        if dice.random() < 0.9:
            resource_spans.resource.attributes.extend(_resource(dice))
        for _ in range(dice.randint(0, 2)):
            scope_spans = resource_spans.scope_spans.add()
            scope_spans.scope.name = dice.choice([semconv.SCOPE] * 6 + ["anthropic", ""])
            count = dice.randint(0, 25)
            scope_spans.spans.extend(_span(dice) for _ in range(count))
            left -= count
    serialised: bytes = message.SerializeToString()
    return serialised


def ordinary_facts(dice: Dice) -> Facts:
    """What our instrumentation says of a call."""
    model = dice.choice(_MODELS)
    read, hour, short = dice.choice([0, 5000]), dice.choice([0, 10]), dice.choice([0, 300])
    facts: Facts = {
        semconv.OPERATION_NAME: dice.choice(["chat"] * 5 + ["count_tokens"]),
        semconv.PROVIDER_NAME: dice.choice(["anthropic", "aws.bedrock", "gcp.vertex_ai"]),
        semconv.REQUEST_MODEL: model,
        semconv.RESPONSE_MODEL: model,
        semconv.RESPONSE_ID: f"msg_{dice.getrandbits(40)}",
        semconv.REQUEST_ID: f"req_{dice.getrandbits(40)}",
        semconv.INPUT_TOKENS: read + hour + short + dice.choice([0, 10, 250_000]),
        semconv.CACHE_READ_TOKENS: read,
        semconv.CACHE_WRITE_TOKENS: hour + short,
        semconv.CACHE_WRITE_5M_TOKENS: short,
        semconv.CACHE_WRITE_1H_TOKENS: hour,
        semconv.OUTPUT_TOKENS: dice.randrange(2000),
        semconv.REASONING_TOKENS: dice.randrange(9),
        semconv.WEB_SEARCH_REQUESTS: dice.choice([0, 0, 3]),
        semconv.STOP_REASON: dice.choice(["end_turn", "refusal"]),
        semconv.FINISH_REASONS: ["end_turn"],
        semconv.OUTCOME: dice.choice(["completed", "closed", "failed"]),
        semconv.USAGE_COMPLETE: dice.random() < 0.8,
        semconv.REQUEST_STREAM: dice.random() < 0.5,
        semconv.TIME_TO_FIRST_CHUNK: dice.random() * 3,
        semconv.HTTP_STATUS: 200,
        semconv.HTTP_RESEND_COUNT: dice.choice([0, 2]),
        semconv.SERVICE_TIER: dice.choice(["standard", "batch", "priority"]),
        semconv.SPEED: dice.choice(["fast", "standard"]),
        semconv.INFERENCE_GEO: dice.choice(["us", "global"]),
        semconv.SERVER_ADDRESS: dice.choice(["api.anthropic.com", "aiplatform.googleapis.com"]),
        semconv.COST_PICODOLLARS: dice.randrange(10**12),
        semconv.COST_USD: 0.0123,
        semconv.COST_REASONS: ["usage_incomplete"],
        f"{semconv.RATELIMIT_PREFIX}tokens.remaining": dice.randrange(10**6),
        f"{semconv.TAG_PREFIX}team": dice.choice(["search", "checkout"]),
        f"{semconv.TAG_PREFIX}user": dice.choice(["ada", "\U0001f600"]),
        f"{semconv.TAG_PREFIX}{dice.choice(['ticket', 'shard', ''])}": str(dice.randrange(50)),
        semconv.CONVERSATION_ID: "session-7",
        semconv.USER_ID: "u1",
    }
    return {name: value for name, value in facts.items() if dice.random() < 0.9}


def failed_facts(dice: Dice) -> Facts:
    """What it says of a call that the API refused, or that never came back."""
    return {
        semconv.OPERATION_NAME: "chat",
        semconv.REQUEST_MODEL: dice.choice(_MODELS),
        semconv.ERROR_TYPE: "OverloadedError",
        **dice.choice([{semconv.HTTP_STATUS: 529}, {semconv.REQUEST_SENT: False}, {}]),
        **dice.choice([{semconv.BATCH_RESULT: "expired"}, {semconv.SERVICE_TIER: "batch"}, {}]),
    }


def _span(dice: Dice) -> Span:
    facts = dice.choice([ordinary_facts] * 5 + [failed_facts])(dice)
    start = NOW_NS - dice.randrange(200 * 86_400 * 10**9)
    span = Span(
        trace_id=dice.randbytes(16),
        span_id=dice.randbytes(8),
        parent_span_id=dice.choice([b"", b"", dice.randbytes(8), bytes(8)]),
        name="chat x",
        kind=dice.choice([Span.SPAN_KIND_UNSPECIFIED, Span.SPAN_KIND_CLIENT]),
        start_time_unix_nano=start,
        end_time_unix_nano=start + dice.randrange(10**11),
        attributes=[_attribute(name, value) for name, value in facts.items()],
        flags=dice.choice([0, 257]),
    )
    if dice.random() < 0.15:
        for _ in range(dice.randint(1, 2)):
            dice.choice(_TWISTS)(dice, span)
    return span


def _odd_value(dice: Dice, span: Span) -> None:
    """An attribute of any type, often one that is there already."""
    name = dice.choice([*NAMES, f"{semconv.TAG_PREFIX}x", "http.route", "", "k" * 2000])
    kept = [pair for pair in span.attributes if pair.key != name or dice.random() < 0.4]
    del span.attributes[:]
    span.attributes.extend([*kept, _attribute(name, dice.choice(_ODD_VALUES))])


def _odd_id(dice: Dice, span: Span) -> None:
    field = dice.choice(["trace_id", "span_id", "parent_span_id"])
    setattr(span, field, dice.choice([b"", bytes(8), bytes(16), b"abc", dice.randbytes(17)]))


def _odd_time(dice: Dice, span: Span) -> None:
    field = dice.choice(["start_time_unix_nano", "end_time_unix_nano"])
    odd = (0, 1, 10**18, NOW_NS + 86_401 * 10**9, 2**63, 2**64 - 1)
    setattr(span, field, dice.choice(odd))


def _many_tags(dice: Dice, span: Span) -> None:
    count = dice.choice([3, 63, 70, 300])
    names = (f"{semconv.TAG_PREFIX}{'n' * dice.choice([1, 1024])}{n}" for n in range(count))
    span.attributes.extend(_attribute(name, "v") for name in names)


def _more_fields(dice: Dice, span: Span) -> None:
    span.events.add(name="event", time_unix_nano=1)
    span.links.add(trace_id=bytes(16))
    span.status.code = Status.STATUS_CODE_ERROR
    span.trace_state = "a=b"
    span.dropped_attributes_count = dice.choice([1, 2**32 - 1])
    span.MergeFromString(dice.choice([b"\x30\x02", b"\x30\x63"]))


def _unknown_bytes(dice: Dice, span: Span) -> None:
    """Fields from the future, repeated fields and long forms: all legal."""
    more = dice.choice(
        [b"\xf8\x07\x01", b"\xa2\x06\x02hi", b"\x4a\x00", b"\x4a\x02\x12\x00", b"\x30\x83\x80\x00",
         b"\x12\x88\x80\x00ABCDEFGH", b"\x4a\x05\x12\x03\x18\x81\x00", b"\x85\x01\x01\x00\x00\x00",
         b"\x39\x01\x00\x00\x00\x00\x00\x00\x00", b"\x7a\x02\x18\x01", b"\x4a\x04\x0a\x02hi",
         b"\x9b\x06\x9c\x06"]
    )  # fmt: skip
    span.MergeFromString(more)


_TWISTS: tuple[Callable[[Dice, Span], None], ...] = (
    _odd_value, _odd_value, _odd_value, _odd_id, _odd_time, _many_tags, _more_fields,
    _unknown_bytes,
)  # fmt: skip


def _resource(dice: Dice) -> list[KeyValue]:
    facts: Facts = {
        semconv.SERVICE_NAME: dice.choice(["checkout", "", 5]),
        semconv.SERVICE_VERSION: "1.2",
        semconv.ENVIRONMENT: "production",
        semconv.ENVIRONMENT_OLD: "staging",
        semconv.HOST_NAME: "host-1",
        semconv.RESOURCE_TEAM: "from-resource",
        semconv.RESOURCE_TEAM_PLAIN: "plain",
    }
    return [_attribute(name, value) for name, value in facts.items() if dice.random() < 0.6]


def _attribute(name: str, value: Any) -> KeyValue:
    return KeyValue(key=name, value=_any_value(value))


def _any_value(value: Any) -> AnyValue:
    found = AnyValue()
    if isinstance(value, list):
        found.array_value.values.extend(map(_any_value, value))
        found.array_value.SetInParent()
    elif isinstance(value, dict):
        found.kvlist_value.values.extend(_attribute(*item) for item in value.items())
    elif value is not None:
        kinds = {bool: "bool", int: "int", float: "double", bytes: "bytes", str: "string"}
        setattr(found, f"{kinds[type(value)]}_value", value)
    return found
