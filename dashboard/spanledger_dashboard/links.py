"""A view of the cost explorer as query parameters, and back; pure.

The names and values here are what links are made of: they outlive the words on the screen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypeAlias

from spanledger_dashboard.buckets import BUCKETS
from spanledger_dashboard.catalogue import DIMENSIONS, MEASURES
from spanledger_dashboard.windows import DEFAULT_RANGE, RANGES

__all__ = ["AUTOMATIC", "CHOICES", "DAYS", "DEFAULTS", "NOTHING", "View", "as_params", "as_view"]

# What each control holds, by its name: a choice, a day or none, or a list of accepted values.
View: TypeAlias = dict[str, str | date | list[str] | None]

NOTHING, AUTOMATIC = "none", "auto"
CHOICES: dict[str, tuple[str, ...]] = {
    "range": tuple(RANGES),
    "measure": tuple(MEASURES),
    "by": tuple(DIMENSIONS),
    "then": (NOTHING, *DIMENSIONS),
    "bucket": (AUTOMATIC, *BUCKETS),
}
DAYS = ("from", "to")
DEFAULTS = {
    "range": DEFAULT_RANGE,
    "measure": "cost",
    "by": "model",
    "then": NOTHING,
    "bucket": AUTOMATIC,
}


def as_view(params: Mapping[str, Sequence[str]]) -> View:
    """What a link asks for; what it does not say, or says wrongly, is the default."""
    view: View = {}
    for name, allowed in CHOICES.items():
        asked = _last(params.get(name, ()))
        view[name] = asked if asked in allowed else DEFAULTS[name]
    for name in DAYS:
        view[name] = _day(_last(params.get(name, ())))
    for name in DIMENSIONS:
        view[name] = [value for value in params.get(name, ()) if value]
    return view


def as_params(view: View) -> dict[str, str | list[str]]:
    """The link to a view, without what is the default anyway."""
    params: dict[str, str | list[str]] = {}
    for name, value in view.items():
        if isinstance(value, list):
            if value:
                params[name] = list(value)
        elif isinstance(value, date):
            params[name] = value.isoformat()
        elif value is not None and value != DEFAULTS.get(name):
            params[name] = value
    return params


def _last(values: Sequence[str]) -> str | None:
    return values[-1] if values else None


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
