"""`POST /api/v1/prices/reprice`: price history anew, on the collector that has the ledger open."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import date
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from spanledger_collector.json_body import BadRequest, json_fields
from spanledger_collector.prices.in_force import PricesInForce
from spanledger_collector.prices.lines import ContractError
from spanledger_collector.prices.reprice import Plan, Reprice, RepriceError
from spanledger_collector.problems import problem
from spanledger_collector.store import BadBatch, Store, StoreUnavailable
from spanledger_collector.writer import QueueFull, Writer

__all__ = ["PATH", "BadRequest", "answer_of", "price_routes", "request_of"]

PATH = "/api/v1/prices/reprice"
MAX_BODY_BYTES = 4096
_FIELDS = ("from", "to", "apply")


def price_routes(store: Store, writer: Writer, prices: PricesInForce) -> list[Route]:
    """Make the route that prices history anew."""
    at_work = asyncio.Lock()

    async def reprice(request: Request) -> Response:
        if at_work.locked():
            return problem(409, "History is being priced anew already. Ask again later.")
        async with at_work:
            return await _answered(request, store, writer, prices)

    return [Route(PATH, reprice, methods=["POST"])]


def request_of(fields: Mapping[str, Any]) -> tuple[Reprice, bool]:
    """Read a request: which days, and whether to apply what is found.

    Raises:
        BadRequest: a field is unknown or holds something else than it should.
    """
    for name in fields:
        if name not in _FIELDS:
            raise BadRequest(f"There is no field {name!r}; there are {', '.join(_FIELDS)}.")
    apply = fields.get("apply", False)
    if not isinstance(apply, bool):
        raise BadRequest(f"The field 'apply' is {apply!r}; it must be true or false.")
    first, last = _day(fields, "from"), _day(fields, "to")
    if first is not None and last is not None and last < first:
        raise BadRequest(f"'to' ({last}) is before 'from' ({first}).")
    return Reprice(first, last), apply


def answer_of(plan: Plan, version: str, *, applied: bool, seconds: float) -> dict[str, Any]:
    """A plan as JSON: a row for each day and model, its calls and its dollars before and after."""
    return {
        "prices_version": version,
        "applied": applied,
        "seconds": round(seconds, 3),
        "rows": [change.told() for change in plan.changes],
    }


async def _answered(
    request: Request, store: Store, writer: Writer, prices: PricesInForce
) -> Response:
    try:
        wanted, apply = request_of(await json_fields(request, MAX_BODY_BYTES))
        started = time.monotonic()
        book = await asyncio.to_thread(prices.read_again)
        if apply:
            prices.put_in_force(book)  # first, so that no call comes in at the old prices behind us
        plan = await asyncio.to_thread(wanted.plan, store, book)
        if apply:
            done = writer.run(lambda: wanted.apply(store, book, plan))
            plan = await asyncio.wrap_future(done)
    except BadRequest as error:
        return problem(400, str(error))
    except (BadBatch, ContractError, RepriceError) as error:
        return problem(422, str(error))
    except (QueueFull, StoreUnavailable):
        return problem(
            503, "The ledger cannot do it now; nothing changed. Ask again.", {"retry-after": "1"}
        )
    told = answer_of(plan, book.version, applied=apply, seconds=time.monotonic() - started)
    return Response(orjson.dumps(told), media_type="application/json")


def _day(fields: Mapping[str, Any], name: str) -> date | None:
    text = fields.get(name)
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise BadRequest(
            f"The field {name!r} is {text!r}; it must be a day such as 2026-11-20."
        ) from error
