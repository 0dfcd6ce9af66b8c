"""The Messages API as the real SDK sees it: answers, tools, thinking, structured output, models."""

from __future__ import annotations

from typing import Any

import anthropic
import httpx2
import pytest
from anthropic.types import MessageParam, ToolParam
from pydantic import BaseModel

from spanledger_demo.simulator import Simulator, asking

HELLO: list[MessageParam] = [{"role": "user", "content": "Hello there, ledger!"}]
WEATHER: ToolParam = {
    "name": "get_weather",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city", "days"],
    },
}


def test_an_answer_has_the_shape_and_usage_of_the_api(client: anthropic.Anthropic) -> None:
    """Every field of a plain answer is there, counted by the documented rule."""
    message = client.messages.create(model="claude-sonnet-5-5", max_tokens=1000, messages=HELLO)

    assert message.id.startswith("msg_01")
    assert (message.type, message.role, message.model) == (
        "message",
        "assistant",
        "claude-sonnet-5-5",
    )
    assert message.stop_reason == "end_turn"
    text = "".join(block.text for block in message.content if block.type == "text")
    usage = message.usage.model_dump(exclude_none=True)
    assert usage == {
        "input_tokens": 5 + 4,  # 20 bytes of text, and the framing of one message
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens": -(-len(text) // 4),
        "service_tier": "standard",
        "inference_geo": "global",
    }


def test_answers_carry_identity_and_rate_limit_headers(client: anthropic.Anthropic) -> None:
    """Requests, organisation and workspace are named, and the limits of the minute are told."""
    raw = client.messages.with_raw_response.create(
        model="claude-opus-5-5", max_tokens=20, messages=HELLO
    )

    assert raw.headers["request-id"].startswith("req_01")
    assert raw.parse()._request_id == raw.headers["request-id"]
    assert raw.headers["anthropic-organization-id"]
    assert raw.headers["anthropic-workspace-id"].startswith("wrkspc_01")
    for kind in ("requests", "tokens", "input-tokens", "output-tokens"):
        limit = int(raw.headers[f"anthropic-ratelimit-{kind}-limit"])
        assert 0 < int(raw.headers[f"anthropic-ratelimit-{kind}-remaining"]) <= limit
        assert raw.headers[f"anthropic-ratelimit-{kind}-reset"].endswith("Z")


def test_the_same_question_gets_the_same_answer_under_a_new_id(client: anthropic.Anthropic) -> None:
    """Content is deterministic, ids never repeat, so a ledger counts both calls."""
    first, second = (
        client.messages.create(model="claude-haiku-5-5", max_tokens=900, messages=HELLO)
        for _ in range(2)
    )

    assert first.content == second.content
    assert first.id != second.id


def test_an_alias_is_answered_with_the_dated_model(client: anthropic.Anthropic) -> None:
    """`claude-haiku-4-5` is served by its dated snapshot, which knows no geography."""
    message = client.messages.create(model="claude-haiku-4-5", max_tokens=50, messages=HELLO)

    assert message.model == "claude-haiku-4-5-20251001"
    assert message.usage.inference_geo == "not_available"


def test_max_tokens_cuts_the_answer(client: anthropic.Anthropic) -> None:
    """The output never exceeds the limit, and the stop reason says so."""
    message = client.messages.create(model="claude-haiku-5-5", max_tokens=3, messages=HELLO)

    assert message.usage.output_tokens == 3
    assert message.stop_reason == "max_tokens"


def test_a_prewarming_call_has_no_output(client: anthropic.Anthropic) -> None:
    """`max_tokens: 0` fills the cache and says nothing."""
    message = client.messages.create(model="claude-haiku-5-5", max_tokens=0, messages=HELLO)

    assert message.usage.output_tokens == 0
    assert message.content == []


def test_a_named_tool_is_called_and_its_result_ends_the_loop(client: anthropic.Anthropic) -> None:
    """The model calls a tool that the question names, with arguments that fit its schema."""
    question: MessageParam = {"role": "user", "content": "Use get_weather for Bern."}
    called = client.messages.create(
        model="claude-opus-5-5", max_tokens=500, tools=[WEATHER], messages=[question]
    )
    call = next(block for block in called.content if block.type == "tool_use")
    result: MessageParam = {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "Rain"}],
    }
    answered = client.messages.create(
        model="claude-opus-5-5",
        max_tokens=500,
        tools=[WEATHER],
        messages=[question, {"role": "assistant", "content": called.content}, result],
    )

    assert called.stop_reason == "tool_use"
    assert isinstance(call.input["city"], str)
    assert call.input["days"] == 3
    assert answered.stop_reason == "end_turn"


@pytest.mark.parametrize(
    ("choice", "stop_reason"),
    [({"type": "any"}, "tool_use"), ({"type": "none"}, "end_turn")],
)
def test_a_tool_choice_is_obeyed(
    client: anthropic.Anthropic, choice: Any, stop_reason: str
) -> None:
    """`any` forces a call and `none` forbids it, whatever the question says."""
    message = client.messages.create(
        model="claude-opus-5-5",
        max_tokens=500,
        tools=[WEATHER],
        tool_choice=choice,
        messages=[{"role": "user", "content": "get_weather or not?"}],
    )

    assert message.stop_reason == stop_reason


