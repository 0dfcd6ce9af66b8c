"""Whatever the collector answers, or does not, every span arrives that can."""

from __future__ import annotations

import threading
from email.utils import formatdate

import anthropic
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

import spanledger
from spanledger.delivery import Pace
from spanledger.delivery.answers import Answer
from spanledger.delivery.courier import backoff
from tests.instrumentation.receiver import (
    MALFORMED,
    QUICK,
    Nobody,
    Reply,
    Sink,
    delivering,
)
from tests.instrumentation.receiver import nobody as nobody
from tests.instrumentation.receiver import sink as sink
from tests.instrumentation.support import ask


def is_poisoned(spans: list[Span]) -> bool:
    """Whether the spans contain the call that was tagged so."""
    return any(item.key == "spanledger.tag.poison" for span in spans for item in span.attributes)


def call(client: anthropic.Anthropic, times: int) -> None:
    """So many calls."""
    for _ in range(times):
        client.messages.create(**ask())


def test_an_outage_of_many_minutes_loses_nothing(sink: Sink, client: anthropic.Anthropic) -> None:
    """Refusals of every kind, which the usual pace spreads over half an hour, are endured."""
    sink.answers = [500, 429, 502, 503, 504, 401, 404] * 15
    with delivering(sink.url) as delivery:
        call(client, 3)

        assert sink.wait(lambda: len(sink.span_ids) == 3)
        assert delivery.flush(100.0)
        assert delivery.stats() == (3, 0, 0, 0, 0, 0)
    assert sum(backoff(n, Pace()) for n in range(1, 100)) > 20 * 60


def test_the_pace_of_retries_is_bounded_and_jittered() -> None:
    """Retries come after a doubling wait that ends at half a minute, each a little different."""
    waits = [backoff(failures, Pace()) for failures in range(1, 2000)]

    assert all(0.25 <= wait <= 30.0 for wait in waits)
    assert all(wait >= 15.0 for wait in waits[10:])
    assert len(set(waits)) > 1000


def test_a_collector_that_comes_up_late_gets_everything(
    client: anthropic.Anthropic, nobody: Nobody
) -> None:
    """Spans made while nobody listens are delivered when somebody does."""
    with delivering(nobody.url) as delivery:
        call(client, 5)
        assert not delivery.flush(0.2)
        nobody.leave()
        late = Sink(nobody.port)
        try:
            assert delivery.flush(100.0)
        finally:
            late.close()

    assert len(late.span_ids) == 5


def test_reset_connections_are_tried_again(sink: Sink, client: anthropic.Anthropic) -> None:
    """A connection that is cut instead of answered costs nothing but another try."""
    sink.answers = [Reply(reset=True)] * 5
    with delivering(sink.url) as delivery:
        call(client, 2)

        assert delivery.flush(100.0)
    assert len(sink.spans) == 2


def test_a_slow_collector_is_tried_again(sink: Sink, client: anthropic.Anthropic) -> None:
    """An answer that does not come in time is a failure; meanwhile the service goes on."""
    never = threading.Event()
    sink.answers = [Reply(503, until=never)]
    with delivering(sink.url, pace=QUICK._replace(timeout=0.5)) as delivery:
        call(client, 1)
        assert sink.wait(lambda: sink.requests == 1)
        call(client, 2)

        assert delivery.flush(100.0)
    never.set()
    assert len(sink.span_ids) == 3


def test_one_poisoned_span_takes_no_other_with_it(sink: Sink, client: anthropic.Anthropic) -> None:
    """A batch called malformed is cut in halves until only what is malformed is left."""
    sink.judge = lambda spans: MALFORMED if is_poisoned(spans) else Reply()
    with delivering(sink.url, pace=QUICK._replace(interval=60.0)) as delivery:
        call(client, 20)
        with spanledger.tags(poison="yes"):
            call(client, 1)
        call(client, 20)

        assert delivery.flush(100.0)
        assert delivery.stats() == (40, 0, 0, 0, 1, 0)
    assert len(sink.spans) == 40
    assert sink.requests < 16


def test_hunting_malformed_spans_is_bounded(sink: Sink, client: anthropic.Anthropic) -> None:
    """A collector that calls everything malformed is not asked about every span."""
    sink.judge = lambda spans: MALFORMED
    with delivering(sink.url, pace=QUICK._replace(interval=60.0)) as delivery:
        call(client, 200)

        assert delivery.flush(100.0)
        assert delivery.stats().rejected == 200
    assert sink.requests < 140


