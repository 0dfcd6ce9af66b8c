"""Instants as messages, links and answers have them: UTC, to the second."""

from __future__ import annotations

from datetime import datetime

__all__ = ["stamp"]


def stamp(at: datetime) -> str:
    """An instant as ISO 8601 with its `Z`."""
    return at.isoformat(timespec="seconds") + "Z"