def test_thinking_is_part_of_the_output(client: anthropic.Anthropic) -> None:
    """Thinking comes first, signed, and is a share of the output tokens."""
    message = client.messages.create(
        model="claude-opus-5-5",
        max_tokens=4000,
        thinking={"type": "enabled", "budget_tokens": 1024},
        messages=HELLO,
    )

    assert message.content[0].type == "thinking"
    assert message.content[0].signature
    assert message.usage.output_tokens_details is not None
    thought = message.usage.output_tokens_details.thinking_tokens
    assert 0 < thought < message.usage.output_tokens


def test_web_searches_are_counted_and_bring_in_tokens(client: anthropic.Anthropic) -> None:
    """A search tool runs, its results join the prompt, and the usage counts the requests."""
    plain = client.messages.create(model="claude-opus-5-5", max_tokens=500, messages=HELLO)
    found = client.messages.create(
        model="claude-opus-5-5",
        max_tokens=500,
        tools=[{"type": "web_search_20250305", "name": "web_search"}],
        messages=HELLO,
        extra_headers=asking(web_searches=2),
    )

    assert found.usage.server_tool_use is not None
    assert found.usage.server_tool_use.web_search_requests == 2
    assert found.usage.input_tokens > plain.usage.input_tokens + 2 * 600
    assert [block.type for block in found.content[:2]] == [
        "server_tool_use",
        "web_search_tool_result",
    ]


def test_structured_output_fits_its_schema(client: anthropic.Anthropic) -> None:
    """`parse` gets JSON that its model accepts."""

    class Verdict(BaseModel):
        score: int
        words: list[str]

    message = client.messages.parse(
        model="claude-opus-5-5", max_tokens=500, messages=HELLO, output_format=Verdict
    )

    assert isinstance(message.parsed_output, Verdict)


def test_geography_and_speed_are_told_when_asked(client: anthropic.Anthropic) -> None:
    """The usage names where and how fast the model ran."""
    message = client.messages.create(
        model="claude-opus-5-5", max_tokens=50, messages=HELLO, inference_geo="us", speed="fast"
    )

    assert (message.usage.inference_geo, message.usage.speed) == ("us", "fast")


def test_tokens_are_counted_as_the_prompt_is_billed(client: anthropic.Anthropic) -> None:
    """`count_tokens` gives the prompt's tokens and is free."""
    counted = client.messages.count_tokens(
        model="claude-opus-5-5", system="Be brief.", messages=HELLO, tools=[WEATHER]
    )
    message = client.messages.create(
        model="claude-opus-5-5", max_tokens=9, system="Be brief.", messages=HELLO, tools=[WEATHER]
    )

    assert counted.input_tokens == message.usage.input_tokens


def test_an_exact_usage_can_be_asked_for(client: anthropic.Anthropic, simulator: Simulator) -> None:
    """The `usage` directive sets the usage object, which is also what is billed."""
    usage = {
        "input_tokens": 25,
        "cache_creation_input_tokens": 1500,
        "cache_read_input_tokens": 4000,
        "cache_creation": {"ephemeral_5m_input_tokens": 500, "ephemeral_1h_input_tokens": 1000},
        "output_tokens": 321,
        "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 0},
    }
    message = client.messages.create(
        model="claude-opus-5-5", max_tokens=900, messages=HELLO, extra_headers=asking(usage=usage)
    )

    told = message.usage.model_dump(exclude_none=True)
    assert {key: told[key] for key in usage} == usage
    assert str(simulator.bill().usd().normalize()) == "0.03782"


def test_the_beta_and_async_clients_are_served_alike(simulator: Simulator) -> None:
    """Beta messages use the same path with a query, and get the same answers."""
    with anthropic.Anthropic(base_url=simulator.url, api_key="test") as client:
        message = client.beta.messages.create(
            model="claude-sonnet-5-5", max_tokens=50, messages=[{"role": "user", "content": "Hi"}]
        )

    assert message.usage.output_tokens > 0
    assert simulator.bill().requests() == 1


def test_models_are_listed_and_found_by_alias(client: anthropic.Anthropic) -> None:
    """Every served model is on the list, and each can be fetched."""
    listed = [model.id for model in client.models.list()]

    assert "claude-opus-5-5" in listed
    assert client.models.retrieve("claude-haiku-4-5").id == "claude-haiku-4-5-20251001"


def test_the_bill_is_served_as_json(client: anthropic.Anthropic, simulator: Simulator) -> None:
    """`GET /_simulator/bill` gives the same totals as the object in process."""
    client.messages.create(
        model="claude-haiku-5-5",
        max_tokens=50,
        messages=HELLO,
        extra_headers=asking(output_tokens=8),
    )
    body = httpx2.get(f"{simulator.url}/_simulator/bill").json()

    assert body == {
        "usd": "0.0000049",  # 9 tokens in at 0.10 and 8 out at 0.50 per million
        "requests": 1,
        "lines": [
            {
                "model": "claude-haiku-5-5",
                "delivery": "complete",
                "requests": 1,
                "usd": "0.0000049",
            }
        ],
    }
