"""What every endpoint shares: the caller, the directives, the error body and the headers."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from spanledger_demo.simulator.batches import BatchesApi
from spanledger_demo.simulator.bill import Bill
from spanledger_demo.simulator.counts import Counts, JsonObject
from spanledger_demo.simulator.directives import HEADER, Directives, parse_directives
from spanledger_demo.simulator.errors import ApiFailure, invalid
from spanledger_demo.simulator.headers import Caller, RateMeter, caller_of
from spanledger_demo.simulator.messages import MessagesApi, identity


class Clock:
    """The wall clock, which a test may put forward to let cache entries expire."""

    def __init__(self) -> None:
        self._ahead_s = 0.0

    def now(self) -> float:
        """Give the seconds since the epoch."""
        return time.time() + self._ahead_s

    def advance(self, seconds: float) -> None:
        """Put the clock forward."""
        self._ahead_s += seconds


@dataclass
class World:
    """Everything one simulator keeps between requests."""

    seed: int = 0
    error_rate: float = 0.0
    manners: Directives = field(default_factory=Directives)
    """What holds for requests that bring no directives of their own."""
    clock: Clock = field(default_factory=Clock)
    bill: Bill = field(default_factory=Bill)
    meter: RateMeter = field(default_factory=RateMeter)
    batches: BatchesApi = field(default_factory=BatchesApi)

    def __post_init__(self) -> None:
        self.messages = MessagesApi(self.seed)
        self._dice = random.Random(self.seed)

    def misfortune(self) -> ApiFailure | None:
        """Throw the dice of the seeded error rate: half rate limits, half overload."""
        if self.error_rate == 0 or self._dice.random() >= self.error_rate:
            return None
        if self._dice.random() < 0.5:
            return ApiFailure(429, headers={"retry-after": "1"})
        return ApiFailure(529)


class Exchange(NamedTuple):
    """One request with what was found out about it."""

    request: Request
    world: World
    caller: Caller
    asked: Directives
    request_id: str

    @property
    def base_url(self) -> str:
        """The address by which the client reached us."""
        return str(self.request.base_url).rstrip("/")

    async def body(self) -> JsonObject:
        """Read the JSON body.

        Raises:
            ApiFailure: it is not a JSON object.
        """
        try:
            body = json.loads(await self.request.body())
        except ValueError as error:
            raise invalid("The request body is not valid JSON") from error
        if not isinstance(body, dict):
            raise invalid("The request body is not a JSON object")
        return body

    def headers(self, counts: Counts | None = None) -> dict[str, str]:
        """Write the headers of the answer, as changed by the directives."""
        metered = self.world.meter.headers(self.caller.workspace, counts, self.world.clock.now())
        headers: dict[str, str | None] = {**self.caller.headers(self.request_id), **metered}
        headers |= self.asked.headers
        return {name: value for name, value in headers.items() if value is not None}

    def json(self, body: Any, counts: Counts | None = None) -> Response:
        """Answer with a JSON body."""
        return JSONResponse(body, headers=self.headers(counts))


Handler = Callable[[Exchange], Awaitable[Response]]


def endpoint(
    world: World, handler: Handler, *, versioned: bool = True
) -> Callable[[Request], Awaitable[Response]]:
    """Make an endpoint of a handler: refusals and failures become the API's error answers.

    Args:
        world: What the simulator keeps between requests.
        handler: What answers.
        versioned: Whether requests must name the API version in a header.
    """

    async def serve(request: Request) -> Response:
        request_id = identity("req_01")
        headers = {"request-id": request_id}
        try:
            asked = parse_directives(request.headers.get(HEADER)) or world.manners
            caller = caller_of(request.headers, versioned=versioned)
            exchange = Exchange(request, world, caller, asked, request_id)
            headers = exchange.headers()
            await asyncio.sleep(asked.delay_s)
            if failure := asked.failure(_retry_count(request)):
                raise failure
            return await handler(exchange)
        except ApiFailure as failure:
            headers |= failure.headers
            return JSONResponse(failure.body(request_id), failure.status, headers=headers)

    return serve


def _retry_count(request: Request) -> int:
    text = request.headers.get("x-stainless-retry-count", "0")
    return int(text) if text.isdecimal() else 0
