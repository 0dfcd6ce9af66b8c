"""Names that somebody else chose, as text that no chat reads as anything else; pure."""

from __future__ import annotations

import unicodedata

__all__ = ["plain"]

_LONGEST = 80
_LOOKALIKES = str.maketrans(
    {
        "<": "\u2039",
        ">": "\u203a",
        "*": "\u2217",
        "`": "'",
        "~": "\u223c",
        "|": "\u00a6",
        "[": "(",
        "]": ")",
        "\\": "/",
        "&": "+",
        "@": "@\u200b",
        "#": "#\u200b",
        "!": "!\u200b",
    }
)
_EDGES = {"_": "\uff3f", "-": "\u2010", "=": "\uff1d"}
"""What marks up only at a word's edge."""


def plain(name: str) -> str:
    """A name in one line, without markup, mention or link, and not too long."""
    shown = "".join(" " if _breaks(each) else each for each in name)
    shown = " ".join(shown.split())[:_LONGEST] or "(no name)"
    for edge, lookalike in _EDGES.items():
        if shown.startswith(edge) or shown.endswith(edge):
            shown = shown.replace(edge, lookalike)
    return shown.translate(_LOOKALIKES).replace("://", ":\u200b//")


def _breaks(character: str) -> bool:
    """Whether it is a control, a line or a direction rather than a letter."""
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
