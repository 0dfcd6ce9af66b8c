"""Streams as the real SDK reads them: events, cumulative usage, and the ways to end early."""

from __future__ import annotations

import threading
from decimal import Decimal

import anthropic
import httpx2
import pytest
from anthropic.types import MessageParam

from spanledger_demo.simulator import Simulator, asking

HELLO: list[MessageParam] = [{"role": "user", "content": "Hello there, ledger!"}]


def test_the_raw_wire_is_that_of_the_api(simulator: Simulator) -> None:
    """Events come in the API's order, with a placeholder count first and the truth last."""
    body = {"model": "claude-opus-5-5", "max_tokens": 50, "messages": HELLO, "stream": True}
    headers = {"x-api-key": "test", "anthropic-version": "2026-10-21"}
    response = httpx2.post(
        f"{simulator.url}/v1/messages",
        json=body,
        headers=headers | asking(text="Sixteen letters!"),
    )

    names = [line[7:] for line in response.text.splitlines() if line.startswith("event: ")]
    assert response.headers["content-type"].startswith("text/event-stream")
    assert names == [
        "message_start",
        "ping",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]


def test_usage_is_a_placeholder_first_and_cumulative_last(client: anthropic.Anthropic) -> None:
    """`message_start` knows the prompt; `message_delta` repeats it with the output's total."""
    events = list(
        client.messages.create(
            model="claude-opus-5-5",
            max_tokens=500,
            messages=HELLO,
            stream=True,
            tools=[{"type": "web_search_20250305", "name": "web_search"}],
            extra_headers=asking(output_tokens=70),
        )
    )

    start = next(event for event in events if event.type == "message_start").message.usage
    delta = next(event for event in events if event.type == "message_delta").usage
    assert (start.output_tokens, start.server_tool_use) == (1, None)
    assert (start.service_tier, start.inference_geo) == ("standard", "global")
    assert delta.output_tokens == 70
    assert delta.input_tokens == start.input_tokens + 640  # what the search brought in
    assert delta.server_tool_use is not None
    assert delta.server_tool_use.web_search_requests == 1


def test_a_stream_adds_up_to_the_same_answer(client: anthropic.Anthropic) -> None:
    """Thinking, text and tool calls arrive piece by piece and make the message of a plain call."""
    tool = {
        "name": "look_up",
        "input_schema": {"type": "object", "properties": {"what": {"type": "string"}}},
    }
    request = {
        "model": "claude-opus-5-5",
        "max_tokens": 3000,
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "messages": [{"role": "user", "content": "Use look_up."}],
        "tools": [tool],
    }
    whole = client.messages.create(**request)  # type: ignore[call-overload]  # a dict of options
    with client.messages.stream(**request) as stream:  # type: ignore[arg-type]  # likewise
        streamed = stream.get_final_message()

    assert [block.type for block in streamed.content] == ["thinking", "text", "tool_use"]
    assert [block.to_dict() for block in streamed.content] == [
        block.to_dict() for block in whole.content
    ]
    assert streamed.usage.output_tokens == whole.usage.output_tokens
    assert streamed.stop_reason == "tool_use"


def test_a_cut_stream_is_a_broken_connection(
    client: anthropic.Anthropic, simulator: Simulator
) -> None:
    """The client sees a transport error, and what was produced is billed as partial."""
    stream = client.messages.create(
        model="claude-opus-5-5",
        max_tokens=500,
        messages=HELLO,
        stream=True,
        extra_headers=asking(cut_after_events=5, output_tokens=100),
    )

    with pytest.raises(httpx2.RemoteProtocolError):
        list(stream)
    bill = simulator.bill()
    assert (bill.requests("complete"), bill.requests("partial")) == (0, 1)
    # 9 tokens in, and two chunks of 24 characters out, of 100
    assert bill.usd("partial") == Decimal("0.000036") + Decimal("0.00024")


def test_a_stream_that_ends_too_soon_is_seen_as_ended(client: anthropic.Anthropic) -> None:
    """The body ends cleanly without `message_stop`."""
    stream = client.messages.create(
        model="claude-opus-5-5",
        max_tokens=500,
        messages=HELLO,
        stream=True,
        extra_headers=asking(end_after_events=4, output_tokens=100),
    )

    assert [event.type for event in stream] == [
        "message_start",
        "content_block_start",
        "content_block_delta",
    ]


def test_an_error_in_mid_stream_is_the_sdks_status_error(
    client: anthropic.Anthropic, simulator: Simulator
) -> None:
    """`event: error` raises with the error's type, although the status was 200."""
    stream = client.messages.create(
        model="claude-opus-5-5",
        max_tokens=500,
        messages=HELLO,
        stream=True,
        extra_headers=asking(error_after_events=4, output_tokens=100),
    )

    with pytest.raises(anthropic.APIStatusError) as caught:
        list(stream)
    assert caught.value.status_code == 200
    assert caught.value.type == "overloaded_error"
    assert simulator.bill().requests("partial") == 1


def test_a_client_that_leaves_is_billed_for_what_was_made(
    client: anthropic.Anthropic, simulator: Simulator
) -> None:
    """Closing a stream stops the model, and the bill is for less than the whole."""
    with client.messages.create(
        model="claude-opus-5-5",
        max_tokens=5000,
        messages=HELLO,
        stream=True,
        extra_headers=asking(output_tokens=4000, chunk_delay_s=0.02),
    ) as stream:
        next(event for event in stream if event.type == "content_block_delta")
    wait_for_bill(simulator)

    bill = simulator.bill()
    assert bill.requests("partial") == 1
    assert Decimal("0.000036") < bill.usd("partial") < Decimal("0.04")


def wait_for_bill(simulator: Simulator) -> None:
    """Wait until something is billed: the server learns of a closed connection a moment later."""
    for _ in range(6000):
        if simulator.bill().requests():
            return
        threading.Event().wait(0.01)
    raise AssertionError("nothing was billed within a minute")


def test_counts_lost_after_the_final_event_are_complete(
    client: anthropic.Anthropic, simulator: Simulator
) -> None:
    """Once `message_delta` was sent the client can know the cost: the bill says complete."""
    stream = client.messages.create(
        model="claude-opus-5-5",
        max_tokens=500,
        messages=HELLO,
        stream=True,
        extra_headers=asking(end_after_events=6, text="Sixteen letters!"),
    )

    assert [event.type for event in stream][-1] == "message_delta"
    assert simulator.bill().requests("complete") == 1


def test_counts_may_grow_during_a_stream(client: anthropic.Anthropic, simulator: Simulator) -> None:
    """The delta's usage can be set apart from the start's, and is what is billed."""
    with client.messages.stream(
        model="claude-opus-5-5",
        max_tokens=500,
        messages=HELLO,
        extra_headers=asking(
            output_tokens=10, usage_start={"input_tokens": 100}, usage_delta={"input_tokens": 900}
        ),
    ) as stream:
        message = stream.get_final_message()

    assert message.usage.input_tokens == 900
    assert simulator.bill().usd() == Decimal("0.0036") + Decimal("0.0002")


async def test_async_streams_are_served_alike(simulator: Simulator) -> None:
    """The async client reads the same events."""
    async with (
        anthropic.AsyncAnthropic(base_url=simulator.url, api_key="test") as client,
        client.messages.stream(
            model="claude-sonnet-5-5",
            max_tokens=500,
            messages=HELLO,
            extra_headers=asking(output_tokens=40),
        ) as stream,
    ):
        message = await stream.get_final_message()

    assert message.usage.output_tokens == 40
