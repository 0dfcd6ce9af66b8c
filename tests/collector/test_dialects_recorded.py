"""The same three calls as seven instrumentations and Claude Code report them: one and the same."""

from __future__ import annotations

import pytest

from spanledger_collector.rows import CallRow
from spanledger_collector.sources import PRECEDENCE
from tests.collector.recorded import booked, claude_code, only_call, recorded_spans, unknown

PRICED = {"service_tier", "speed", "inference_geo", "web_search_requests"}
OPEN = {
    "anthropic_sdk_native": ("anthropic_sdk", PRICED - {"service_tier"}),
    "logfire": ("logfire", set()),
    "openinference": ("openinference", (PRICED | {"ttl_split"}) - {"web_search_requests"}),
    "openlit": ("openlit", PRICED | {"ttl_split"}),
    "openllmetry": ("openllmetry", PRICED | {"ttl_split"}),
    "otel_genai": ("otel_genai", PRICED | {"ttl_split"}),
}


def tokens(call: CallRow) -> tuple[int, int, int, int]:
    """Uncached input, cache reads, cache writes, output."""
    written = call.cache_write_5m_tokens + call.cache_write_1h_tokens
    return call.input_tokens, call.cache_read_tokens, written, call.output_tokens


@pytest.mark.parametrize("file", OPEN)
@pytest.mark.parametrize("case", ["a", "c"])
def test_the_reference_call(file: str, case: str) -> None:
    """The canonical tokens come out the same, and what a source cannot know is listed."""
    source, left_open = OPEN[file]
    call = only_call(*recorded_spans(file, case))

    extra = 1 if (file, case) == ("openllmetry", "c") else 0
    assert tokens(call) == (25, 4000, 1500, 321 + extra)
    assert unknown(call) == left_open | ({"output_tokens"} if extra else set())
    assert call.cost_status == "estimated"
    assert call.source == source
    assert call.source in PRECEDENCE
    assert call.message_id == call.call_key == ("msg_000001" if case == "a" else "msg_000006")
    assert (call.outcome, call.error_type, call.usage_complete) == ("completed", None, True)
    assert (call.streamed, call.provider, call.operation) == (case == "c", "anthropic", "chat")
    assert call.model == "claude-sonnet-4-5-20250929"
    assert call.stop_reason in {"end_turn", "stop"}


@pytest.mark.parametrize("case", ["a", "c"])
def test_what_is_known_of_lifetimes_and_searches_is_priced(case: str) -> None:
    """1,000 of the writes lived an hour, two searches were made: exact where a source says so."""
    native = only_call(*recorded_spans("anthropic_sdk_native", case))
    logfire = only_call(*recorded_spans("logfire", case))
    plain = only_call(*recorded_spans("otel_genai", case))

    assert (native.cache_write_5m_tokens, native.cache_write_1h_tokens) == (500, 1000)
    assert native.cost_usd == 13_965_000_000
    assert (logfire.cache_write_1h_tokens, logfire.web_search_requests) == (1000, 2)
    assert (logfire.cost_usd, logfire.inference_geo) == (33_965_000_000, "us")
    assert (plain.cache_write_5m_tokens, plain.cost_usd) == (1500, 11_715_000_000)


@pytest.mark.parametrize("file", OPEN)
def test_a_failed_call(file: str) -> None:
    """A 529 costs nothing, whatever words it is told in."""
    call = only_call(*recorded_spans(file, "q"))

    assert (call.outcome, call.error_type, call.http_status) == ("failed", "overloaded_error", 529)
    assert (call.cost_status, call.cost_usd) == ("priced", 0)
    assert call.cost_reasons == ["request_failed"]
    assert call.model == "claude-sonnet-4-5-20250929"
    assert not call.usage_known


def test_a_stream_of_logfire_is_one_call() -> None:
    """The record at the stream's end is the call and tells how long; the headers' span is none."""
    rows = booked(*recorded_spans("logfire", "c"))

    assert [span.name for span in rows.spans] == ["Message with {request_data[model]!r}"]
    [call] = rows.calls
    assert call.duration_ns == 153_657_355
    assert call.start_time == (recorded_spans("logfire", "c")[1].end_ns - 153_657_355) // 1000


