"""Under load and under fire: nothing is lost that need not be, and what is lost is counted."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider

from spanledger._guard import guard
from spanledger.delivery import Delivery, Target
from spanledger.delivery.record import Record
from spanledger.delivery.store import MemoryStore
from spanledger.delivery.tally import Tally
from tests.instrumentation.receiver import QUICK, Sink
from tests.instrumentation.receiver import sink as sink


def pipeline(sink: Sink) -> tuple[TracerProvider, Delivery]:
    """A provider whose spans are delivered to the sink."""
    delivery = Delivery(Target(f"{sink.url}/v1/traces", None), pace=QUICK)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(delivery)
    return provider, delivery


def test_a_burst_is_delivered_whole(sink: Sink) -> None:
    """Tens of thousands of spans at once, as a batch's results make them, all arrive."""
    provider, delivery = pipeline(sink)
    tracer = provider.get_tracer("test")
    for number in range(30_000):
        tracer.start_span(f"span {number}").end()

    assert delivery.flush(60.0)
    assert delivery.stats() == (30_000, 0, 0, 0, 0, 0)
    assert len(sink.span_ids) == 30_000
    assert max(sink.sizes) <= 512
    provider.shutdown()


def test_threads_may_end_spans_together(sink: Sink) -> None:
    """Spans that end in many threads, with flushes between them, are each delivered once."""
    provider, delivery = pipeline(sink)
    tracer = provider.get_tracer("test")

    def work() -> None:
        for number in range(500):
            tracer.start_span("span").end()
            if number % 100 == 0:
                assert delivery.flush(60.0)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert delivery.flush(60.0)
    assert delivery.stats() == (4000, 0, 0, 0, 0, 0)
    assert len(sink.spans) == len(sink.span_ids) == 4000
    provider.shutdown()


def test_a_full_buffer_drops_the_oldest_and_counts_them() -> None:
    """Memory is bounded; the newest spans stay, and what is on its way is not dropped."""
    tally = Tally()
    store = MemoryStore(tally, max_bytes=1000)
    store.append(Record(b"first" * 20, 400))
    first = store.take()
    for number in range(20):
        store.append(Record(bytes([number]) * 100, 400))

    assert first is not None
    assert first.records[0].body == b"first" * 20
    assert tally.dropped == 10 * 400
    store.done()
    kept = []
    while (batch := store.take()) is not None:
        kept += [record.body[0] for record in batch.records]
        store.done()
    assert kept == list(range(10, 20))


def test_a_span_that_cannot_be_serialised_takes_no_other_with_it(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A span that breaks the encoder is dropped and counted; its neighbours are delivered."""
    monkeypatch.setattr(guard, "loud", False)
    provider, delivery = pipeline(sink)
    tracer = provider.get_tracer("test")
    tracer.start_span("before").end()
    delivery.on_end(ReadableSpan("broken", context=None))
    tracer.start_span("after").end()

    assert delivery.flush(60.0)
    assert delivery.stats() == (2, 0, 0, 1, 0, 0)
    assert {span.name for span in sink.spans} == {"before", "after"}
    provider.shutdown()


def test_a_pipeline_that_is_shut_down_is_forgotten(sink: Sink) -> None:
    """Moving a pipeline a thousand times does not pile up the old ones."""
    others = set(threading.enumerate())
    provider, delivery = pipeline(sink)
    provider.get_tracer("test").start_span("span").end()
    provider.shutdown()
    for thread in set(threading.enumerate()) - others:
        if thread.name.startswith("spanledger-"):
            thread.join(100.0)
    gone = weakref.ref(delivery)
    del provider, delivery
    gc.collect()

    assert gone() is None
    assert len(sink.spans) == 1
