"""From a request's bytes to the ledger, whatever carried them: decode, commit, then answer."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from spanledger_collector.metrics import Telemetry
from spanledger_collector.prices import PricesInForce
from spanledger_collector.receive.decoders import Decoders, Parcel
from spanledger_collector.receive.decoding import Decoded
from spanledger_collector.receive.errors import MalformedBody, Overloaded
from spanledger_collector.receive.limits import InflightBudget, Lease
from spanledger_collector.store import BadBatch, Batch, StoreUnavailable
from spanledger_collector.writer import QueueFull, Writer

__all__ = ["SIGNALS", "Intake", "Parcel"]

SIGNALS = ("traces", "metrics", "logs")


class Intake(NamedTuple):
    """What both transports share."""

    writer: Writer
    budget: InflightBudget
    decoders: Decoders
    max_body_bytes: int
    prices: PricesInForce
    telemetry: Telemetry

    async def take_in(self, parcel: Parcel, lease: Lease) -> Decoded:
        """Decode a request and commit it; when this returns, it is on disk.

        Raises:
            RequestRefused: it is not, and the error says why.
        """
        decoded = await asyncio.wrap_future(self.decoders.submit(parcel, lease))
        if decoded.batch is not None:
            self.telemetry.received(parcel.signal, decoded.batch)
            await self._commit(decoded.batch)
        return decoded

    async def _commit(self, batch: Batch) -> None:
        try:
            await asyncio.wrap_future(self.writer.submit(batch))
        except QueueFull as error:
            raise Overloaded("The collector is behind. Send the request again.") from error
        except StoreUnavailable as error:
            raise Overloaded(
                "The ledger cannot commit at the moment. Send the request again."
            ) from error
        except BadBatch as error:
            raise MalformedBody(
                "The ledger cannot store this request. Sending it again changes nothing."
            ) from error