def test_two_reports_of_one_call_carry_the_same_key() -> None:
    """OpenLLMetry beside the SDK's own spans: two reports, one message id."""
    rows = booked(*recorded_spans("openllmetry_plus_native", "a"))

    assert [call.source for call in rows.calls] == ["anthropic_sdk", "openllmetry"]
    assert {call.call_key for call in rows.calls} == {"msg_000001"}


def test_nothing_that_people_wrote_is_kept() -> None:
    """Prompts and answers stand in the recordings, and in no row."""
    files = [*OPEN, "openllmetry_plus_native"]
    rows = [booked(*recorded_spans(file, case)) for file in files for case in "acq"]

    told = str(rows)
    assert "Hello there" not in told
    assert '"hi"' not in told


def test_the_events_of_claude_code() -> None:
    """`api_request` is the call, found by its request id; other events leave their names."""
    rows = claude_code("logs_2")

    [call] = rows.calls
    assert (call.source, call.operation, call.streamed) == ("claude_code", "chat", True)
    assert (call.call_key, call.message_id, call.request_id) == ("req_s1", None, "req_s1")
    assert tokens(call) == (25, 2000, 100, 17)
    assert (call.cache_write_5m_tokens, call.cache_write_1h_tokens) == (60, 40)
    assert (call.cost_usd, call.claimed_usd) == (1_460_000_000, 21_606_000_000)
    assert unknown(call) == PRICED - {"speed"}
    assert (call.speed, call.duration_ns) == ("standard", 218_000_000)
    assert call.time_to_first_chunk_ns == 14_000_000
    assert call.session_id == "ce66be59-57e2-41c5-9429-ec734f7e4c2d"
    assert call.service == "claude-code"
    assert dict(call.tags) == {"query_source": "sdk", "effort": "medium"}
    assert call.trace_id.hex() == "8734750d35b4a3b0225d28109720d1c1"
    assert call.parent_span_id == int("47b9bd799241f182", 16)
    assert rows.dropped == ["assistant_response"]
    assert len(claude_code("logs_1").dropped) == 5


def test_the_metrics_of_claude_code() -> None:
    """Points of one collection are one sum of usage; each point is kept, and costs nothing."""
    rows = claude_code("metrics_1")

    [call] = rows.calls
    assert (call.source, call.operation) == ("claude_code_metrics", "usage_report")
    assert tokens(call) == (25, 2000, 100, 17)
    assert (call.cost_usd, call.claimed_usd) == (1_340_000_000, 21_606_000_000)
    assert unknown(call) == {
        "service_tier",
        "inference_geo",
        "web_search_requests",
        "request_lengths",
        "ttl_split",
    }
    assert dict(call.tags) == {"query_source": "main", "effort": "medium"}
    assert [point.name for point in rows.points] == [
        "claude_code.session.count",
        "claude_code.cost.usage",
        *["claude_code.token.usage"] * 4,
        "claude_code.active_time.total",
    ]
    assert len({point.point_key for point in rows.points}) == 7


def test_the_spans_of_claude_code() -> None:
    """`llm_request` is the call; its response id is a request id; the interaction is none."""
    rows = claude_code("traces_1")

    [call] = rows.calls
    assert (call.source, call.call_key, call.message_id) == ("claude_code_spans", "req_s1", None)
    assert tokens(call) == (25, 2000, 100, 17)
    assert unknown(call) == (PRICED | {"ttl_split"}) - {"speed"}
    assert (call.stop_reason, call.outcome, call.retries) == ("end_turn", "completed", 0)
    assert [span.name for span in rows.spans] == ["claude_code.interaction"]


def test_the_three_signals_belong_together() -> None:
    """Event and span share the request id and the parent; all three share the session."""
    calls = [claude_code(name).calls[0] for name in ("logs_2", "traces_1", "metrics_1")]

    assert len({call.session_id for call in calls}) == 1
    assert calls[0].request_id == calls[1].request_id
    assert calls[0].parent_span_id == calls[1].parent_span_id
    assert calls[0].trace_id == calls[1].trace_id
