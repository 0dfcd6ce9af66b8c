"""The spans of OpenInference; pure.

Its attributes hold no message id. The answer itself may stand in `output.value`, which is read for
the id and the usage and then dropped: where it was not cut short, it leaves nothing open.

Frameworks report in the same attributes what the instrumentation of Anthropic's SDK below them
reports, too, and nobody knows by which convention they count: they are a source of less standing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from spanledger.pricing import UsageError, iterations_from_api
from spanledger_collector.dialects import names
from spanledger_collector.dialects.api_usage import json_object, usage_from
from spanledger_collector.dialects.call import Call
from spanledger_collector.dialects.counts import CONVENTION, Counted, usage_of
from spanledger_collector.dialects.genai import COUNT_TOKENS, asked_of, read_call_of
from spanledger_collector.dialects.reading import MAX_INT, count_of, text
from spanledger_collector.sources import GENERIC, OPENINFERENCE
from spanledger_collector.spans import Attributes, Span

__all__ = ["SCOPE", "read"]

SCOPE: Final = "openinference.instrumentation.anthropic"
_MODEL_REQUEST: Final = "LLM"
_ID: Final = re.compile(r'^\{"id": ?"(msg_[^"]{1,200})"')
"""How an answer begins, by which its id is found even where the rest was cut off."""


def read(span: Span) -> Call | None:
    """Read a span."""
    facts = span.attributes
    if (text(facts, names.SPAN_KIND) or "").upper() != _MODEL_REQUEST:
        return None
    asked = asked_of(span, unless_told=True)
    if asked is None:
        return None
    counting = span.name.endswith(COUNT_TOKENS)
    answer = json_object(facts.get("output.value"))
    whole = None if counting else usage_from(answer.get("usage"))
    counted = Counted(None, ()) if counting else usage_of(facts)
    iterations = None
    if whole is not None:
        counted, iterations = Counted(whole[0], ()), whole[1]
    elif counted.usage is not None:
        counted, iterations = _with_metadata(counted, json_object(facts.get("metadata")))
    direct = span.scope == SCOPE
    if not direct and whole is None:
        counted = counted._replace(unknown=(*counted.unknown, CONVENTION))
    source = OPENINFERENCE if direct else GENERIC
    call = read_call_of(span, asked, source, counted, streamed=_is_stream(span))
    return call._replace(
        operation=COUNT_TOKENS if counting else call.operation,
        message_id=call.message_id or _message_id(facts),
        iterations=iterations,
    )


def _is_stream(span: Span) -> bool:
    parameters = json_object(span.attributes.get("llm.invocation_parameters"))
    return parameters.get("stream") is True or span.name.endswith("messages.stream")


def _message_id(facts: Attributes) -> str | None:
    found = _ID.match(text(facts, "output.value") or "")
    return found[1] if found else None


def _with_metadata(counted: Counted, metadata: Mapping[str, Any]) -> tuple[Counted, str | None]:
    """Add the searches and the model requests that stand in no attribute of their own."""
    usage, unknown = counted
    tools = metadata.get("server_tool_use")
    if usage is not None and isinstance(tools, dict):
        searches = count_of(tools, "web_search_requests", limit=MAX_INT)
        fetches = count_of(tools, "web_fetch_requests", limit=MAX_INT)
        usage = usage._replace(web_search_requests=searches or 0, web_fetch_requests=fetches or 0)
        unknown = tuple(fact for fact in unknown if fact != "web_search_requests")
    try:
        requests = iterations_from_api(metadata.get("usage_iterations"))
    except UsageError:
        requests = ()
    listed = orjson.dumps(metadata["usage_iterations"]).decode() if requests else None
    return Counted(usage and usage._replace(iterations=requests), unknown), listed
