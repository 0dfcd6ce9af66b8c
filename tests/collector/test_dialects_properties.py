"""Whatever a sender writes into attributes, a bad record is refused and never costs a good one."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from spanledger import semconv
from spanledger.pricing import price_book
from spanledger_collector import sources
from spanledger_collector.dialects import names
from spanledger_collector.ledger import book_logs, book_points
from spanledger_collector.rows import CallRow, Rows
from spanledger_collector.spans import LogRecord, MetricPoint
from spanledger_collector.store import batch_of
from tests.collector.recorded import NOW_NS, START_NS, booked, only_call, span_of

SCOPES = (
    "spanledger",
    "com.anthropic.sdk.python",
    "com.anthropic.claude-platform",
    "com.anthropic.claude_code.tracing",
    "logfire.anthropic",
    "openinference.instrumentation.anthropic",
    "openlit.instrumentation.anthropic",
    "opentelemetry.instrumentation.anthropic",
    "opentelemetry.instrumentation.genai.anthropic",
    "somebody's",
)
NAMES = sorted(
    {
        name
        for table in (names, semconv)
        for value in vars(table).values()
        for name in (value if isinstance(value, tuple) else (value,))
        if isinstance(name, str) and "." in name and not name.startswith("/")
    }
    | {
        "anthropic.provider", "anthropic.usage.compaction.input_tokens", "attempt",
        "cache_creation_1h_tokens", "cache_creation_tokens", "cache_read_tokens", "cost_usd",
        "cost_usd_micros", "duration", "duration_ms", "event.name", "event.sequence",
        "gen_ai.usage.cost", "gen_ai.usage.raw", "input_tokens", "llm.invocation_parameters",
        "metadata", "model", "operation.cost", "output.value", "output_tokens", "request_id",
        "speed", "span.type", "status_code", "success", "ttft_ms", "type", "user.email",
    }
)  # fmt: skip
TEXTS = st.sampled_from(
    [
        "", "chat", "LLM", "llm_request", "anthropic", "claude-sonnet-4-6", "fast", "standard",
        "12", "-1", "NaN", "1e400", "9" * 30, "[", '["end_turn"]', "[[]]", "{}", "null", "true",
        '{"input_tokens":1,"output_tokens":1,"iterations":[{"type":"message","input_tokens":1,'
        '"output_tokens":1}]}', '{"usage":{"input_tokens":-1}}', '{"id":"msg_1"',
        '{"server_tool_use":{"web_search_requests":-1}}', '{"usage_iterations":[{}]}',
        '{"stream":true}', "\x00", "٣",
    ]
)  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.integers(-5, 10_000)
    | st.floats()
    | TEXTS
    | st.text(max_size=5)
    | st.binary(max_size=3)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=3,
)
ATTRIBUTES = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), VALUES, max_size=20)
CALLS: dict[str, Any] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "claude-sonnet-4-6",
    "model": "claude-sonnet-4-6",
    "openinference.span.kind": "LLM",
    "span.type": "llm_request",
    "gen_ai.usage.output_tokens": 1,
    "output_tokens": 1,
}
GOOD = span_of("com.anthropic.sdk.python", CALLS, span_id=b"g" * 8)
COUNTS = [field for field in CallRow._fields if field.endswith(("_tokens", "_requests"))]


def check(rows: Rows) -> None:
    """Every call can be counted and stored."""
    for call in rows.calls:
        assert all((getattr(call, field) or 0) >= 0 for field in COUNTS)
        assert 0 <= (call.cost_usd or 0) < 10**18
        assert 0 <= (call.claimed_usd or 0) < 10**18
        assert call.duration_ns >= 0
        assert call.source in sources.PRECEDENCE
        assert (call.cost_status == "unpriced") == (call.cost_usd is None)
    assert batch_of(rows).calls.num_rows == len(rows.calls)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SCOPES), ATTRIBUTES, ATTRIBUTES, st.booleans(), st.integers(0, 3))
def test_any_span(
    scope: str, facts: dict[str, Any], resource: dict[str, Any], like_a_call: bool, status: int
) -> None:
    """It is a call, a span or refused; a good span beside it is entered as if it were alone."""
    attributes = (CALLS if like_a_call else {}) | facts
    odd = span_of(scope, attributes, resource=resource, status=status)
    rows = booked(odd, GOOD, odd)

    assert len(rows.calls) + len(rows.spans) + len(rows.quarantine) == 3
    assert only_call(GOOD) in rows.calls
    check(rows)


@settings(max_examples=80, deadline=None)
@given(ATTRIBUTES, st.sampled_from(["api_request", "api_error"]), st.integers(0, 2**64 - 1))
def test_any_event(facts: dict[str, Any], event: str, time_ns: int) -> None:
    """A log record is a call, refused, or not of interest; never anything in between."""
    scope = "com.anthropic.claude_code.events"
    good = LogRecord(b"", b"", START_NS, event, None, CALLS, scope, {})
    odd = good._replace(attributes=CALLS | facts, time_ns=time_ns)
    rows = book_logs([odd, good], NOW_NS, price_book())

    assert len(rows.calls) + len(rows.quarantine) + len(rows.dropped) == 2
    assert rows.calls
    check(rows)


@settings(max_examples=80, deadline=None)
@given(
    ATTRIBUTES,
    st.sampled_from(["claude_code.token.usage", "claude_code.cost.usage", "gen_ai.client.x"]),
    st.floats(),
    st.integers(0, 2**64 - 1),
)
def test_any_point(facts: dict[str, Any], name: str, value: float, start_ns: int) -> None:
    """A point is kept or refused; a good one beside it gives its usage."""
    good = MetricPoint(
        "claude_code.token.usage", "", "sum", "delta", 0, START_NS, 7.0, None,
        {"model": "claude-sonnet-4-6", "type": "input"}, "s", {},
    )  # fmt: skip
    odd = good._replace(name=name, value=value, attributes=facts, start_ns=start_ns)
    rows = book_points([odd, good], NOW_NS, price_book())

    assert len(rows.points) + len(rows.quarantine) >= 2
    assert 7 in [call.input_tokens for call in rows.calls]
    check(rows)
