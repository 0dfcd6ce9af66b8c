"""Validation errors into one paragraph: what is wrong, where it stands, what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import get_type_hints

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from spanledger_collector.settings._models import Settings
from spanledger_collector.settings._section import Section
from spanledger_collector.settings._tokens import TeamToken

Place = Callable[[tuple[str, ...]], str]
"""Tells where a key was set, e.g. `spanledger.toml line 3` or a variable's name."""


class SettingsError(Exception):
    """The settings cannot be used; the message is one paragraph for the person who wrote them."""


def section_models() -> dict[str, type[Section]]:
    """The sections by name, in the order of the documentation."""
    return {name: field for name, field in get_type_hints(Settings).items() if _is_section(field)}


def explain(error: ValidationError, place: Place) -> str:
    """All that is wrong, as sentences of one paragraph."""
    return " ".join(_sentence(detail, place) for detail in error.errors(include_url=False))


def line_of(text: str, key: tuple[str, ...]) -> int | None:
    """The line of a TOML text that sets a key or opens a table; None when written unusually."""
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[+\s*([\w.\"'-]+)\s*\]", line)
        table = header[1] if header else table
        assignment = re.match(r"\s*([\w-]+)\s*=", line)
        here = (*filter(None, [table]), *([assignment[1]] if assignment and not header else []))
        if here == key:
            return number
    return None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A suggestion, or else the list of what is known."""
    names = sorted(known)
    close = get_close_matches(word, names, n=1)
    return f"Did you mean '{close[0]}'?" if close else f"Known are: {', '.join(names)}."


def _is_section(field: object) -> bool:
    return isinstance(field, type) and issubclass(field, Section)


def _sentence(detail: ErrorDetails, place: Place) -> str:
    key = tuple(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        return _unknown(key, place)
    if not key:
        return f"{detail['msg']}."
    where = place(key)
    if detail["type"] in {"model_type", "dict_type", "model_attributes_type"}:
        return f"{where}: '{key[0]}' is a section; write [{key[0]}] and its keys below it."
    return f"{where}: {'.'.join(key[:2])}{_shown(key, detail)} {_reason(detail)}."


def _unknown(key: tuple[str, ...], place: Place) -> str:
    sections = section_models()
    if len(key) == 1:
        return f"{place(key)}: unknown section [{key[0]}]. {did_you_mean(key[0], sections)}"
    model: type[BaseModel] = sections[key[0]]
    if len(key) > 2:
        hint = did_you_mean(key[-1], TeamToken.model_fields)
        return f"{place(key)}: [[{key[0]}.{key[1]}]] has no key '{key[-1]}'. {hint}"
    hint = did_you_mean(key[1], model.model_fields)
    return f"{place(key)}: [{key[0]}] has no key '{key[1]}'. {hint}"


def _shown(key: tuple[str, ...], detail: ErrorDetails) -> str:
    secret = "token" in key or "tokens" in key or len(key) == 1
    return "" if secret else f" = {detail['input']!r}"


def _reason(detail: ErrorDetails) -> str:
    message = detail["msg"]
    if message.startswith("Input should be"):
        return "should be" + message.removeprefix("Input should be").split(", unable to")[0]
    return message[0].lower() + message[1:]
