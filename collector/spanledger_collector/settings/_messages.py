"""Validation errors into one paragraph: what is wrong, where it stands, what to do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, get_type_hints

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from spanledger_collector.settings._alerts import RULES, AlertsSettings, Budget, Planned, Rule
from spanledger_collector.settings._channels import Channel
from spanledger_collector.settings._dashboard import SavedView
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


def rule_of(keys: Mapping[str, Any]) -> Rule:
    """A rule from its keys, as they stand in the settings.

    Raises:
        SettingsError: it is none.
    """
    try:
        [rule] = AlertsSettings.model_validate({"rule": [keys]}).rule or ()
    except ValidationError as error:
        said = [
            ErrorDetails(**{**detail, "loc": ("alerts", *detail["loc"])})
            for detail in error.errors(include_url=False)
        ]
        raise SettingsError(" ".join(_sentence(each, lambda _: "rule") for each in said)) from error
    return rule


def explain(error: ValidationError, place: Place) -> str:
    """All that is wrong, as sentences of one paragraph."""
    return " ".join(_sentence(detail, place) for detail in error.errors(include_url=False))


def line_of(text: str, key: tuple[str, ...]) -> int | None:
    """The line of a TOML text that sets a key or opens a table; None when written unusually.

    A key within a table that is one of several, such as `alerts.rule.0.by`, is found in that one;
    when it is written in no line of its own, the line is that of the nearest thing around it.
    """
    lines = dict(_keys_by_line(text))
    for length in range(len(key), 1 if len(key) > 2 else len(key) - 1, -1):
        if key[:length] in lines:
            return lines[key[:length]]
    return None


def _keys_by_line(text: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """Each key of a TOML text with its first line."""
    seen: set[tuple[str, ...]] = set()
    counts: Counter[tuple[str, ...]] = Counter()
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*(\[+)\s*([\w.\"'-]+)\s*\]", line)
        assignment = re.match(r"\s*([\w-]+)\s*=", line)
        if header:
            table = tuple(part.strip("\"'") for part in header[2].split("."))
            if header[1] == "[[":
                counts[table] += 1
                table = (*table, str(counts[table] - 1))
        here = (*table, assignment[1]) if assignment and not header else table
        if here not in seen:
            seen.add(here)
            yield here, number


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A suggestion, or else the list of what is known."""
    names = sorted(known)
    close = get_close_matches(word, names, n=1)
    return f"Did you mean '{close[0]}'?" if close else f"Known are: {', '.join(names)}."


def _is_section(field: object) -> bool:
    return isinstance(field, type) and issubclass(field, Section)


def _sentence(detail: ErrorDetails, place: Place) -> str:
    key = _written(tuple(str(part) for part in detail["loc"]))
    if detail["type"] == "extra_forbidden":
        return _unknown(key, place)
    if not key:
        return f"{detail['msg']}."
    if len(key) == 1 and detail["type"] in {"half_a_login", "open_door"}:
        return f"{place(key)}: [{key[0]}] {detail['msg']}."
    where = place(key)
    if detail["type"] == "missing" and len(key) > 1:
        return f"{where}: this {_table(key)} lacks the key '{key[-1]}'."
    if detail["type"].startswith("union_tag"):
        return f"{where}: a rule needs a kind, which is one of {', '.join(RULES)}."
    if detail["type"] in {"model_type", "dict_type", "model_attributes_type"}:
        return f"{where}: '{key[0]}' is a section; write [{key[0]}] and its keys below it."
    return f"{where}: {_name(key)}{_shown(key, detail)} {_reason(detail)}."


def _name(key: tuple[str, ...]) -> str:
    """What a key is called in a sentence."""
    parts = [part for part in key if part != "[key]"]
    number = next((at for at, part in enumerate(parts) if part.isdigit()), None)
    if number is None:
        return ".".join(parts[:2])
    inside = ".".join(part for part in parts[number + 1 :] if not part.isdigit())
    return f"{'.'.join(parts[:number])} {inside}".strip()


def _table(key: tuple[str, ...]) -> str:
    """The table that a key stands in."""
    parts = [part for part in key[:-1] if not part.isdigit()]
    several = any(part.isdigit() for part in key)
    return f"[[{'.'.join(parts)}]]" if several else f"[{'.'.join(parts)}]"


def _written(key: tuple[str, ...]) -> tuple[str, ...]:
    """A key as it is written: without the kind of a rule, by which its model was chosen."""
    is_rule = key[:2] == ("alerts", "rule") and len(key) > 3 and key[3] in RULES
    return (*key[:3], *key[4:]) if is_rule else key


_ENTRIES: dict[tuple[str, ...], type[BaseModel]] = {
    ("collector", "tokens"): TeamToken,
    ("alerts", "channels"): Channel,
    ("alerts", "planned"): Planned,
    ("dashboard", "views"): SavedView,
}


def _keys_of_entry(key: tuple[str, ...]) -> set[str]:
    if key[:2] == ("alerts", "rule"):
        return {name for rule in RULES.values() for name in rule.model_fields}
    fields = set(_ENTRIES[key[:2]].model_fields) if key[:2] in _ENTRIES else {key[-1]}
    return fields - {"address", "secret"}


def _unknown(key: tuple[str, ...], place: Place) -> str:
    sections = section_models()
    if key[0] == "budgets" and len(key) > 2:
        hint = did_you_mean(key[-1], Budget.model_fields)
        return f"{place(key)}: [[budgets]] has no key '{key[-1]}'. {hint}"
    if len(key) == 1:
        hint = did_you_mean(key[0], [*sections, "budgets"])
        return f"{place(key)}: unknown section [{key[0]}]. {hint}"
    model: type[BaseModel] = sections[key[0]]
    if len(key) > 2:
        known = _keys_of_entry(key)
        if key[-1] in known:
            return f"{place(key)}: '{key[-1]}' is no key of a rule of this kind."
        hint = did_you_mean(key[-1], known)
        return f"{place(key)}: [[{key[0]}.{key[1]}]] has no key '{key[-1]}'. {hint}"
    hint = did_you_mean(key[1], model.model_fields)
    return f"{place(key)}: [{key[0]}] has no key '{key[1]}'. {hint}"


def _shown(key: tuple[str, ...], detail: ErrorDetails) -> str:
    hidden = {"tokens", "channels"} & set(key) or any(
        "token" in part or "secret" in part for part in key
    )
    return "" if hidden or len(key) == 1 else f" = {detail['input']!r}"


_REASONS = {
    "byte_size": "should be a number of bytes, such as 1000000 or '64 MiB'",
    "byte_size_unit": "should be a number of bytes, such as 1000000 or '64 MiB'",
    "path_type": "should be the path of a file or a folder, as text",
    "tuple_type": "should be a list",
}
"""What is wrong, by the kind of error, where the validator's own words are for programmers."""


def _reason(detail: ErrorDetails) -> str:
    if detail["type"] in _REASONS:
        return _REASONS[detail["type"]]
    message = detail["msg"]
    if message.startswith("Input should be"):
        return "should be" + message.removeprefix("Input should be").split(", unable to")[0]
    return message[0].lower() + message[1:]
