"""The search service: token counting, raw event streams, web searches."""

from __future__ import annotations

import random
from typing import Final

import anthropic
from anthropic.types import MessageParam, WebSearchTool20250305Param
from opentelemetry.trace import Tracer

import spanledger
from spanledger_demo.traffic.pace import Pace
from spanledger_demo.traffic.texts import cached_system, handbook
from spanledger_demo.traffic.tracing import endpoint

_SYSTEM: Final = cached_system("search", 90)
_WEB_SEARCH: Final[WebSearchTool20250305Param] = {
    "type": "web_search_20250305",
    "name": "web_search",
    "max_uses": 3,
}


def run(client: anthropic.Anthropic, pace: Pace, tracer: Tracer) -> None:
    """Answer questions until the pace says stop."""
    while pace.wait():
        user = f"customer-{pace.rng.randint(1, 400)}"
        with spanledger.tags(team="search", user=user):
            try:
                with endpoint(tracer, "GET /answers"):
                    _interaction(client, pace.rng)
            except anthropic.APIStatusError:
                continue  # the page shows plain results instead


def _interaction(client: anthropic.Anthropic, rng: random.Random) -> None:
    question = f"What changed in release {rng.randint(1, 40)}? {handbook('release', 20)}"
    messages: list[MessageParam] = [{"role": "user", "content": question}]
    with spanledger.tags(feature="query-rewrite"):
        client.messages.create(model="claude-haiku-5-5", max_tokens=128, messages=messages)
    with spanledger.tags(feature="answer-synthesis"):
        if rng.random() < 0.2:
            client.messages.count_tokens(model="claude-sonnet-5-5", messages=messages)
        _answer(client, rng, messages)


def _answer(client: anthropic.Anthropic, rng: random.Random, messages: list[MessageParam]) -> None:
    deep = rng.random() < 0.15
    with client.messages.create(
        model="claude-opus-5-5" if deep else "claude-sonnet-5-5",
        max_tokens=4096,
        system=_SYSTEM,
        tools=[_WEB_SEARCH],
        messages=messages,
        stream=True,
    ) as events:
        for _ in events:
            pass
