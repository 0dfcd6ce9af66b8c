"""The checkout service: synchronous calls, a tool loop, a cached prefix, a failure now and then."""

from __future__ import annotations

import random
import time
from typing import Final

import anthropic
from anthropic.types import MessageParam, ToolResultBlockParam, ToolUseBlock
from opentelemetry.trace import Tracer

import spanledger
from spanledger_demo.simulator import asking
from spanledger_demo.traffic import texts
from spanledger_demo.traffic.pace import Pace
from spanledger_demo.traffic.texts import cached_system, handbook
from spanledger_demo.traffic.tracing import agent, endpoint, tool

_SYSTEM: Final = cached_system("fraud", 60)
_LOOKUP: Final = texts.tool("lookup_order", "Find an order.", order="string", items="integer")
_OVERLOADED: Final = asking(status=529)


def run(client: anthropic.Anthropic, pace: Pace, tracer: Tracer) -> None:
    """Serve customers until the pace says stop."""
    while pace.wait():
        user = f"customer-{pace.rng.randint(1, 400)}"
        with spanledger.tags(team="payments", user=user):
            try:
                _interaction(client, pace.rng, tracer)
            except anthropic.APIStatusError:
                continue  # as a service would: the customer is asked to try again


def _interaction(client: anthropic.Anthropic, rng: random.Random, tracer: Tracer) -> None:
    dice = rng.random()
    if dice >= 0.65:
        with spanledger.tags(feature="dispute-summary"), endpoint(tracer, "POST /disputes"):
            _summary(client, rng)
        return
    overloaded = dice < 0.03
    with (
        spanledger.tags(feature="fraud-check"),
        endpoint(tracer, "POST /orders/{id}/check"),
        agent(tracer, "fraud-checker"),
    ):
        patient = client.with_options(max_retries=0) if overloaded else client
        _check(patient, rng, _OVERLOADED if overloaded else {}, tracer)


def _check(
    client: anthropic.Anthropic, rng: random.Random, headers: dict[str, str], tracer: Tracer
) -> None:
    """Let the model look up the order with a tool, then judge."""
    question = f"Use lookup_order, then judge order {rng.randint(10_000, 99_999)}."
    messages: list[MessageParam] = [{"role": "user", "content": question}]
    for _ in range(3):
        message = client.messages.create(
            model="claude-haiku-5-5",
            max_tokens=1024,
            system=_SYSTEM,
            tools=[_LOOKUP],
            messages=messages,
            extra_headers=headers,
        )
        calls = [block for block in message.content if block.type == "tool_use"]
        if not calls:
            return
        messages += [
            {"role": "assistant", "content": message.content},
            {
                "role": "user",
                "content": [_looked_up(tracer, call, rng) for call in calls],
            },
        ]


def _looked_up(tracer: Tracer, call: ToolUseBlock, rng: random.Random) -> ToolResultBlockParam:
    with tool(tracer, call.name):
        time.sleep(rng.uniform(0.02, 0.2))  # the order is in a database
    return {"type": "tool_result", "tool_use_id": call.id, "content": "3 items, paid"}


def _summary(client: anthropic.Anthropic, rng: random.Random) -> None:
    case = handbook("dispute", rng.randint(120, 300))
    client.messages.create(
        model="claude-sonnet-5-5",
        max_tokens=2048,
        inference_geo="us",
        messages=[{"role": "user", "content": f"Summarise this dispute. {case}"}],
    )
