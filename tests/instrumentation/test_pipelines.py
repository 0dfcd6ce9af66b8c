"""The service's own pipeline: spans, metrics, zero code, and what tags travel by."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import pytest
from opentelemetry import baggage, context, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

import spanledger
from spanledger import AnthropicInstrumentor
from spanledger.usage import UsageFold
from spanledger_demo.simulator import Simulator
from tests.instrumentation.support import REQUEST, Spans, ask

Client = anthropic.Anthropic


@pytest.fixture
def metrics() -> Iterator[InMemoryMetricReader]:
    """Instruments into a meter provider whose metrics can be read."""
    reader = InMemoryMetricReader()
    instrumentor = AnthropicInstrumentor()
    meters, tracers = MeterProvider([reader]), TracerProvider()
    instrumentor.instrument(tracer_provider=tracers, meter_provider=meters)
    yield reader
    instrumentor.uninstrument()
    meters.shutdown()
    tracers.shutdown()


def points(reader: InMemoryMetricReader) -> dict[tuple[str, str], Any]:
    """Every data point's sum by metric and, for tokens, their kind."""
    data = reader.get_metrics_data()
    assert data is not None
    return {
        (metric.name, str((point.attributes or {}).get("gen_ai.token.type", ""))): (
            point.sum if hasattr(point, "sum") else point.value
        )
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
    }


def test_metrics_say_what_the_span_says(client: Client, metrics: InMemoryMetricReader) -> None:
    """Tokens, duration, time to first chunk and cost of a call are recorded once."""
    list(client.messages.create(**ask(), stream=True))
    found = points(metrics)

    assert found.pop(("gen_ai.client.operation.duration", "")) > 0
    assert found.pop(("gen_ai.client.operation.time_to_first_chunk", "")) > 0
    assert found == {
        ("gen_ai.client.token.usage", "input"): 5525,
        ("gen_ai.client.token.usage", "output"): 321,
        ("spanledger.cost", ""): pytest.approx(0.033965),
    }


def test_a_failed_call_is_measured_with_its_error(
    client: Client, metrics: InMemoryMetricReader
) -> None:
    """A failure has a duration with its error type, and neither tokens nor cost."""
    with pytest.raises(anthropic.APIStatusError):
        client.messages.create(**ask(status=529))
    data = metrics.get_metrics_data()
    assert data is not None
    [metric] = data.resource_metrics[0].scope_metrics[0].metrics
    [point] = metric.data.data_points

    assert metric.name == "gen_ai.client.operation.duration"
    assert (point.attributes or {})["error.type"] == "overloaded_error"


def test_a_sampler_that_leaves_calls_out_is_warned_about() -> None:
    """Sampling would lose spend, so instrumenting a provider that samples says so."""
    provider = TracerProvider(sampler=ParentBased(TraceIdRatioBased(0.1)))
    instrumentor = AnthropicInstrumentor()
    with pytest.warns(UserWarning, match=r"samples \(ParentBased\{root:TraceIdRatioBased"):
        instrumentor.instrument(tracer_provider=provider)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        instrumentor.instrument(tracer_provider=TracerProvider())
    instrumentor.uninstrument()


def test_the_cause_of_a_cache_miss_is_read() -> None:
    """The reported cause and the missed tokens are taken from messages and from streams."""
    reason = {"type": "system_changed", "cache_missed_input_tokens": 900}
    message = {"usage": {}, "diagnostics": {"cache_miss_reason": reason}}
    whole, streamed = UsageFold(), UsageFold()
    whole.message(message)
    streamed.event({"type": "message_start", "message": message})

    for fold in (whole, streamed):
        assert (fold.cache_miss_reason, fold.cache_missed_tokens) == ("system_changed", 900)


def test_the_speed_of_a_stream(client: Client, spans: Spans) -> None:
    """How fast a stream wrote, from its first chunk on, is on its span."""
    list(client.messages.create(**ask(), stream=True))

    assert spans.attributes()["spanledger.output_tokens_per_second"] > 0


