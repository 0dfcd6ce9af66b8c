"""Prices that others published or were invoiced, reproduced to the last digit."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from spanledger.pricing import Usage, price

VECTORS: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("published_vectors.json").read_text(encoding="utf-8")
)
SESSION_HOUR_USD = Decimal("0.08")
"""Managed-agent running time, which two published totals include and no single call carries."""


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_published_price_is_reproduced(vector: dict[str, Any]) -> None:
    """The published total, less session time, is the token cost exactly."""
    usage = Usage(
        input_tokens=vector.get("input", 0),
        output_tokens=vector.get("output", 0),
        cache_read_tokens=vector.get("cache_read", 0),
        cache_write_5m_tokens=vector.get("cache_write_5m", 0),
        cache_write_1h_tokens=vector.get("cache_write_1h", 0),
        speed=vector.get("speed"),
    )
    noon = dt.datetime.fromisoformat(f"{vector['date']}T12:00:00+00:00")
    cost = price(vector["model"], usage, at_ns=int(noon.timestamp()) * 10**9)
    sessions = Decimal(vector.get("session_hours", 0)) * SESSION_HOUR_USD

    assert cost.status == "priced"
    assert cost.usd == Decimal(vector["expected_usd"]) - sessions
