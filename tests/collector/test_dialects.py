"""Dialect by dialect: which spans are calls, how each ended, whom it was for, and what it used."""

from __future__ import annotations

from typing import Any

import pytest

from spanledger.pricing import price_book
from spanledger_collector.ledger import book_logs
from spanledger_collector.spans import LogRecord
from tests.collector.recorded import NOW_NS, START_NS, booked, only_call, span_of, unknown

NATIVE = "com.anthropic.sdk.python"
OTEL = "opentelemetry.instrumentation.genai.anthropic"
OPENLLMETRY = "opentelemetry.instrumentation.anthropic"
OPENINFERENCE = "openinference.instrumentation.anthropic"
OPENLIT = "openlit.instrumentation.anthropic"
CLAUDE_CODE = "com.anthropic.claude_code.tracing"
EVENTS = "com.anthropic.claude_code.events"
MODEL = "claude-sonnet-4-6"
CHAT: dict[str, Any] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.request.model": MODEL,
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.output_tokens": 10,
}


def event(attributes: dict[str, Any], **fields: Any) -> LogRecord:
    """A log record of Claude Code."""
    record = LogRecord(b"", b"", START_NS, "", None, attributes, EVENTS, {})
    return record._replace(**fields)


OLD_NAMES: dict[str, dict[str, Any]] = {
    "gen_ai.system": {"gen_ai.system": "Anthropic"},
    "prompt and completion tokens": {
        "gen_ai.usage.prompt_tokens": 600,
        "gen_ai.usage.completion_tokens": 10,
    },
    "cache_read_input_tokens": {"gen_ai.usage.cache_read_input_tokens": 300},
    "details": {"gen_ai.usage.details.cache_read_tokens": 300},
    "cache_creation": {"gen_ai.usage.cache_creation.input_tokens": 200},
    "cache_creation_input_tokens": {"gen_ai.usage.cache_creation_input_tokens": 200},
    "text": {"gen_ai.usage.input_tokens": "600", "gen_ai.usage.output_tokens": "10"},
    "doubles": {"gen_ai.usage.input_tokens": 600.0, "gen_ai.usage.output_tokens": 10.0},
}


@pytest.mark.parametrize("old", OLD_NAMES)
def test_old_names_and_new_ones_mean_the_same(old: str) -> None:
    """Whichever name a count comes under, and as number or text, it is the same count."""
    new = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": MODEL,
        "gen_ai.usage.input_tokens": 600,
        "gen_ai.usage.output_tokens": 10,
        "gen_ai.usage.cache_read.input_tokens": 300,
        "gen_ai.usage.cache_write.input_tokens": 200,
    }
    replaced = {
        "gen_ai.system": ["gen_ai.provider.name"],
        "prompt and completion tokens": [
            "gen_ai.usage.input_tokens",
            "gen_ai.usage.output_tokens",
        ],
        "cache_read_input_tokens": ["gen_ai.usage.cache_read.input_tokens"],
        "details": ["gen_ai.usage.cache_read.input_tokens"],
        "cache_creation": ["gen_ai.usage.cache_write.input_tokens"],
        "cache_creation_input_tokens": ["gen_ai.usage.cache_write.input_tokens"],
    }.get(old, [])
    facts = {name: value for name, value in new.items() if name not in replaced} | OLD_NAMES[old]

    for scope in (OTEL, OPENLLMETRY, NATIVE):
        assert only_call(span_of(scope, facts)) == only_call(span_of(scope, new))
    assert only_call(span_of(OTEL, facts)).input_tokens == 100


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        (["stop"], "stop"),
        (["length"], "max_tokens"),
        (["tool_call"], "tool_use"),
        (["tool_calls"], "tool_use"),
        (["content_filter"], "refusal"),
        (["end_turn"], "end_turn"),
        ('["end_turn"]', "end_turn"),
        ("pause_turn", "pause_turn"),
        ("", None),
        ([""], None),
        ([], None),
        ("[]", None),
        ("[broken", "[broken"),
        ([1], None),
    ],
)
def test_finish_reasons(told: object, meant: str | None) -> None:
    """A list, JSON text, a text or nothing: the API's stop reason where that is certain."""
    facts = CHAT | {"gen_ai.response.finish_reasons": told}

    assert only_call(span_of(OTEL, facts)).stop_reason == meant


