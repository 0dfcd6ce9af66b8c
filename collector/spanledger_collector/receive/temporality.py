"""What the numbers of OTLP's metrics mean, in both encodings."""

from __future__ import annotations

from typing import Final

__all__ = ["NO_RECORDED_VALUE", "temporality"]

NO_RECORDED_VALUE: Final = 1
"""The flag of a data point that says that there is none."""
_TEMPORALITIES: Final = {1: "delta", 2: "cumulative"}


def temporality(number: int) -> str | None:
    """Name an `AggregationTemporality`; None for the unspecified, and for what is unknown."""
    return _TEMPORALITIES.get(number)
