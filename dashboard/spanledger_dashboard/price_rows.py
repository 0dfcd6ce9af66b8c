"""The price list's table: what it shows of each row the collector sends; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

__all__ = ["PLATFORMS", "as_rows"]

PLATFORMS = {
    "any": "All platforms",
    "anthropic": "Claude API",
    "aws.bedrock": "Amazon Bedrock",
    "gcp.vertex_ai": "Google Cloud",
}
KINDS = {
    "input": "Input",
    "output": "Output",
    "cache_read": "Cache read",
    "cache_write_5m": "Write 5 min",
    "cache_write_1h": "Write 1 h",
}


def as_rows(prices: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A line for each model, length and speed, the list price beside what a contract changed."""
    return [
        {
            "Model": row["model"],
            "Applies to": row["tier"],
            **{label: _amount(row, kind) for kind, label in KINDS.items()},
            "Override": row["override"] or "",
            "List input": _number(row["list_input_usd_per_mtok"]) if row["override"] else None,
            "List output": _number(row["list_output_usd_per_mtok"]) if row["override"] else None,
            "Batch": _factor(row["batch_multiplier"]),
            "US only": _factor(row["us_geo_multiplier"]),
            "Regional": _factor(row["regional_multiplier"]),
            "Lifecycle": row["lifecycle"],
            "Released": row["released"],
            "Retired": row["retired"],
            "Since": row["valid_from"],
            "Until": row["valid_to"],
            "Confidence": row["confidence"],
            "Source": row["source"],
            "Note": row["note"] or "",
        }
        for row in prices
    ]


def _amount(row: Mapping[str, Any], kind: str) -> float | None:
    return _number(row[f"{kind}_usd_per_mtok"])


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _factor(value: Decimal | None) -> str:
    return "—" if value is None else f"x {value.normalize():f}"
