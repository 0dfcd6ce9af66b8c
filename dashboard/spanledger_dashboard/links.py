"""What a page lets one choose as query parameters, and back; pure.

The names and values here are what links are made of: they outlive the words on the screen. A page
that lets one choose more than time, zone and filters has an entry in `PAGES`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from spanledger_dashboard.buckets import BUCKETS
from spanledger_dashboard.catalogue import DIMENSIONS, MEASURES
from spanledger_dashboard.ends import read
from spanledger_dashboard.windows import DEFAULT_RANGE, RANGES

__all__ = [
    "AUTOMATIC",
    "DAYS",
    "EXPLORER",
    "NOTHING",
    "OVERVIEW",
    "RUN_SORTS",
    "SHARED",
    "SPLITS",
    "TRACES",
    "ZONE",
    "Choice",
    "Controls",
    "View",
    "as_params",
    "as_view",
    "carried",
    "controls_of",
]

# What each control holds, by its name: a choice, a day or none, a text (also an instant), or a list
# of values.
View: TypeAlias = dict[str, str | date | list[str] | None]
Params: TypeAlias = Mapping[str, Sequence[str]]

NOTHING, AUTOMATIC = "none", "auto"
DAYS = ("from", "to")
ZONE = "tz"
_MAX_TEXT = 1200  # a cursor is a sum and an id, and ids of sessions are what services make them


class Choice(NamedTuple):
    """One of several values."""

    allowed: tuple[str, ...]
    default: str


class Controls(NamedTuple):
    """What a page lets one choose, by the names that links use.

    Every page has the time range, the zone and one filter a dimension; `choices` and `texts` are
    what it has beside them: one of several values, or any text, such as the id of a trace.
    """

    choices: Mapping[str, Choice] = MappingProxyType({})
    texts: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, in the order that links have."""
        return ("range", *DAYS, *self.choices, *self.texts, *DIMENSIONS, ZONE)

    def choice(self, name: str) -> Choice | None:
        """What can be chosen there; None where it is not one of several values."""
        return _RANGE if name == "range" else self.choices.get(name)


_RANGE = Choice(tuple(RANGES), DEFAULT_RANGE)
SHARED = Controls()
EXPLORER = Controls(
    {
        "measure": Choice(tuple(MEASURES), "cost"),
        "by": Choice(tuple(DIMENSIONS), "model"),
        "then": Choice((NOTHING, *DIMENSIONS), NOTHING),
        "bucket": Choice((AUTOMATIC, *BUCKETS), AUTOMATIC),
    }
)
SPLITS = ("team", "service", "feature", "model", "user")
OVERVIEW = Controls({"split": Choice(SPLITS, SPLITS[0])})
RUN_SORTS = {
    "cost": "Most expensive first",
    "newest": "Newest first",
    "calls": "Most calls first",
    "errors": "Most failures first",
    "duration": "Longest first",
}
TRACES = Controls(
    {"show": Choice(("sessions", "traces"), "sessions"), "sort": Choice(tuple(RUN_SORTS), "cost")},
    texts=("after", "session", "trace", "call", "at"),
)
PAGES: dict[str, Controls] = {
    "": OVERVIEW,
    "explorer": EXPLORER,
    "cache": Controls({"by": Choice(tuple(DIMENSIONS), "feature")}),
    "traces": TRACES,
    "alerts": Controls(texts=("alert",)),
    "latency": Controls({"by": Choice(tuple(DIMENSIONS), "model")}),
}
"""By the page's name in the address; Overview has none."""


def controls_of(page: str) -> Controls:
    """What the page of that name in the address lets one choose."""
    return PAGES.get(page, SHARED)


def as_view(params: Params, controls: Controls) -> View:
    """What a link asks for; what it does not say, or says wrongly, is the default."""
    view: View = {}
    if "range" not in params and any(params.get(name) for name in DAYS):
        params = {**params, "range": ("custom",)}
    for name in controls.names:
        asked = _last(params.get(name, ()))
        if choice := controls.choice(name):
            view[name] = asked if asked in choice.allowed else choice.default
        elif name in DAYS:
            view[name] = read(asked)
        elif name in DIMENSIONS:
            view[name] = [value for value in params.get(name, ()) if value]
        else:
            view[name] = asked[:_MAX_TEXT] if asked else None
    return view


def as_params(view: View, controls: Controls) -> dict[str, str | list[str]]:
    """The link to a view, without what is the default anyway."""
    params: dict[str, str | list[str]] = {}
    for name, value in view.items():
        choice = controls.choice(name)
        if name in DAYS and view.get("range") != "custom":
            continue
        if isinstance(value, list):
            if value:
                params[name] = list(value)
        elif isinstance(value, date):
            params[name] = value.isoformat()
        elif value and not (choice and value == choice.default):
            params[name] = value
    return params


def carried(params: Params) -> dict[str, str | list[str]]:
    """What of a page's address holds for every other page as well."""
    return as_params(as_view(params, SHARED), SHARED)


def _last(values: Sequence[str]) -> str | None:
    return values[-1] if values else None