def test_baggage_becomes_tags_where_it_is_asked_for(client: Client) -> None:
    """Named baggage entries are tags, a tag of the same name wins, and others stay out."""
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = AnthropicInstrumentor()
    instrumentor.instrument(tracer_provider=provider, baggage=["team", "user"])
    carried = baggage.set_baggage("team", "search", baggage.set_baggage("secret", "x"))
    token = context.attach(baggage.set_baggage("user", "from-baggage", carried))
    try:
        with spanledger.tags(user="from-tag"):
            client.messages.create(**ask())
    finally:
        context.detach(token)
        instrumentor.uninstrument()
    [span] = exporter.get_finished_spans()
    tagged = {k: v for k, v in (span.attributes or {}).items() if k.startswith("spanledger.tag.")}

    assert tagged == {"spanledger.tag.team": "search", "spanledger.tag.user": "from-tag"}


def test_tags_reach_threads_by_carry(client: Client, spans: Spans) -> None:
    """A thread starts without tags; a function bound by `carry` has those of its maker."""

    def work() -> None:
        client.messages.create(**ask())

    with spanledger.tags(team="search"):
        plain, bound = (
            threading.Thread(target=work),
            threading.Thread(target=spanledger.carry(work)),
        )
    for thread in (plain, bound):
        thread.start()
        thread.join()
    teams = [(span.attributes or {}).get("spanledger.tag.team") for span in spans.all()]

    assert teams == [None, "search"]


def test_the_request_carries_our_trace_where_the_sdk_would_have(
    simulator: Simulator, spans: Spans
) -> None:
    """With the SDK's span suppressed, its trace header names ours; switched off, there is none."""
    if not hasattr(anthropic._base_client.BaseClient, "_tracer"):
        pytest.skip("this SDK sends no trace headers of its own")
    seen: list[str | None] = []

    def note(request: Any) -> None:
        seen.append(request.headers.get("traceparent"))

    import httpx2

    settings: list[Any] = [{"tracer_provider": spans.provider}, {"propagation": False}]
    for options in settings:
        with anthropic.Anthropic(
            base_url=simulator.url,
            api_key="test",
            open_telemetry=options,
            http_client=httpx2.Client(event_hooks={"request": [note]}),
        ) as client:
            client.messages.create(**ask())
    first = spans.all()[0].get_span_context()
    assert first is not None

    flags = f"{first.trace_flags:02x}"
    assert seen == [f"00-{first.trace_id:032x}-{first.span_id:016x}-{flags}", None]


ZERO_CODE = """
import anthropic
from opentelemetry import trace
client = anthropic.Anthropic()
client.messages.create(model="claude-sonnet-4-6", max_tokens=9,
                       messages=[{"role": "user", "content": "hi"}])
"""


def test_zero_code(simulator: Simulator) -> None:
    """Under `opentelemetry-instrument` a program without a line of ours reports its call, once."""
    launcher = Path(sys.executable).with_name("opentelemetry-instrument")
    if not launcher.exists():
        pytest.skip("opentelemetry-instrumentation is not installed")
    done = subprocess.run(
        [
            str(launcher),
            "--traces_exporter=console",
            "--metrics_exporter=none",
            "--logs_exporter=none",
            sys.executable,
            "-c",
            ZERO_CODE,
        ],
        env={
            **os.environ,
            "ANTHROPIC_BASE_URL": simulator.url,
            "ANTHROPIC_API_KEY": "test",
            "PYTHONWARNINGS": "ignore",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )

    assert done.stdout.count('"name": "chat claude-sonnet-4-6"') == 1
    assert '"name": "anthropic.messages.create"' not in done.stdout
    assert '"spanledger.cost.status": "priced"' in done.stdout


def test_the_one_line_leaves_the_sdks_own_span_alone(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside a service that traces with the SDK's own spans, the one line changes nothing there."""
    if not hasattr(anthropic._base_client.BaseClient, "_tracer"):
        pytest.skip("this SDK has no spans of its own")
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setenv("SPANLEDGER_EXIT_TIMEOUT", "0")  # nobody takes the spans, nor need they
    spanledger.instrument(simulator.url)
    try:
        with anthropic.Anthropic(
            base_url=simulator.url, api_key="t", open_telemetry={"tracer_provider": provider}
        ) as client:
            client.messages.create(**REQUEST)
    finally:
        spanledger.uninstrument()

    assert [span.name for span in exporter.get_finished_spans()] == ["anthropic.messages.create"]
    assert not trace.get_current_span().get_span_context().is_valid
