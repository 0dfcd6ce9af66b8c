"""A deterministic stand-in for the tokenizer: one token for four bytes of UTF-8, rounded up.

Every block is measured by itself: text by its text, an image or document at a flat figure, anything
else (tools, tool calls, tool results) by its canonical JSON. Each message adds four tokens for its
framing. The figures are near the real ones for English; what matters is that they are repeatable.
"""

from __future__ import annotations

import json
from typing import Any, Final

FRAMING_TOKENS: Final = 4
MEDIA_TOKENS: Final = 1500
_BYTES_PER_TOKEN: Final = 4


def count_text(text: str) -> int:
    """Count the tokens of a text."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // _BYTES_PER_TOKEN)


def count_block(block: dict[str, Any]) -> int:
    """Count the tokens of a content block, a system block or a tool."""
    kind = block.get("type")
    if kind == "text":
        return count_text(str(block.get("text", "")))
    if kind in ("image", "document"):
        return MEDIA_TOKENS
    return count_text(canonical(block))


def canonical(value: object) -> str:
    """Write a value as JSON in the one way that equal values share."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
