"""Data goes to standard output, talk to standard error, failure ends in one paragraph."""

from __future__ import annotations

from typing import NoReturn

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

out = Console(highlight=False)
talk = Console(stderr=True, highlight=False)

FAILED = 1
MISUSED = 2

_WIDEST = 2000


def say(message: str, style: str = "") -> None:
    """Tell the person at the terminal something; brackets in it are plain text."""
    talk.print(Text(message, style=style), soft_wrap=True)


def warn(message: str) -> None:
    """Tell of something that deserves attention but stops nothing."""
    talk.print(Text.assemble(("Warning: ", "yellow"), message), soft_wrap=True)


def fail(message: str, code: int = FAILED) -> NoReturn:
    """End the command with one paragraph on what happened and what to do."""
    talk.print(Text.assemble(("Error: ", "bold red"), message), soft_wrap=True)
    raise typer.Exit(code)


def print_table(table: Table) -> None:
    """Print a table in full: nothing is cut, the terminal may wrap what is too wide for it."""
    width = _width(table)
    console = out if width <= out.width else Console(width=width, highlight=False)
    console.print(table)


def fits(table: Table) -> bool:
    """Whether a table can be printed without cutting or breaking anything."""
    return not out.is_terminal or _width(table) <= out.width


def _width(table: Table) -> int:
    wide = Console(width=_WIDEST)
    return Measurement.get(wide, wide.options, table).maximum
