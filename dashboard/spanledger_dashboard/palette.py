"""One colour for each model and each name, the same on every page; pure.

Hues are Okabe and Ito's, which stay apart for every common kind of colour blindness: a model
family has a hue, a version a shade of it. Every shade keeps a contrast of at least 2.2 to white
and to the dark background.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from zlib import crc32

__all__ = [
    "CACHE_COLORS",
    "COMPARISON",
    "ENDING_COLORS",
    "LIMIT_COLORS",
    "NEUTRAL",
    "PERCENTILE_COLORS",
    "TOKEN_COLORS",
    "model_color",
    "named_colors",
    "series_colors",
]

NEUTRAL = "#8592a3"
COMPARISON = "#8592a3"
ACCENT = "#3b7dd8"
# Stands for "look here" on both backgrounds: 4.2 to white, 4.4 to the dark one.
ALARM = "#cf5a1e"

# The first shade is the current generation's, neighbours in time differ clearly in lightness.
_FAMILIES = {
    "opus": ("#2f74c9", "#6ba4e8", "#1f5699", "#83abdc", "#4a88a8"),
    "sonnet": ("#dd8215", "#e89b33", "#b4660b", "#cf9a52", "#c98d5a"),
    "haiku": ("#0f9b78", "#0b7a5e", "#45bd9c", "#62b399", "#5b9c6a"),
    "fable": ("#c2569b", "#dd86bd", "#9a3d79", "#d39abf", "#b77a9f"),
    "mythos": ("#8f6ed5", "#ad93e6", "#6f4fb5", "#b8a6dd", "#8d80b5"),
}
_SHADE = {
    "5-5": 0, "5-2": 0, "5-1": 2, "5": 1, "4-8": 2, "4-7": 3, "4-6": 4,
    "4-5": 2, "4-1": 3, "4": 1, "3-7": 3, "3-5": 4, "3": 1,
}  # fmt: skip
_VERSION = re.compile(r"(?<!\d)(\d)(?:[-.](\d))?(?!\d)")
_NAMED = (
    "#2f74c9",
    "#dd8215",
    "#0f9b78",
    "#c2569b",
    "#8f6ed5",
    "#b59a1c",
    "#4fa3c7",
    "#c65a3c",
)
OTHER = "Other"
TOKEN_COLORS = {
    "Uncached input": "#dd8215",
    "Cache read": "#0f9b78",
    "Cache write": "#4fa3c7",
    "Output": "#8f6ed5",
}
# What caching saved and cost, and the lifetimes of what was written.
CACHE_COLORS = {
    "Saved by reads": "#0f9b78",
    "Premium on writes": "#4fa3c7",
    "Cache-hit share": "#0f9b78",
    "5-minute writes": "#4fa3c7",
    "1-hour writes": "#1f5699",
}
# Percentiles never cross: shades of one hue are enough.
PERCENTILE_COLORS = {"50 of 100": "#83abdc", "95 of 100": "#2f74c9", "99 of 100": "#1f5699"}
ENDING_COLORS = {
    "Failed": ALARM,
    "Closed early": "#b59a1c",
    "Never read": "#8f6ed5",
    "Cancelled": NEUTRAL,
}
LIMIT_COLORS = {
    "Requests": "#2f74c9",
    "Input tokens": TOKEN_COLORS["Uncached input"],
    "Output tokens": TOKEN_COLORS["Output"],
}
# Why a cost differs from the one before.
CAUSE_COLORS = {
    "Number of calls": "#2f74c9",
    "Choice of models": "#c2569b",
    "Tokens per call": "#dd8215",
    "Caching": "#0f9b78",
    "Prices": "#8f6ed5",
    "Web searches": "#b59a1c",
}


def model_color(model: str) -> str:
    """The colour of a model: its family's hue, its version's shade."""
    for family, shades in _FAMILIES.items():
        if family in model:
            return shades[_generation(model) % len(shades)]
    return NEUTRAL


def named_colors(names: Sequence[str]) -> dict[str, str]:
    """Distinct colours for the names shown together; a name keeps its colour where it can."""
    taken: dict[str, str] = {}
    free = list(_NAMED)
    for name in sorted(set(names) - {OTHER, "(none)"}):
        start = crc32(name.encode()) % len(_NAMED)
        order = _NAMED[start:] + _NAMED[:start]
        taken[name] = next((color for color in order if color in free), order[0])
        if taken[name] in free:
            free.remove(taken[name])
    return {name: taken.get(name, NEUTRAL) for name in names}


def every_color() -> set[str]:
    """All colours that can stand for a model, a name or a kind of token."""
    shades = {shade for family in _FAMILIES.values() for shade in family}
    fixed = (
        TOKEN_COLORS,
        CACHE_COLORS,
        PERCENTILE_COLORS,
        ENDING_COLORS,
        LIMIT_COLORS,
        CAUSE_COLORS,
    )
    told = {color for colors in fixed for color in colors.values()}
    return shades | set(_NAMED) | told | {NEUTRAL, ACCENT, ALARM}


def series_colors(dimension: str, names: Sequence[str]) -> dict[str, str]:
    """Colours of the values of one dimension."""
    if dimension == "model":
        return {name: model_color(name) for name in names}
    return named_colors(names)


def _generation(model: str) -> int:
    found = _VERSION.search(model)
    version = "-".join(part for part in found.groups() if part) if found else ""
    return _SHADE.get(version, crc32(model.encode()))
