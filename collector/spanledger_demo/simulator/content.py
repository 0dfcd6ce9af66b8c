"""The words and blocks that an answer is made of; deterministic for the dice they are given."""

from __future__ import annotations

import hashlib
import random
from typing import Any, Final

from spanledger_demo.simulator.counts import JsonObject
from spanledger_demo.simulator.tokens import count_text

_SENTENCE: Final = (
    "The ledger shows that most of this spend comes from one feature and its cache has gone cold, "
    "so a shorter prompt would help. The other services stay within what was planned for this "
    "month, and nothing else needs attention before the next review of the figures. "
)
_PAGE: Final = {"url": "https://example.com/1", "title": "An example", "page_age": None}


def prose(rng: random.Random, tokens: int) -> str:
    """Write about nothing in exactly so many tokens."""
    start = rng.choice([0] + [at + 1 for at, letter in enumerate(_SENTENCE[:-1]) if letter == " "])
    return fitted(_SENTENCE[start:] + _SENTENCE[:start], tokens)


def fitted(text: str, tokens: int) -> str:
    """Cut or repeat a text so that it counts exactly `tokens`, unless it already does."""
    if count_text(text) == tokens:
        return text
    wanted = tokens * 4
    data = text.encode("utf-8", "replace") or b"...."
    return (data * (wanted // len(data) + 1))[:wanted].decode("utf-8", "replace")


def thinking_block(rng: random.Random, tokens: int) -> JsonObject:
    """Make a thinking block of so many tokens."""
    thought = prose(rng, tokens)
    signature = hashlib.sha256(thought.encode()).hexdigest()
    return {"type": "thinking", "thinking": thought, "signature": signature}


def tool_use_block(tool: JsonObject, rng: random.Random) -> JsonObject:
    """Make a call of a tool with arguments that its schema allows."""
    arguments = sample(tool.get("input_schema") or {}, rng)
    identity = f"toolu_01{rng.getrandbits(88):022x}"
    return {"type": "tool_use", "id": identity, "name": tool["name"], "input": arguments}


def web_search_blocks(number: int, rng: random.Random) -> list[JsonObject]:
    """Make the two blocks of one web search: the call and what it found."""
    found = [{"type": "web_search_result", "encrypted_content": "ZXhhbXBsZQ==", **_PAGE}]
    return _server_tool("web_search", {"query": f"spend question {number}"}, found, rng)


def web_fetch_blocks(number: int, rng: random.Random) -> list[JsonObject]:
    """Make the two blocks of one web fetch: the call and the page."""
    url = f"https://example.com/{number}"
    source = {"type": "text", "media_type": "text/plain", "data": "An example."}
    page = {"type": "document", "source": source, "title": None, "citations": None}
    found = {"type": "web_fetch_result", "url": url, "retrieved_at": None, "content": page}
    return _server_tool("web_fetch", {"url": url}, found, rng)


def _server_tool(
    name: str, arguments: JsonObject, found: Any, rng: random.Random
) -> list[JsonObject]:
    identity = f"srvtoolu_01{rng.getrandbits(88):022x}"
    return [
        {"type": "server_tool_use", "id": identity, "name": name, "input": arguments},
        {"type": f"{name}_tool_result", "tool_use_id": identity, "content": found},
    ]


def sample(schema: JsonObject, rng: random.Random) -> Any:
    """Make a value that a JSON schema of the common kinds allows."""
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type", "object")
    if kind == "object":
        properties: JsonObject = schema.get("properties") or {}
        names = schema.get("required") or list(properties)
        return {name: sample(properties.get(name) or {}, rng) for name in names}
    if kind == "array":
        return [sample(schema.get("items") or {}, rng)]
    plain = {"integer": 3, "number": 1.5, "boolean": True, "null": None}
    return plain.get(str(kind), rng.choice(("spend", "cache", "review")))