@pytest.mark.parametrize(
    ("scope", "name", "attributes"),
    [
        (NATIVE, "anthropic.messages.tool_runner", {"gen_ai.operation.name": "invoke_agent"}),
        (NATIVE, "anthropic.tool_use x", {"gen_ai.operation.name": "execute_tool"}),
        (NATIVE, "anthropic.messages.batches.create", {"gen_ai.operation.name": None}),
        (OTEL, "invoke_agent a", {"gen_ai.operation.name": "invoke_agent"}),
        (OTEL, "embeddings m", {"gen_ai.operation.name": "embeddings"}),
        (OPENLLMETRY, "workflow", {"gen_ai.operation.name": None}),
        (OPENINFERENCE, "agent", {"openinference.span.kind": "AGENT"}),
        (OPENINFERENCE, "chain", {"openinference.span.kind": "CHAIN"}),
        (OPENINFERENCE, "nothing", {}),
        (OPENLIT, "invoke_agent a", {"gen_ai.operation.name": "invoke_agent"}),
        ("logfire.anthropic", "agent run", {"gen_ai.operation.name": "invoke_agent"}),
        (CLAUDE_CODE, "claude_code.tool", {"span.type": "tool"}),
        ("pydantic-ai", "agent run", {"gen_ai.operation.name": None, "agent_name": "a"}),
        ("pydantic-ai", "tool", {"gen_ai.operation.name": "execute_tool"}),
        ("my.app", "checkout", {"openinference.span.kind": "TOOL"}),
        ("com.anthropic.claude-platform", "session", {"gen_ai.operation.name": "invoke_agent"}),
    ],
)
def test_only_model_requests_are_calls(scope: str, name: str, attributes: dict[str, Any]) -> None:
    """Agents, chains, runners and tools repeat what their calls used: kept, and free."""
    facts = {name: value for name, value in (CHAT | attributes).items() if value is not None}
    rows = booked(span_of(scope, facts, name))

    assert [span.name for span in rows.spans] == [name]
    assert not rows.calls


@pytest.mark.parametrize("scope", [OTEL, OPENLLMETRY, OPENLIT, "my.app", "logfire.openai"])
@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-7"),
        ("aws.bedrock", "amazon.nova-pro-v1:0"),
        ("gcp.vertex_ai", "gemini-4"),
        (None, "gpt-7"),
        (None, None),
    ],
)
def test_models_of_others_are_no_calls(scope: str, provider: str | None, model: str | None) -> None:
    """The same instrumentations tell of other makers' models: kept as spans."""
    facts = CHAT | {"gen_ai.provider.name": provider, "gen_ai.request.model": model}
    told = {name: value for name, value in facts.items() if value}
    rows = booked(span_of(scope, told), span_of(scope, told | {"gen_ai.usage.input_tokens": -1}))

    assert (len(rows.spans), rows.calls, rows.quarantine) == (2, [], [])


@pytest.mark.parametrize(
    ("told", "model", "provider"),
    [
        ("aws_bedrock", "anthropic.claude-sonnet-4-6", "aws.bedrock"),
        ("AWS", "us.anthropic.claude-sonnet-4-6", "aws.bedrock"),
        ("vertexai", "claude-sonnet-4-6", "gcp.vertex_ai"),
        ("gcp.vertex_ai", "claude-sonnet-4-6", "gcp.vertex_ai"),
        ("anthropic", "an-alias", "anthropic"),
        (None, "claude-sonnet-4-6", "anthropic"),
        ("openrouter", "anthropic/claude-sonnet-4-6", "openrouter"),
    ],
)
def test_the_platform(told: str | None, model: str, provider: str) -> None:
    """Claude is told by the model's name, and the platform by whatever name it has."""
    facts = CHAT | {"gen_ai.provider.name": told or "", "gen_ai.request.model": model}

    assert only_call(span_of(OTEL, facts)).provider == provider


def test_a_stream_that_was_cut() -> None:
    """The native span knows the input alone; the convention calls it an error: a lower bound."""
    native = {name: value for name, value in CHAT.items() if "output" not in name}
    closed = only_call(span_of(NATIVE, native | {"gen_ai.request.stream": True}))
    broken = only_call(
        span_of(
            OTEL,
            CHAT | {"gen_ai.request.stream": True, "gen_ai.response.finish_reasons": ["error"]},
        )
    )
    cancelled = only_call(span_of("logfire.anthropic", CHAT | {"error.type": "CancelledError"}))

    assert (closed.outcome, closed.usage_complete, closed.output_tokens) == ("closed", False, 0)
    assert (broken.outcome, broken.error_type) == ("failed", "api_error")
    assert (cancelled.outcome, cancelled.error_type) == ("cancelled", None)
    for call in (closed, broken, cancelled):
        assert "usage_incomplete" in call.cost_reasons
        assert call.cost_usd


