"""What the calls of a request cost, by column; the rules stand in `prices/`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spanledger.pricing import Cost, CostParts, PriceBook
from spanledger_collector.accounting import MAX_PICODOLLARS
from spanledger_collector.columnar.arrays import Flags
from spanledger_collector.columnar.calls import Columns
from spanledger_collector.columnar.money import money
from spanledger_collector.prices.columns import COUNTS, FACTS, price_columns

__all__ = ["price_calls"]

_ASKED = (*FACTS, *COUNTS, "message_id", "start_time", "iterations")


def price_calls(calls: Columns, prices: PriceBook) -> tuple[Columns, Flags]:
    """Price calls, and say which cost more than the ledger can hold.

    Raises:
        OverflowError: one costs more than 64 bits can.
    """
    priced = price_columns(pa.table({name: calls[name] for name in _ASKED}), prices)
    outcome = pa.array(priced.outcome)

    def told(read: Callable[[Cost], Any], kind: pa.DataType) -> pa.Array:
        return pa.array([read(cost) for cost in priced.costs], kind).take(outcome)

    text = pa.string()
    known = np.array([cost.picodollars is not None for cost in priced.costs])[priced.outcome]
    columns = {
        "model": pc.coalesce(
            told(lambda cost: cost.model, text), calls["response_model"], calls["request_model"]
        ),
        "cost_status": told(lambda cost: cost.status, text),
        "cost_reasons": told(lambda cost: list(cost.reasons), pa.list_(text)),
        "prices_version": told(lambda cost: cost.prices_version, text),
        "cost_usd": money(priced.totals, known),
        "list_usd": money(priced.listed, known),
        **{
            f"{part}_usd": money(priced.parts[:, number], known)
            for number, part in enumerate(CostParts._fields)
        },
    }
    return columns, np.maximum(priced.totals, priced.listed) >= MAX_PICODOLLARS
