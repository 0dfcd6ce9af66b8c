"""A pytest plugin for somebody else's test-suite: instruments the SDK before its tests run."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path


class _Failures(logging.Handler):
    """Writes down what failed in our own code, which no caller gets to see."""

    def emit(self, record: logging.LogRecord) -> None:
        """Append one failure with its traceback, and the test it happened in."""
        test = os.environ.get("PYTEST_CURRENT_TEST", "outside of a test").split(" ")[0]
        with Path(os.environ["SPANLEDGER_SUITE_FAILURES"]).open("a") as file:
            file.write(json.dumps([test, self.format(record)]) + "\n")


def pytest_configure() -> None:
    """Instrument in the way that the environment names."""
    log = logging.getLogger("spanledger")
    log.setLevel(logging.DEBUG)
    log.addHandler(_Failures())
    if os.environ["SPANLEDGER_SUITE_MODE"] == "one-line":
        import requests  # noqa: F401  # before the suite makes errors of the warnings it may give

        import spanledger

        spanledger.instrument("http://127.0.0.1:9")  # the discard port: nobody answers
    else:
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        from spanledger import AnthropicInstrumentor

        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(InMemorySpanExporter()))
        AnthropicInstrumentor().instrument(tracer_provider=provider)
