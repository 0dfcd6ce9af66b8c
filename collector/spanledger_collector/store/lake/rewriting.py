"""Which files of a table are written anew without the rows that are gone; knows no database.

DuckLake takes all files that have lost at least a share of their rows, and makes them one file,
however large. So shares are named in steps, the largest first, and each step finds what those
before it have left.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

__all__ = ["WORTH_IT", "Holed", "steps"]

WORTH_IT: Final = 0.05
"""A large file that has lost this share of its rows is written anew: twenty rows for each gone."""


class Holed(NamedTuple):
    """A file of which rows are gone."""

    lost: float
    """The share that is gone."""
    left: int
    """Bytes of the other rows, about."""


def steps(files: Iterable[Holed], large: int) -> list[float]:
    """Name shares so that small files are written anew at once, and large ones seldom.

    A large file is alone in its step. It waits until it has lost enough, or until it has lost more
    than a small one, which could not be named without it: then one of them is written anew.

    Args:
        files: those of one table.
        large: bytes from which on a file is large; what a step makes is smaller.
    """
    named: list[float] = []
    room = -1
    for file in _wanted(sorted(files, reverse=True), large):
        if file.left > room:
            named.append(file.lost)
            room = large
        named[-1] = file.lost
        room -= file.left
        if file.left >= large and file.lost < WORTH_IT:
            break
    return named


def _wanted(files: list[Holed], large: int) -> list[Holed]:
    """Leave out the large files at the end that are not worth it and in nobody's way."""
    while files and files[-1].left >= large and files[-1].lost < WORTH_IT:
        files.pop()
    return files
