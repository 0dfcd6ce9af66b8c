"""The types that a query's parameters may have: text in, value to bind out; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import available_timezones

from spanledger_collector.dimensions import FILTERS
from spanledger_collector.query.columns import MEASURES

__all__ = ["GROUPS", "ZONES", "BadParameter", "Cursor", "Kind", "Place", "instant", "kind_of"]

GROUPS = ("none", *FILTERS, "operation", "session_id")
"""The dimensions that `group_by` may name: the allow-list behind the macro `dimension`."""

ZONES = tuple(sorted(available_timezones() - {"localtime"}))
"""The time zones that Python and DuckDB both know."""

_CHOICE = re.compile(r"choice\((.+)\)")
_INTEGER = re.compile(r"integer\((\d+)\.\.(\d+)\)")
_SPAN_ID = re.compile(r"[0-9a-f]{16}")
_TRACE_ID = re.compile(r"[0-9a-f]{32}")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_VALUE = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,12})?")
_MAX_TEXT = 1024
_KNOWN_ZONES = frozenset(ZONES)
_MAX_VALUES = 1000


class BadParameter(Exception):
    """A parameter that is not declared, or a value that its declaration does not allow."""


class Cursor(NamedTuple):
    """The row before which a list, newest first, goes on."""

    time: datetime
    span_id: int


class Place(NamedTuple):
    """The row after which a list goes on that is ordered by some value and then by name."""

    value: Decimal
    name: str


class Kind(NamedTuple):
    """How the text of a parameter becomes the value that is bound."""

    name: str
    allowed: str
    """What fits, to follow the words "it must be"."""
    read: Callable[[str], object]
    """Raises ValueError when the text does not fit."""
    schema: Mapping[str, object]
    """The same as JSON Schema, of one value."""
    repeats: bool = False

    def parse(self, values: Sequence[str]) -> object:
        """Read the values given, one for each time that the parameter was repeated.

        Raises:
            BadParameter: they do not fit.
        """
        if self.repeats:
            if len(values) > _MAX_VALUES:
                raise BadParameter(f"has {len(values)} values; {_MAX_VALUES} are the most")
            return [self._one(value) for value in values]
        if len(values) != 1:
            raise BadParameter("may be given only once")
        return self._one(values[0])

    def _one(self, value: str) -> object:
        try:
            return self.read(value)
        except (ValueError, OverflowError) as error:
            raise BadParameter(f"is {value[:80]!r}; it must be {self.allowed}") from error


def kind_of(declared: str) -> Kind:
    """Find the type that a query file declares.

    Raises:
        ValueError: there is no such type.
    """
    if declared in _PLAIN:
        return _PLAIN[declared]
    if match := _CHOICE.fullmatch(declared):
        return _choice(match[1].split("|"))
    if match := _INTEGER.fullmatch(declared):
        return _integer(int(match[1]), int(match[2]))
    raise ValueError(f"no parameter type {declared!r}")


def instant(value: str) -> datetime:
    """Read an ISO 8601 instant as naive UTC, which is how the ledger's columns hold time."""
    text = value.replace(" ", "+") if "T" in value else value  # a + that a URL lost
    moment = datetime.fromisoformat(text[:-1] + "+00:00" if text[-1:] in "zZ" else text)
    if moment.tzinfo is not None:
        moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
    if not 2000 <= moment.year < 2200:
        raise ValueError(value)
    return moment


def _zone(value: str) -> str:
    if value not in _KNOWN_ZONES:
        raise ValueError(value)
    return value


def _cursor(value: str) -> Cursor:
    time, _, span_id = value.partition("/")
    if span_id and not _SPAN_ID.fullmatch(span_id):
        raise ValueError(value)
    return Cursor(instant(time), int(span_id or "0", 16))


def _place(value: str) -> Place:
    number, slash, name = value.partition("/")
    if not slash or not _VALUE.fullmatch(number):
        raise ValueError(value)
    return Place(Decimal(number), name)


def _trace_id(value: str) -> str:
    if not _TRACE_ID.fullmatch(value.lower()):
        raise ValueError(value)
    return value.lower()


def _span_id(value: str) -> int:
    if not _SPAN_ID.fullmatch(value.lower()):
        raise ValueError(value)
    return int(value, 16)


def _text(value: str) -> str:
    if len(value) > _MAX_TEXT:
        raise ValueError(value)
    return value


def _choice(names: Sequence[str], kind: str = "choice", *, repeats: bool = False) -> Kind:
    def read(value: str) -> str:
        if value not in names:
            raise ValueError(value)
        return value

    return Kind(kind, "one of " + ", ".join(names), read, {"enum": list(names)}, repeats)


def _integer(low: int, high: int) -> Kind:
    def read(value: str) -> int:
        if not _WHOLE.fullmatch(value):
            raise ValueError(value)
        number = int(value)
        if not low <= number <= high:
            raise ValueError(value)
        return number

    schema = {"type": "integer", "minimum": low, "maximum": high}
    return Kind("integer", f"an integer from {low} to {high}", read, schema)


def _matching(pattern: str) -> Mapping[str, object]:
    return {"type": "string", "pattern": f"^{pattern}$"}


_INSTANT = (
    r"2[01][0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z"
)
"""The instants that are promised; `instant` reads more."""

_TEXT = {"type": "string", "maxLength": _MAX_TEXT}
_PLAIN = {
    kind.name: kind
    for kind in (
        Kind(
            "instant",
            "an ISO 8601 instant such as 2026-11-20T09:30:00Z, from 2000 on and before 2200",
            instant,
            _matching(_INSTANT),
        ),
        Kind(
            "zone",
            "an IANA time zone such as Europe/Berlin",
            _zone,
            {"$ref": "#/components/schemas/TimeZone"},
        ),
        Kind(
            "cursor",
            "the `cursor` of a row, or an instant",
            _cursor,
            _matching(f"{_INSTANT}(/{_SPAN_ID.pattern})?"),
        ),
        Kind("place", "the `cursor` of a row", _place, _matching(f"{_VALUE.pattern}/.*")),
        Kind("trace_id", "32 hexadecimal digits", _trace_id, _matching(_TRACE_ID.pattern)),
        Kind("span_id", "16 hexadecimal digits", _span_id, _matching(_SPAN_ID.pattern)),
        Kind("text", "text", _text, _TEXT),
        Kind("texts", "text; `(none)` stands for a missing value", _text, _TEXT, repeats=True),
    )
} | {"group": _choice(GROUPS), "measures": _choice(MEASURES, "measures", repeats=True)}
