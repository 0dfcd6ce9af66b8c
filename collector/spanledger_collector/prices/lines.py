"""Where things stand in a TOML text, which its parser does not tell; pure."""

from __future__ import annotations

import re
from typing import NoReturn

__all__ = ["ContractError", "Lines"]


class ContractError(Exception):
    """The overrides file cannot be used; the message is one paragraph."""


class Lines:
    """The lines of an overrides file."""

    def __init__(self, text: str, name: str) -> None:
        self._lines = text.splitlines()
        self._name = name
        self._tables = [
            number
            for number, line in enumerate(self._lines)
            if re.match(r"\s*\[\[\s*override\s*\]\]", line)
        ]

    def place(self, table: int | None, key: str | None) -> str:
        """`prices.toml line 7`, as near as can be told."""
        start = 0 if table is None else self._tables[table] if table < len(self._tables) else 0
        after = self._tables[table + 1 :] if table is not None else []
        end = after[0] if after else len(self._lines)
        if key is not None:
            wanted = re.compile(rf"[\s\[\"'.\w{{,=-]*\b{re.escape(key)}\b[\"']?\s*(=|\])")
            for number in range(start, end):
                if wanted.match(self._lines[number].partition("#")[0]):
                    return f"{self._name} line {number + 1}"
        return f"{self._name} line {start + 1}"

    def refuse(self, table: int | None, key: str | None, why: str) -> NoReturn:
        """Raise the error for a place."""
        raise ContractError(f"{self.place(table, key)}: {why}.")
