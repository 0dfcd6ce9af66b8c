"""The bill: what every answered request cost, added up by model; thread-safe."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, Literal, NamedTuple

from spanledger_demo.simulator.counts import Counts
from spanledger_demo.simulator.rates import cost_usd

Delivery = Literal["complete", "partial"]
"""Whether the client was sent the final counts, or a stream that ended before they came."""

_PICO: Final = 10**12


class BillLine(NamedTuple):
    """The requests of one model that were delivered one way."""

    model: str
    delivery: Delivery
    requests: int
    usd: Decimal


class BillTotals(NamedTuple):
    """A reading of the bill at one moment."""

    lines: tuple[BillLine, ...]

    def requests(self, delivery: Delivery | None = None) -> int:
        """Count the billed requests, of one delivery or of both."""
        return sum(line.requests for line in self._of(delivery))

    def usd(self, delivery: Delivery | None = None) -> Decimal:
        """Add up the exact dollars, of one delivery or of both."""
        return sum((line.usd for line in self._of(delivery)), Decimal(0))

    def to_json(self) -> dict[str, Any]:
        """Write the totals as the body of `GET /_simulator/bill`."""
        return {
            "usd": _plain(self.usd()),
            "requests": self.requests(),
            "lines": [{**line._asdict(), "usd": _plain(line.usd)} for line in self.lines],
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> BillTotals:
        """Read the body of `GET /_simulator/bill`."""
        lines = (BillLine(**{**line, "usd": Decimal(line["usd"])}) for line in body["lines"])
        return cls(tuple(lines))

    def _of(self, delivery: Delivery | None) -> Iterable[BillLine]:
        return (line for line in self.lines if delivery in (None, line.delivery))


class Bill:
    """Adds up what is charged to it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sums: dict[tuple[str, Delivery], tuple[int, Fraction]] = {}

    def charge(self, model: str, counts: Counts, delivery: Delivery = "complete") -> Fraction:
        """Bill one answer of a served model and return its exact cost in dollars."""
        usd = cost_usd(model, counts)
        self._add(model, usd, delivery)
        return usd

    def waive(self, model: str) -> None:
        """Note an answer that is given free: a refusal before any output."""
        self._add(model, Fraction(0), "complete")

    def totals(self) -> BillTotals:
        """Read the bill as it stands."""
        with self._lock:
            sums = sorted(self._sums.items())
        return BillTotals(
            tuple(BillLine(*key, requests, _decimal(usd)) for key, (requests, usd) in sums)
        )

    def _add(self, model: str, usd: Fraction, delivery: Delivery) -> None:
        with self._lock:
            requests, total = self._sums.get((model, delivery), (0, Fraction(0)))
            self._sums[model, delivery] = (requests + 1, total + usd)


def _decimal(usd: Fraction) -> Decimal:
    """Convert without rounding: every price times every factor is whole in picodollars."""
    scaled = usd * _PICO
    if scaled.denominator != 1:
        raise ArithmeticError(f"{usd} dollars are not a whole number of picodollars")
    return Decimal(scaled.numerator).scaleb(-12)


def _plain(usd: Decimal) -> str:
    text = f"{usd:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
