"""Which price book the collector prices by right now, and how it changes without a restart."""

from __future__ import annotations

from pathlib import Path

from spanledger.pricing import PriceBook, price_book
from spanledger_collector.prices.contract import read_contract

__all__ = ["PricesInForce", "book_under"]


def book_under(overrides: Path | None) -> PriceBook:
    """The shipped book, under the contract of a file when there is one.

    Raises:
        ContractError: the file cannot be used.
    """
    return price_book() if overrides is None else read_contract(overrides, price_book())


class PricesInForce:
    """The book that calls are priced by; read by many threads, replaced as a whole.

    Args:
        overrides: the contract's file, read now and whenever asked.

    Raises:
        ContractError: the file cannot be used.
    """

    def __init__(self, overrides: Path | None = None) -> None:
        self._overrides = overrides
        self.book = book_under(overrides)

    def read_again(self) -> PriceBook:
        """The book as the file has it now; `put_in_force` makes it count.

        Raises:
            ContractError: the file cannot be used.
        """
        book = book_under(self._overrides)
        return self.book if book.version == self.book.version else book

    def put_in_force(self, book: PriceBook) -> None:
        """Price by a book from now on."""
        self.book = book
