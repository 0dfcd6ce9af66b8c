"""Know what every Claude API call costs and who caused it.

One line makes each call that this process sends through the `anthropic` SDK an OpenTelemetry span
with exact token counts, cache hits, latency and cost, sent to a SpanLedger collector:

    import spanledger

    spanledger.instrument()

Attribute calls to whoever causes them:

    with spanledger.tags(team="search", feature="summaries", user="u-42"):
        client.messages.create(...)

Services that run OpenTelemetry themselves can have the spans in their own pipeline instead, with
`AnthropicInstrumentor().instrument()` or without any code under `opentelemetry-instrument`.
"""

from ._version import __version__
from .api import AnthropicInstrumentor, delivery_stats, flush, instrument, uninstrument
from .tags import carry, current_tags, tags

__all__ = [
    "AnthropicInstrumentor",
    "__version__",
    "carry",
    "current_tags",
    "delivery_stats",
    "flush",
    "instrument",
    "tags",
    "uninstrument",
]