@pytest.mark.parametrize(
    ("error", "message", "expected"),
    [
        ("anthropic.RateLimitError", "", ("rate_limit_error", 429)),
        ("APITimeoutError", "", ("client_timeout_error", None)),
        ("_OTHER", "", ("client_error", None)),
        ("rate_limit_error", "", ("rate_limit_error", None)),
        ("503", "", ("503", 503)),
        (None, "InternalServerError: Error code: 502 - bad gateway", ("api_error", 502)),
        (None, "Error code: 400 - {'error': {'type': 'billing_error'}}", ("billing_error", 400)),
        (None, "something else", ("client_error", None)),
    ],
)
def test_the_five_words_for_an_error(
    error: str | None, message: str, expected: tuple[str, int | None]
) -> None:
    """A class, a path, an API type or a text: the API's word, and free where it answered so."""
    facts = {name: value for name, value in CHAT.items() if "usage" not in name}
    facts |= {"error.type": error} if error else {}
    call = only_call(span_of(OTEL, facts, status=2, status_message=message))

    assert (call.error_type, call.http_status) == expected
    assert call.cost_status == ("unpriced" if expected[1] is None else "priced")


def test_counting_tokens_is_free() -> None:
    """The SDK's and OpenInference's spans of `count_tokens` are requests that cost nothing."""
    native = only_call(span_of(NATIVE, CHAT, "anthropic.messages.count_tokens"))
    other = only_call(
        span_of(
            OPENINFERENCE,
            {"openinference.span.kind": "LLM", "llm.model_name": MODEL,
             "llm.token_count.prompt": 50},
            "messages.count_tokens",
        )
    )  # fmt: skip

    for call in (native, other):
        assert (call.operation, call.cost_usd) == ("count_tokens", 0)
        assert call.cost_reasons == ["not_a_model_request"]


def test_a_compaction_is_billed_beside_the_totals() -> None:
    """The native span tells its tokens; what of them was cached stays open."""
    plain = only_call(span_of(NATIVE, CHAT))
    compacted = only_call(
        span_of(
            NATIVE,
            CHAT
            | {
                "anthropic.usage.compaction.input_tokens": 1000,
                "anthropic.usage.compaction.output_tokens": 100,
            },
        )
    )

    assert plain.cost_usd is not None
    assert compacted.cost_usd == plain.cost_usd + 4_500_000_000
    assert "iterations" in unknown(compacted)
    assert compacted.iterations is not None


def test_an_answer_in_full_leaves_nothing_open() -> None:
    """OpenInference's `output.value`, where it was not cut short, is the API's own usage."""
    answer = (
        '{"id":"msg_9","usage":{"input_tokens":25,"output_tokens":321,"cache_read_input_tokens":'
        '4000,"cache_creation_input_tokens":1500,"cache_creation":{"ephemeral_5m_input_tokens":'
        '500,"ephemeral_1h_input_tokens":1000},"server_tool_use":{"web_search_requests":2}}}'
    )
    facts = {"openinference.span.kind": "LLM", "llm.model_name": MODEL, "output.value": answer}
    call = only_call(span_of(OPENINFERENCE, facts, "messages.create"))

    assert (call.message_id, call.cache_write_1h_tokens, call.web_search_requests) == (
        "msg_9",
        1000,
        2,
    )
    assert (call.cost_status, unknown(call)) == ("priced", set())


def test_an_unknown_scope() -> None:
    """Counts of Claude under an unknown scope are a call whose convention nobody knows."""
    inclusive = only_call(span_of("my.app", CHAT | {"gen_ai.usage.cache_read.input_tokens": 40}))
    exclusive = only_call(span_of("my.app", CHAT | {"gen_ai.usage.cache_read.input_tokens": 4000}))

    assert inclusive.source == "generic"
    assert (inclusive.input_tokens, inclusive.cache_read_tokens) == (60, 40)
    assert (exclusive.input_tokens, exclusive.cache_read_tokens) == (100, 4000)
    for call in (inclusive, exclusive):
        assert "input_convention" in unknown(call)


