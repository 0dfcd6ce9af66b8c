"""The threads that decode requests: those that wait at the same time are decoded together."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, NamedTuple

from spanledger_collector.prices import PricesInForce
from spanledger_collector.receive.body import inflate
from spanledger_collector.receive.decoding import Decoded, Order, decode_together
from spanledger_collector.receive.errors import RequestRefused
from spanledger_collector.receive.limits import Lease
from spanledger_collector.receive.together import Together

__all__ = ["Decoders", "Parcel"]

THREADS: Final = 2
"""One works in Python while the other is in the libraries, which let go of Python's lock."""


class Parcel(NamedTuple):
    """One export request, read but not yet understood."""

    signal: str
    body: bytes
    """As sent."""
    compression: str
    encoding: str
    team: str | None
    """The team of the sender's token, which counts whatever the sender says."""


class _Leased(NamedTuple):
    parcel: Parcel
    lease: Lease


class Decoders:
    """Decodes requests in threads of its own.

    Args:
        prices: what calls are priced by.
        max_body_bytes: how large a request may become when it is inflated.
    """

    def __init__(self, prices: PricesInForce, max_body_bytes: int) -> None:
        self._prices = prices
        self._max_body_bytes = max_body_bytes
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="spanledger-decode")
        self._together: Together[_Leased, Decoded] = Together(self._threads, self._decode)

    def submit(self, parcel: Parcel, lease: Lease) -> Future[Decoded]:
        """Have a request decoded; the future fails with `RequestRefused` when it cannot be."""
        return self._together.submit(_Leased(parcel, lease), len(parcel.body))

    def close(self) -> None:
        """Decode what waits, then let go of the threads."""
        self._threads.shutdown(wait=True)

    def _decode(self, waiting: Sequence[_Leased]) -> list[Decoded | Exception]:
        orders = [self._order(each) for each in waiting]
        good = [order for order in orders if isinstance(order, Order)]
        decoded = iter(decode_together(good, self._prices.book))
        return [next(decoded) if isinstance(order, Order) else order for order in orders]

    def _order(self, leased: _Leased) -> Order | RequestRefused:
        parcel, lease = leased
        try:
            body = inflate(parcel.body, parcel.compression, self._max_body_bytes, lease)
        except RequestRefused as error:
            return error
        return Order(parcel.signal, body, parcel.encoding, parcel.team)
