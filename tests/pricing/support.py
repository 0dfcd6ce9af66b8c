"""What the tests of the rules share: API usage objects, instants, and the check of a whole cost."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from spanledger.pricing import Cost, price, usage_from_api

MILLION = 10**6


def on(date: str, hour: int = 12) -> int:
    """An instant on a day, in nanoseconds."""
    return int(dt.datetime.fromisoformat(f"{date}T{hour:02}:00:00+00:00").timestamp()) * 10**9


TODAY = on("2026-11-20")


def usage(**fields: Any) -> dict[str, Any]:
    """An API usage object."""
    return {"input_tokens": 0, "output_tokens": 0, **fields}


def cost_of(model: str, fields: dict[str, Any], at_ns: int = TODAY, **facts: Any) -> Cost:
    """Price an API usage object."""
    return price(model, usage_from_api(fields), at_ns=at_ns, **facts)


def check(cost: Cost, status: str, usd: str | None, *reasons: str) -> None:
    """The whole of a cost but its parts, which must add up to it."""
    assert (cost.status, None if usd is None else Decimal(usd), set(reasons)) == (
        cost.status,
        cost.usd,
        set(cost.reasons),
    )
    assert cost.status == status
    if cost.parts is not None:
        assert sum(cost.parts) == cost.picodollars


def turn(tokens: int, kind: str = "message", **fields: Any) -> dict[str, Any]:
    """An entry of `usage.iterations`."""
    return {
        "type": kind,
        "input_tokens": tokens,
        "output_tokens": 1000,
        "cache_read_input_tokens": 0,
        "cache_creation_input_tokens": 0,
        **fields,
    }
