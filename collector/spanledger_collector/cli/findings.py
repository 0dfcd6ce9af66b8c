"""What a check of the set-up found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Level(str, Enum):
    """How bad it is: only `fail` keeps spend from being recorded or shown."""

    ok = "ok"
    warn = "warn"
    fail = "fail"


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    level: Level
    what: str
    detail: str
    cure: str = ""


def ok(what: str, detail: str) -> Finding:
    """All is well."""
    return Finding(Level.ok, what, detail)


def warning(what: str, detail: str, cure: str) -> Finding:
    """It works, but deserves attention."""
    return Finding(Level.warn, what, detail, cure)


def failure(what: str, detail: str, cure: str) -> Finding:
    """It does not work until mended."""
    return Finding(Level.fail, what, detail, cure)
