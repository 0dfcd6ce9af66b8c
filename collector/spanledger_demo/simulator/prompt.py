"""A request's prompt as the row of blocks that caching sees: tools, then system, then messages."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from spanledger_demo.simulator.counts import JsonObject
from spanledger_demo.simulator.errors import invalid
from spanledger_demo.simulator.tokens import FRAMING_TOKENS, canonical, count_block

FIVE_MINUTES: Final = 300
ONE_HOUR: Final = 3600
_TTL_SECONDS: Final = {"5m": FIVE_MINUTES, "1h": ONE_HOUR}
_MAX_BREAKPOINTS: Final = 4


class PromptBlock(NamedTuple):
    """One block: the digest of the prompt up to and with it, its tokens, its breakpoint's TTL."""

    prefix_digest: bytes
    tokens: int
    ttl_s: int | None


def prompt_blocks(request: JsonObject) -> list[PromptBlock]:
    """Flatten a request into blocks.

    Raises:
        ApiFailure: the cache breakpoints break a rule of the API.
    """
    digest = hashlib.blake2b(digest_size=16)
    blocks = []
    for section, block, framing in _sections(request):
        content = {key: value for key, value in block.items() if key != "cache_control"}
        digest.update(f"{section}\0{canonical(content)}\0".encode("utf-8", "surrogatepass"))
        tokens = count_block(content) + framing
        blocks.append(PromptBlock(digest.digest(), tokens, _ttl(block.get("cache_control"))))
    if blocks and request.get("cache_control"):  # automatic caching marks the last block
        blocks[-1] = blocks[-1]._replace(ttl_s=_ttl(request["cache_control"]))
    _check_breakpoints([block.ttl_s for block in blocks if block.ttl_s is not None])
    return blocks


def _sections(request: JsonObject) -> Iterator[tuple[str, JsonObject, int]]:
    for tool in request.get("tools") or ():
        yield "tool", tool, 0
    for block in as_blocks(request.get("system") or ()):
        yield "system", block, 0
    for message in request["messages"]:
        framing = FRAMING_TOKENS
        for block in as_blocks(message.get("content") or ()):
            yield str(message.get("role")), block, framing
            framing = 0


def as_blocks(content: Any) -> list[JsonObject]:
    """Read content that may be a bare string as a list of blocks.

    Raises:
        ApiFailure: it is neither a string nor a list of objects.
    """
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    blocks = list(content) if isinstance(content, (list, tuple)) else None
    if blocks is None or not all(isinstance(block, dict) for block in blocks):
        raise invalid("content: Input should be a string or a list of content blocks")
    return blocks


def _ttl(cache_control: Any) -> int | None:
    if not cache_control:
        return None
    ttl = cache_control.get("ttl", "5m") if isinstance(cache_control, dict) else None
    if ttl not in _TTL_SECONDS:
        raise invalid("cache_control.ttl: Input should be '5m' or '1h'")
    return _TTL_SECONDS[ttl]


def _check_breakpoints(ttls: list[int]) -> None:
    if len(ttls) > _MAX_BREAKPOINTS:
        raise invalid(
            f"A maximum of {_MAX_BREAKPOINTS} blocks with cache_control may be provided. "
            f"Found {len(ttls)}."
        )
    if ttls != sorted(ttls, reverse=True):
        raise invalid("a ttl='1h' cache_control block must not come after a ttl='5m' one")
