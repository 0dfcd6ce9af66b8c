"""A query file's header, read as what it is: the question, the parameters, the documentation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from spanledger_collector.dimensions import FILTERS
from spanledger_collector.query import measures
from spanledger_collector.query.columns import MEASURES, Column, column
from spanledger_collector.query.parameters import BadParameter, Kind, kind_of

__all__ = ["Definition", "Parameter", "parse_definition"]

READERS = ("anyone", "whole ledger")
"""Who may ask a query without a `team` filter: every token, or only those of no single team."""

REQUIRED = "required"
"""The default of a parameter that has none."""

_PARAM = re.compile(r"-- @param (\w+) (\S+) = (.*?): (.+)")
_AS_LONG_BEFORE = "as long before before_end"
_DAYS_BEFORE_END = re.compile(r"(\d+) days before end")


class Parameter(NamedTuple):
    """One parameter, as its header line declares it."""

    name: str
    kind: Kind
    default: str
    meaning: str


class Definition(NamedTuple):
    """A named query."""

    name: str
    question: str
    notes: str
    """How the answer is made, where that matters."""
    parameters: tuple[Parameter, ...]
    derived: tuple[str, ...]
    """What is bound beside the parameters, worked out from them (`derived.py`)."""
    columns: tuple[Column, ...]
    readers: str
    """`team` when a `team` filter can hold a reader to its own rows, else one of `READERS`."""
    sql: str

    @property
    def may_lack(self) -> frozenset[str]:
        """The columns that a request may do without."""
        chooses = any(parameter.name == measures.PARAMETER for parameter in self.parameters)
        return frozenset(MEASURES if chooses else ())

    def statement(self, values: Mapping[str, object]) -> str:
        """The query as it is run: without the measures that were not asked for."""
        asked = values.get(measures.PARAMETER)
        return measures.only(self.sql, asked) if isinstance(asked, list) else self.sql

    def values(self, given: Mapping[str, Sequence[str]], now: datetime) -> dict[str, object]:
        """Read what a request gave, and put defaults in for the rest.

        Raises:
            BadParameter: something unknown was given, or a value that does not fit.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                listed = ", ".join(known) or "none"
                raise BadParameter(f"{self.name} has no parameter {name!r}. It has: {listed}.")
        values = {name: _parse(known[name], texts) for name, texts in given.items()}
        for parameter in reversed(self.parameters):  # an `end` before the `start` that needs it
            if parameter.name not in values:
                values[parameter.name] = _default(parameter, values, now)
        return values


def parse_definition(name: str, text: str) -> Definition:
    """Read a query file.

    Raises:
        ValueError: the header is not as it should be.
    """
    lines = [line for line in text.splitlines() if line.startswith("--")]
    parameters: list[Parameter] = []
    derived: list[str] = []
    columns: list[Column] = []
    notes: list[str] = []
    readers = ""
    for line in lines[1:]:
        if line == "-- @filters":
            parameters.extend(_filters())
        elif line == "-- @measures":
            columns.extend(column(measure) for measure in MEASURES)
        elif line.startswith("-- @returns "):
            columns.extend(column(each) for each in line.split()[2:])
        elif line.startswith("-- @derived "):
            derived.extend(line.split()[2:])
        elif line.startswith("-- @readers "):
            readers = line.removeprefix("-- @readers ")
        elif line.startswith("-- @note "):
            notes.append(line.removeprefix("-- @note "))
        elif match := _PARAM.fullmatch(line):
            parameters.append(Parameter(match[1], kind_of(match[2]), match[3], match[4]))
        else:
            raise ValueError(f"{name}.sql: a header line is neither @param nor @filters: {line}")
    if any(parameter.name == "team" for parameter in parameters):
        readers = "team"
    if readers not in ("team", *READERS):
        raise ValueError(f"{name}.sql: neither a team filter nor @readers says who may ask it")
    return Definition(
        name=name,
        question=lines[0].removeprefix("-- "),
        notes=" ".join(notes),
        parameters=tuple(parameters),
        derived=tuple(derived),
        columns=tuple(columns),
        readers=readers,
        sql=text,
    )


def _filters() -> list[Parameter]:
    texts = kind_of("texts")
    return [
        Parameter(name, texts, "", f"only this {name}; repeat it for more, `(none)` for missing")
        for name in FILTERS
    ]


def _parse(parameter: Parameter, texts: Sequence[str]) -> object:
    try:
        return parameter.kind.parse(texts)
    except BadParameter as error:
        raise BadParameter(f"The parameter {parameter.name!r} {error}.") from error


def _default(parameter: Parameter, values: Mapping[str, object], now: datetime) -> object:
    if parameter.kind.repeats:
        return []
    if parameter.default == "now":
        return now
    if parameter.default == "":
        return None
    if parameter.default == REQUIRED:
        raise BadParameter(f"The parameter {parameter.name!r} is needed: {parameter.kind.allowed}.")
    if parameter.kind.name == "instant" and parameter.default in values:
        return values[parameter.default]
    if parameter.default == _AS_LONG_BEFORE:
        return _instant(values, "before_end") - (
            _instant(values, "end") - _instant(values, "start")
        )
    if match := _DAYS_BEFORE_END.fullmatch(parameter.default):
        return _instant(values, "end") - timedelta(days=int(match[1]))
    return parameter.kind.parse([parameter.default])


def _instant(values: Mapping[str, object], name: str) -> datetime:
    value = values[name]
    assert isinstance(value, datetime)
    return value
