"""The one-line pipeline: everything reaches the collector, and the service never waits for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import anthropic
import pytest

import spanledger
from spanledger_demo.simulator import Simulator
from tests.instrumentation.receiver import MALFORMED, Reply, Sink, run
from tests.instrumentation.support import ask


@pytest.fixture
def sink() -> Iterator[Sink]:
    """An OTLP receiver, and no instrumentation left behind."""
    receiver = Sink()
    yield receiver
    spanledger.uninstrument()
    receiver.close()


def test_one_line_delivers_a_call(sink: Sink, client: anthropic.Anthropic) -> None:
    """After the one line, a call's span is at the collector with its service, token and cost."""
    spanledger.instrument(sink.url, token="secret", service_name="checkout")
    client.messages.create(**ask())

    assert spanledger.flush(100.0)
    [span] = sink.spans
    assert span.name == "chat claude-sonnet-4-6"
    assert sink.resources[0]["service.name"] == "checkout"
    assert sink.authorization == "Bearer secret"


def test_an_address_as_others_want_it(
    sink: Sink, client: anthropic.Anthropic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a scheme, or with the path that OTLP exporters take, the address is understood."""
    bare = sink.url.removeprefix("http://")
    for count, written in enumerate((bare, f"{bare}/v1/traces", f"{sink.url}/v1/traces/"), 1):
        monkeypatch.setenv("SPANLEDGER_ENDPOINT", written)
        spanledger.instrument()
        client.messages.create(**ask())
        assert spanledger.flush(100.0)

        assert len(sink.spans) == count


def test_instrument_twice_sends_once(sink: Sink, client: anthropic.Anthropic) -> None:
    """Calling `instrument()` again with the same settings changes nothing."""
    for _ in range(3):
        spanledger.instrument(sink.url)
    client.messages.create(**ask())

    assert spanledger.flush(100.0)
    assert len(sink.spans) == 1


def test_other_settings_move_the_pipeline(sink: Sink, client: anthropic.Anthropic) -> None:
    """Calling `instrument()` with another address moves there, and what was sent stays sent."""
    other = Sink()
    try:
        spanledger.instrument(sink.url)
        client.messages.create(**ask())
        spanledger.instrument(other.url)
        client.messages.create(**ask())
        assert spanledger.flush(100.0)
    finally:
        spanledger.uninstrument()
        other.close()

    assert (len(sink.spans), len(other.spans)) == (1, 1)


@pytest.mark.parametrize("refusal", [500, 429, 503, 401])
def test_a_refused_batch_is_sent_again(
    sink: Sink, client: anthropic.Anthropic, refusal: int
) -> None:
    """What the collector did not take is kept and sent again, and arrives once."""
    sink.answers = [refusal, refusal]
    spanledger.instrument(sink.url)
    client.messages.create(**ask())

    assert spanledger.flush(100.0)
    assert (sink.requests, len(sink.spans)) == (3, 1)


def test_a_batch_called_wrong_does_not_block_the_next(
    sink: Sink, client: anthropic.Anthropic
) -> None:
    """A batch that the collector calls malformed is given up, and later ones still arrive."""
    sink.answers = [MALFORMED]
    spanledger.instrument(sink.url)
    client.messages.create(**ask())
    assert spanledger.flush(100.0)
    client.messages.create(**ask())

    assert spanledger.flush(100.0)
    assert len(sink.spans) == 1


def test_the_services_own_pipeline_is_left_alone(sink: Sink, client: anthropic.Anthropic) -> None:
    """In one-line mode the global provider and the current span are untouched."""
    from opentelemetry import trace

    before = trace.get_tracer_provider()
    spanledger.instrument(sink.url)
    for _ in client.messages.create(**ask(), stream=True):
        assert not trace.get_current_span().get_span_context().is_valid
    assert spanledger.flush(100.0)

    assert trace.get_tracer_provider() is before
    assert len(sink.spans) == 1


LAZY = """
import sys, threading
import spanledger
assert "anthropic" not in sys.modules
spanledger.instrument()
assert "anthropic" not in sys.modules and threading.active_count() == 1
import anthropic._base_client as base
assert type(base.SyncAPIClient.__dict__["request"]).__name__ == "FunctionWrapper"
"""


def test_instrument_waits_for_the_sdk_to_be_imported(sink: Sink, simulator: Simulator) -> None:
    """`instrument()` imports nothing and starts no thread; the SDK is patched on its import."""
    result = run(LAZY, simulator, sink.url)

    assert (result.returncode, result.stderr) == (0, "")


def test_stats_tell_what_became_of_the_spans(sink: Sink, client: anthropic.Anthropic) -> None:
    """`delivery_stats()` counts what was delivered, what waits and what was refused."""
    answering = threading.Event()
    sink.answers = [Reply(until=answering)]
    assert spanledger.delivery_stats() == (0, 0, 0, 0, 0, 0)
    spanledger.instrument(sink.url)
    client.messages.create(**ask())
    client.messages.create(**ask())

    assert spanledger.delivery_stats().waiting == 2
    answering.set()
    assert spanledger.flush(100.0)
    assert spanledger.delivery_stats() == (2, 0, 0, 0, 0, 0)


def test_a_call_that_outlives_the_instrumentation_is_delivered(
    sink: Sink, client: anthropic.Anthropic
) -> None:
    """A stream that is open while `uninstrument()` runs still reaches the collector."""
    spanledger.instrument(sink.url)
    stream = client.messages.create(**ask(), stream=True)
    spanledger.uninstrument()
    list(stream)

    assert sink.wait(lambda: len(sink.spans) == 1)
