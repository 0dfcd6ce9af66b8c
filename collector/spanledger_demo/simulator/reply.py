"""What the model answers to a request, and how many tokens that takes."""

from __future__ import annotations

import json
import random
from typing import Final, NamedTuple

from spanledger_demo.simulator.content import (
    fitted,
    prose,
    sample,
    thinking_block,
    tool_use_block,
    web_fetch_blocks,
    web_search_blocks,
)
from spanledger_demo.simulator.counts import JsonObject
from spanledger_demo.simulator.directives import Directives
from spanledger_demo.simulator.prompt import as_blocks
from spanledger_demo.simulator.tokens import canonical, count_text

_TOKENS_PER_PAGE: Final = 640
"""What a server tool finds joins the prompt of the turn that reads it: input grows meanwhile."""


class Reply(NamedTuple):
    """The content blocks of an answer and what they took."""

    content: list[JsonObject]
    stop_reason: str
    output_tokens: int
    thinking_tokens: int
    searches: int
    fetches: int

    @property
    def found_tokens(self) -> int:
        """The input tokens that server tools brought in."""
        return (self.searches + self.fetches) * _TOKENS_PER_PAGE


def reply_to(request: JsonObject, asked: Directives, seed: int) -> Reply:
    """Answer a checked request as the directives ask, and otherwise by its own content."""
    rng = random.Random(f"{seed}/{canonical(request['messages'])}")
    limit = int(request["max_tokens"])
    wanted = asked.usage.get("output_tokens", asked.output_tokens)
    room = limit if wanted is None else min(limit, int(wanted))
    thinking = min(room, _thinking_tokens(request, asked, rng))
    searches = _server_tool_runs(request, "web_search", asked.web_searches)
    fetches = _server_tool_runs(request, "web_fetch", asked.web_fetches)
    call = _tool_call(request, rng)
    spoken = _spoken(request, asked, rng, short=call is not None)
    visible = min(room - thinking, count_text(spoken) if wanted is None else room)
    content = [thinking_block(rng, thinking)] if thinking else []
    for number in range(searches):
        content += web_search_blocks(number + 1, rng)
    for number in range(fetches):
        content += web_fetch_blocks(number + 1, rng)
    if visible:
        content.append({"type": "text", "text": fitted(spoken, visible), "citations": None})
    content += [call] if call else []
    called = count_text(canonical(call["input"])) if call and wanted is None else 0
    total = min(limit, thinking + visible + called)
    stop = asked.stop_reason or _stop_reason(call, total, limit)
    return Reply(content if total else [], stop, total, thinking, searches, fetches)


def _stop_reason(call: JsonObject | None, total: int, limit: int) -> str:
    if total >= limit:
        return "max_tokens"
    return "end_turn" if call is None else "tool_use"


def _tool_call(request: JsonObject, rng: random.Random) -> JsonObject | None:
    """Call the tool that was chosen, or the first one that the last user text names."""
    tools: list[JsonObject] = [
        tool for tool in request.get("tools") or () if "input_schema" in tool
    ]
    choice = request.get("tool_choice") or {"type": "auto"}
    if choice.get("type") == "auto":
        said = _last_text(request)
        tools = [tool for tool in tools if tool["name"] in said]
    elif choice.get("type") == "tool":
        tools = [tool for tool in tools if tool["name"] == choice.get("name")]
    elif choice.get("type") == "none":
        tools = []
    return tool_use_block(tools[0], rng) if tools else None


def _last_text(request: JsonObject) -> str:
    blocks = as_blocks(request["messages"][-1].get("content") or ())
    return " ".join(str(block.get("text", "")) for block in blocks if block.get("type") == "text")


def _server_tool_runs(request: JsonObject, kind: str, asked: int | None) -> int:
    if asked is not None:
        return asked
    tools = request.get("tools") or ()
    return int(any(str(tool.get("type", "")).startswith(f"{kind}_") for tool in tools))


def _thinking_tokens(request: JsonObject, asked: Directives, rng: random.Random) -> int:
    thinking = request.get("thinking") or {"type": "disabled"}
    if asked.thinking_tokens is not None:
        return asked.thinking_tokens
    if thinking.get("type") == "disabled":
        return 0
    budget = min(int(thinking.get("budget_tokens", 1024)), int(request["max_tokens"]) // 2)
    return rng.randint(budget // 4, budget // 2)


def _spoken(request: JsonObject, asked: Directives, rng: random.Random, *, short: bool) -> str:
    if asked.text is not None:
        return asked.text
    config = request.get("output_config") or {}
    schema = (config.get("format") or request.get("output_format") or {}).get("schema")
    if schema:
        return json.dumps(sample(schema, rng))
    return prose(rng, rng.randint(12, 30 if short else 240))