def test_a_framework_around_the_sdk_is_another_source() -> None:
    """OpenInference of LangChain repeats the call below it: it has to be told from that."""
    facts = {"openinference.span.kind": "LLM", "llm.model_name": MODEL, "llm.token_count.prompt": 5}
    framework = only_call(span_of("openinference.instrumentation.langchain", facts))
    direct = only_call(span_of(OPENINFERENCE, facts))

    assert (framework.source, direct.source) == ("generic", "openinference")
    assert "input_convention" in unknown(framework)


def test_input_that_cannot_be_inclusive() -> None:
    """A known dialect that tells less input than was cached is read as exclusive, and marked."""
    facts = CHAT | {"gen_ai.usage.cache_write.input_tokens": 101}
    call = only_call(span_of(OTEL, facts))

    assert (call.input_tokens, call.cache_write_5m_tokens) == (100, 101)
    assert "input_convention" in unknown(call)


def test_a_server_span() -> None:
    """Anthropic's own report of a call, with the ids of both sides."""
    facts = CHAT | {
        "gen_ai.response.id": "msg_1",
        "anthropic.request.id": "req_1",
        "anthropic.workspace.id": "wrkspc_1",
    }
    call = only_call(span_of("com.anthropic.claude-platform", facts, kind=2))

    assert (call.source, call.call_key, call.request_id) == ("anthropic_server", "msg_1", "req_1")
    assert call.workspace_id == "wrkspc_1"


def test_a14_a_claim_is_kept_beside_what_we_reckon() -> None:
    """Whatever a client says a call cost changes nothing but the column of claims."""
    honest = only_call(span_of(OPENLIT, CHAT))
    spoofed = only_call(
        span_of(
            OPENLIT,
            CHAT | {"gen_ai.usage.cost": 0.000001, "spanledger.cost.picodollars": 0,
                    "spanledger.cost.status": "priced", "operation.cost": 5},
        )
    )  # fmt: skip

    assert spoofed == honest._replace(claimed_usd=1_000_000)
    assert spoofed.cost_usd != spoofed.claimed_usd


@pytest.mark.parametrize(
    ("scope", "name", "value"),
    [
        (OTEL, "gen_ai.usage.input_tokens", -1),
        (OTEL, "gen_ai.usage.output_tokens", 2**64 - 1),
        (OTEL, "gen_ai.usage.output_tokens", float("nan")),
        (OTEL, "gen_ai.usage.output_tokens", float("inf")),
        (OTEL, "gen_ai.usage.input_tokens", "many"),
        (OPENLIT, "gen_ai.usage.cost", -0.1),
        (OPENLIT, "gen_ai.usage.cost", float("nan")),
        (OPENLIT, "gen_ai.usage.cost", "1e300"),
        ("logfire.anthropic", "operation.cost", 1e9),
        ("my.app", "gen_ai.usage.input_tokens", True),
    ],
)
def test_absurd_values_are_kept_apart(scope: str, name: str, value: object) -> None:
    """Counts and claims that cannot be are quarantined, and a good neighbour lands (A12)."""
    good = span_of(OTEL, CHAT)
    rows = booked(span_of(scope, CHAT | {name: value}), good, span_of(scope, CHAT, start_ns=0))

    assert len(rows.calls) == 1
    assert len(rows.quarantine) == 2


def test_attribute_names_are_data() -> None:
    """Names that mean something to a database or a language are stored as they are (A10)."""
    names = ["__proto__", "__class__", 'a"; DROP TABLE calls;--', "$.x[*]", "k" * 2**20]
    odd = dict.fromkeys(names, "v") | {f"key.{number}": number for number in range(100_000)}
    rows = booked(span_of("my.app", odd), span_of(OTEL, CHAT | odd))

    [span] = rows.spans
    assert '"__proto__":"v"' in span.attributes
    assert len(span.attributes) < 100_000
    assert rows.calls == [only_call(span_of(OTEL, CHAT))]


