"""`prices quote`: JSON requests in, JSON costs out. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from spanledger.pricing import CostParts, PriceBook, Usage, UsageError, price, usage_from_api, usd
from spanledger.pricing.models import BEDROCK, VERTEX

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
_FRACTION = re.compile(r"\.(\d+)")

PROVIDERS = ("anthropic", BEDROCK, VERTEX)
"""What a call's provider may be; all others are priced like Anthropic's own API."""

Value = TypeVar("Value")


class QuoteError(ValueError):
    """A request cannot be read; the message names the field."""


class Request(NamedTuple):
    """One call to price, as JSON describes it."""

    model: str
    usage: Usage
    at_ns: int
    provider: str
    stop_reason: str | None
    complete: bool
    request_model: str | None
    server_address: str | None


FIELDS = ("model", "at", *(field for field in Request._fields if field not in {"model", "at_ns"}))


def request_from_json(data: object, now_ns: int) -> Request:
    """Read one request; `model` and `usage` are required.

    Raises:
        QuoteError: With the field and what it should hold.
    """
    if not isinstance(data, Mapping):
        raise QuoteError(f"must be an object with 'model' and 'usage', not {_kind(data)}")
    for name in ("model", "usage"):
        if data.get(name) in (None, ""):
            raise QuoteError(f"'{name}' is missing")
    return Request(
        model=_text(data, "model", ""),
        usage=_usage(data["usage"]),
        at_ns=_read(data, "at", _nanoseconds, now_ns),
        provider=_text(data, "provider", "anthropic"),
        stop_reason=_read(data, "stop_reason", _string, None),
        complete=_read(data, "complete", _boolean, True),
        request_model=_read(data, "request_model", _string, None),
        server_address=_read(data, "server_address", _string, None),
    )


def quote(request: Request, book: PriceBook) -> dict[str, Any]:
    """The cost of one call, as JSON tells it: exact decimal strings, null when unpriced."""
    cost = price(**request._asdict(), book=book)
    parts = cost.parts or (None,) * len(CostParts._fields)
    return {
        "status": cost.status,
        "cost_usd": _dollars(cost.picodollars),
        "list_usd": _dollars(cost.list_picodollars),
        "parts": dict(zip(CostParts._fields, map(_dollars, parts), strict=True)),
        "prices_version": cost.prices_version,
        "reasons": list(cost.reasons),
    }


def unknown_fields(data: object) -> list[str]:
    """Fields that mean nothing here, most likely misspelt."""
    return sorted(set(data) - set(FIELDS)) if isinstance(data, Mapping) else []


def _dollars(picodollars: int | None) -> str | None:
    return None if picodollars is None else format(usd(picodollars), "f")


def _usage(data: object) -> Usage:
    if not isinstance(data, Mapping):
        raise QuoteError(f"'usage' must be the API's usage object, not {_kind(data)}")
    try:
        return usage_from_api(data)
    except UsageError as error:
        raise QuoteError(str(error)) from error


def _read(
    data: Mapping[str, Any], name: str, convert: Callable[[object], Value], default: Value
) -> Value:
    value = data.get(name)
    if value is None:
        return default
    try:
        return convert(value)
    except ValueError as error:
        raise QuoteError(f"'{name}' must be {error}, not {value!r}") from error


def _text(data: Mapping[str, Any], name: str, default: str) -> str:
    return _read(data, name, _string, default)


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("text")  # noqa: TRY004  (all converters tell the same way)
    return value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")  # noqa: TRY004
    return value


def _nanoseconds(value: object) -> int:
    wanted = "a time like '2026-11-20T00:00:00Z'"
    text = value if isinstance(value, str) else ""
    # Python 3.10 reads neither Z nor fractions of other than 3 or 6 digits.
    text = _FRACTION.sub(lambda match: "." + match[1][:6].ljust(6, "0"), text, count=1)
    try:
        moment = dt.datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text.strip()))
    except ValueError as error:
        raise ValueError(wanted) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.timezone.utc)
    return (moment - _EPOCH) // dt.timedelta(microseconds=1) * 1000


def _kind(data: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "a truth value"}
    return "null" if data is None else names.get(type(data), "a number")