def test_a_proxys_400_is_not_the_collectors(sink: Sink, client: anthropic.Anthropic) -> None:
    """Only a collector can call data malformed; a web page that says 400 is an outage."""
    sink.answers = [Reply(400, {"Content-Type": "text/html"}, b"<h1>Bad Request</h1>")] * 3
    with delivering(sink.url) as delivery:
        call(client, 1)

        assert delivery.flush(100.0)
        assert delivery.stats().delivered == 1


def test_a_body_too_large_is_cut(sink: Sink, client: anthropic.Anthropic) -> None:
    """What is too large at once goes in pieces, and a span too large by itself is counted."""
    sink.judge = lambda spans: Reply(413) if len(spans) > 3 or is_poisoned(spans) else Reply()
    with delivering(sink.url, pace=QUICK._replace(interval=60.0)) as delivery:
        call(client, 20)
        with spanledger.tags(poison="yes"):
            call(client, 1)

        assert delivery.flush(100.0)
        assert delivery.stats() == (20, 0, 0, 0, 1, 0)
    assert len(sink.spans) == len(sink.span_ids) == 20
    assert sink.sizes[0] == 21


def test_partial_success_is_read(sink: Sink, client: anthropic.Anthropic) -> None:
    """Spans that the collector rejected from a request it accepted are counted, not sent again."""
    answer = ExportTraceServiceResponse(
        partial_success=ExportTracePartialSuccess(rejected_spans=2, error_message="no trace id")
    )
    kind = {"Content-Type": "application/x-protobuf"}
    sink.answers = [Reply(200, kind, answer.SerializeToString())]
    with delivering(sink.url, pace=QUICK._replace(interval=60.0)) as delivery:
        call(client, 5)

        assert delivery.flush(100.0)
        assert delivery.stats() == (3, 0, 0, 0, 2, 0)
    assert sink.requests == 1


def test_a_batch_that_breaks_the_collector_lets_others_pass(
    sink: Sink, client: anthropic.Anthropic
) -> None:
    """A batch that is always answered 500 does not keep the others from being delivered."""
    sink.judge = lambda spans: Reply(500) if is_poisoned(spans) else Reply()
    with delivering(sink.url) as delivery:
        with spanledger.tags(poison="yes"):
            call(client, 1)
        assert sink.wait(lambda: sink.requests > 1)
        call(client, 3)

        assert sink.wait(lambda: len(sink.spans) == 3)
        assert delivery.stats().dropped == delivery.stats().rejected == 0
        sink.judge = None
        assert delivery.flush(100.0)
    assert len(sink.spans) == 4


def test_retry_after_is_honoured(sink: Sink, client: anthropic.Anthropic) -> None:
    """A collector that asks for time is left in peace, and a flush does not wait in vain."""
    sink.judge = lambda spans: Reply(429, {"Retry-After": "3600"})
    with delivering(sink.url, pace=QUICK._replace(max_retry_after=60.0)) as delivery:
        call(client, 1)
        assert not delivery.flush(50.0)
        told = sink.requests
        call(client, 1)

        # At the usual pace there would be dozens; the flush may have set off one more.
        assert not sink.wait(lambda: sink.requests > told + 1, timeout=0.3)
        sink.judge = None
        assert delivery.flush(100.0)
    assert len(sink.spans) == 2


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": " 120 "}, 120.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": formatdate(1_000_090, usegmt=True), "Date": formatdate(1_000_000)}, 90.0),
        ({"Retry-After": formatdate(999_000, usegmt=True), "Date": formatdate(1_000_000)}, 0.0),
        ({"Retry-After": formatdate(1_000_000, usegmt=True)}, 0.0),
    ],
)
def test_retry_after_is_understood(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds and dates are understood; a date is measured by the collector's clock, not ours."""
    assert Answer(503, headers, b"").retry_after() == seconds


def test_an_answer_without_end_is_cut_short(sink: Sink, client: anthropic.Anthropic) -> None:
    """A huge answer is read up to a limit and does no harm."""
    sink.answers = [Reply(200, {"Content-Type": "application/x-protobuf"}, b"\xff" * 2**23)]
    with delivering(sink.url) as delivery:
        call(client, 1)

        assert delivery.flush(100.0)
        assert delivery.stats().delivered == 1
