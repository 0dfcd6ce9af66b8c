"""The helpdesk service: asyncio, conversations that stream, agents who leave before the end."""

from __future__ import annotations

import asyncio
import random
from typing import Final

import anthropic
from anthropic.types import MessageParam, TextBlockParam
from opentelemetry.trace import Tracer

import spanledger
from spanledger_demo.simulator import asking
from spanledger_demo.traffic.pace import Pace
from spanledger_demo.traffic.texts import handbook
from spanledger_demo.traffic.tracing import endpoint

_SYSTEM: Final[list[TextBlockParam]] = [
    {
        "type": "text",
        "text": handbook("helpdesk", 180),
        "cache_control": {"type": "ephemeral", "ttl": "1h"},
    }
]
_LONG_AND_SLOW: Final = asking(chunk_delay_s=0.05, output_tokens=600)


async def run(client: anthropic.AsyncAnthropic, pace: Pace, tracer: Tracer) -> None:
    """Help customers until the pace says stop, then let running conversations finish."""
    running: set[asyncio.Task[None]] = set()
    number = 0
    while await pace.wait_async():
        number += 1
        task = asyncio.create_task(_serve(client, pace.rng, number, tracer))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)


async def _serve(
    client: anthropic.AsyncAnthropic, rng: random.Random, number: int, tracer: Tracer
) -> None:
    agent = f"agent-{rng.randint(1, 22)}"
    try:
        with spanledger.tags(team="support", user=agent, session=f"ticket-{number:05d}"):
            if rng.random() < 0.5:
                with spanledger.tags(feature="ticket-triage"), endpoint(tracer, "POST /tickets"):
                    await _triage(client, rng)
            with spanledger.tags(feature="reply-drafts"):
                await _converse(client, rng, tracer)
    except anthropic.APIStatusError:
        return  # the agent writes this one by hand


async def _triage(client: anthropic.AsyncAnthropic, rng: random.Random) -> None:
    await client.messages.create(
        model="claude-haiku-5-5",
        max_tokens=256,
        messages=[{"role": "user", "content": f"Which queue? {handbook('ticket', 12)}"}],
    )


async def _converse(client: anthropic.AsyncAnthropic, rng: random.Random, tracer: Tracer) -> None:
    messages: list[MessageParam] = []
    for turn in range(rng.randint(1, 3)):
        messages.append({"role": "user", "content": f"Draft reply {turn + 1}, please."})
        leaves = rng.random() < 0.06
        with endpoint(tracer, "POST /tickets/{id}/draft"):
            async with client.messages.stream(
                model="claude-sonnet-5-5",
                max_tokens=2048,
                system=_SYSTEM,
                messages=messages,
                extra_headers=_LONG_AND_SLOW if leaves else {},
            ) as stream:
                if leaves:
                    await _read_a_little(stream)
                    return
                message = await stream.get_final_message()
        messages.append({"role": "assistant", "content": message.content})


async def _read_a_little(stream: anthropic.AsyncMessageStream) -> None:
    read = 0
    async for _ in stream:
        read += 1
        if read == 8:
            return