def test_whom_a_call_is_for() -> None:
    """Team, user, session and the rest, under the names that others give them."""
    resource = {
        "service.name": "shop",
        "service.version": "3",
        "deployment.environment": "prod",
        "host.name": "h1",
        "team.id": "search",
        "cost_center": "cc-7",
    }
    facts = CHAT | {
        "enduser.id": "u1",
        "session.id": "s1",
        "spanledger.tag.feature": "ask",
        "spanledger.tag.colour": "blue",
    }
    call = only_call(span_of(OTEL, facts, resource=resource))

    assert (call.service, call.service_version, call.environment, call.host) == (
        "shop",
        "3",
        "prod",
        "h1",
    )
    assert (call.team, call.feature, call.user_id, call.session_id) == ("search", "ask", "u1", "s1")
    assert dict(call.tags) == {"cost_center": "cc-7", "feature": "ask", "colour": "blue"}


def test_the_token_decides_the_team() -> None:
    """A sender with a team's token cannot book on another's account (A11)."""
    facts = CHAT | {"spanledger.tag.team": "b", "team": "b"}
    [call] = booked(span_of(OTEL, facts, resource={"team": "b"}), team="a").calls
    [told] = book_logs(
        [event({"event.name": "api_request", "model": MODEL, "input_tokens": 1, "team.id": "b"})],
        NOW_NS,
        price_book(),
        "a",
    ).calls

    assert (call.team, told.team) == ("a", "a")


def test_people_and_tags_of_claude_code() -> None:
    """The address tells who it was, and where the call came from is tags."""
    told = event(
        {
            "event.name": "claude_code.api_request",
            "model": MODEL,
            "input_tokens": "5",
            "output_tokens": 1,
            "user.email": "a@b.example",
            "user.id": "hash",
            "session.id": "s",
            "team.id": "core",
            "query_source": "compact",
            "agent.name": "reviewer",
            "mcp_server.name": "jira",
            "cost_usd": 0.5,
            "anthropic.provider": "bedrock",
        }
    )
    [call] = book_logs([told], NOW_NS, price_book()).calls

    assert (call.user_id, call.session_id, call.team) == ("a@b.example", "s", "core")
    assert dict(call.tags) == {
        "query_source": "compact",
        "agent.name": "reviewer",
        "mcp_server.name": "jira",
    }
    assert (call.provider, call.claimed_usd) == ("aws.bedrock", 500_000_000_000)


def test_events_without_a_request_id() -> None:
    """Each is a call of its own, and a second delivery of one is the same."""
    facts = {"event.name": "api_request", "model": MODEL, "input_tokens": 1, "session.id": "s"}
    first, second = event(facts | {"event.sequence": 1}), event(facts | {"event.sequence": 2})
    resumed = first._replace(time_ns=START_NS + 1)
    rows = book_logs([first, second, resumed, first], NOW_NS, price_book())

    keys = [call.call_key for call in rows.calls]
    assert len(set(keys)) == 3
    assert keys[0] == keys[3]
    assert len({call.trace_id for call in rows.calls}) == 1


def test_a_failure_of_claude_code() -> None:
    """`api_error` and a span without success are the same failed call, and cost nothing."""
    facts = {
        "model": MODEL,
        "request_id": "req_9",
        "status_code": "529",
        "attempt": "11",
        "duration_ms": "1500",
    }
    [told] = book_logs([event(facts | {"event.name": "api_error"})], NOW_NS, price_book()).calls
    seen = only_call(span_of(CLAUDE_CODE, facts | {"span.type": "llm_request", "success": False}))

    assert (told.duration_ns, told.start_time) == (1_500_000_000, START_NS // 1000 - 1_500_000)
    for call in (told, seen):
        assert (call.outcome, call.http_status, call.retries) == ("failed", 529, 10)
        assert (call.cost_usd, call.call_key) == (0, "req_9")


@pytest.mark.parametrize(
    "fields",
    [
        {"time_ns": 0},
        {"time_ns": 2**64 - 1},
        {"trace_id": b"abc"},
        {"attributes": {"event.name": "api_request", "input_tokens": -1}},
        {"attributes": {"event.name": "api_request", "cost_usd": -1.0}},
    ],
)
def test_an_event_that_cannot_be(fields: dict[str, Any]) -> None:
    """It is refused with its reason, and its neighbour lands."""
    good = event({"event.name": "api_request", "model": MODEL, "input_tokens": 1})
    rows = book_logs([good._replace(**fields), good], NOW_NS, price_book())

    assert (len(rows.quarantine), len(rows.calls)) == (1, 1)
