"""Content is recorded only when it is asked for, as the conventions write it, cut and redacted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anthropic
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from spanledger import AnthropicInstrumentor
from spanledger.content import CAPTURE_VARIABLE, MAX_ATTRIBUTE, MAX_TEXT, Redact
from tests.instrumentation.support import Spans, ask

Client = anthropic.Anthropic
CONTENT = (
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.tool.definitions",
)
TOOL = {
    "name": "weather",
    "description": "Today's weather.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}
CONVERSATION = [
    {"role": "user", "content": "Rain?"},
    {
        "role": "assistant",
        "content": [
            {"type": "tool_use", "id": "tu_1", "name": "weather", "input": {"city": "Bonn"}}
        ],
    },
    {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "tu_1", "content": "dry"},
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
            },
        ],
    },
]


@contextmanager
def capturing(redact: Redact | None = None) -> Iterator[Spans]:
    """Instruments with the capture that the environment asks for."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = AnthropicInstrumentor()
    instrumentor.instrument(tracer_provider=provider, redact=redact)
    yield Spans(provider, exporter)
    instrumentor.uninstrument()
    provider.shutdown()


def recorded(spans: Spans) -> dict[str, Any]:
    """The content attributes of the one span, parsed."""
    return {name: json.loads(text) for name, text in spans.attributes().items() if name in CONTENT}


def whole(client: Client, **request: Any) -> None:
    """An answer in one piece."""
    client.messages.create(**request)


def streamed(client: Client, **request: Any) -> None:
    """An answer event by event."""
    list(client.messages.create(**request, stream=True))


def raw(client: Client, **request: Any) -> None:
    """An answer that the caller reads as a raw response."""
    client.messages.with_raw_response.create(**request)


@pytest.mark.parametrize("read", [whole, streamed, raw])
def test_a_conversation_is_recorded_in_the_conventions_form(
    client: Client, monkeypatch: pytest.MonkeyPatch, read: Callable[..., None]
) -> None:
    """Messages, system, tools and the answer are JSON in the conventions' form; media is not."""
    monkeypatch.setenv(CAPTURE_VARIABLE, "SPAN_ONLY")
    request = {**ask(text="Take no umbrella."), "messages": CONVERSATION, "system": "Be brief."}
    with capturing() as spans:
        read(client, **request, tools=[TOOL])
        content = recorded(spans)
    [said] = content.pop("gen_ai.output.messages")
    [part] = said.pop("parts")

    assert said == {"role": "assistant", "finish_reason": "end_turn"}
    assert part["type"] == "text"
    assert part["content"].startswith("Take no umbrella.")
    assert content == {
        "gen_ai.input.messages": [
            {"role": "user", "parts": [{"type": "text", "content": "Rain?"}]},
            {
                "role": "assistant",
                "parts": [
                    {
                        "type": "tool_call",
                        "id": "tu_1",
                        "name": "weather",
                        "arguments": {"city": "Bonn"},
                    }
                ],
            },
            {
                "role": "user",
                "parts": [
                    {"type": "tool_call_response", "id": "tu_1", "response": "dry"},
                    {"type": "blob", "modality": "image", "mime_type": "image/png"},
                ],
            },
        ],
        "gen_ai.system_instructions": [{"type": "text", "content": "Be brief."}],
        "gen_ai.tool.definitions": [
            {
                "type": "function",
                "name": "weather",
                "description": "Today's weather.",
                "parameters": TOOL["input_schema"],
            }
        ],
    }


@pytest.mark.parametrize("setting", [None, "", "NO_CONTENT", "true", "EVENT_ONLY", "everything"])
def test_nothing_is_recorded_unless_it_is_asked_for(
    client: Client, monkeypatch: pytest.MonkeyPatch, setting: str | None
) -> None:
    """Content is off by default, and any value but those of the standard leaves it off."""
    if setting is not None:
        monkeypatch.setenv(CAPTURE_VARIABLE, setting)
    with capturing() as spans:
        client.messages.create(**ask(text="secret"))
        content = recorded(spans)

    assert content == {}


def test_long_texts_are_cut_and_huge_attributes_left_out(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long text is cut and says so; an attribute beyond the cap is not recorded at all."""
    monkeypatch.setenv(CAPTURE_VARIABLE, "SPAN_ONLY")
    many = [{"type": "text", "text": "y" * MAX_TEXT}] * (MAX_ATTRIBUTE // MAX_TEXT + 1)
    with capturing() as spans:
        client.messages.create(**{**ask(), "system": "x" * (MAX_TEXT + 1)})
        client.messages.create(**{**ask(), "system": many})
        first, second = (dict(span.attributes or {}) for span in spans.all())
    [instruction] = json.loads(str(first["gen_ai.system_instructions"]))

    assert instruction["content"] == "x" * MAX_TEXT + "… [cut, 16,385 characters]"
    assert "gen_ai.system_instructions" not in second
    assert "gen_ai.input.messages" in second


def test_the_redaction_hook_has_the_last_word(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the hook gives is recorded, None leaves an attribute out."""
    monkeypatch.setenv(CAPTURE_VARIABLE, "SPAN_AND_EVENT")

    def redact(name: str, value: Any) -> Any:
        return None if name == "gen_ai.output.messages" else [{"redacted": len(value)}]

    with capturing(redact) as spans:
        client.messages.create(**ask(text="secret"))
        content = recorded(spans)

    assert content == {"gen_ai.input.messages": [{"redacted": 1}]}


def test_an_iterator_of_messages_is_left_to_the_sdk(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages given as an iterator are not read by us, so the request goes out as without us."""
    monkeypatch.setenv(CAPTURE_VARIABLE, "SPAN_ONLY")
    request = ask()
    with capturing():
        message = client.messages.create(**{**request, "messages": iter(request["messages"])})

    assert message.usage.output_tokens == 321
