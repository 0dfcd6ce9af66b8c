"""Answering a model request over HTTP, whole or as a stream, and billing what was sent."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from spanledger_demo.simulator.counts import JsonObject
from spanledger_demo.simulator.directives import Directives
from spanledger_demo.simulator.exchange import Exchange, World
from spanledger_demo.simulator.messages import Answer
from spanledger_demo.simulator.stream import counts_so_far
from spanledger_demo.simulator.streamed import SERVER_SENT_EVENTS, StreamedAnswer, Wire


def respond(
    exchange: Exchange,
    body: JsonObject,
    *,
    wire: Wire = SERVER_SENT_EVENTS,
    regional: bool = False,
) -> Response:
    """Answer one request.

    Args:
        exchange: The HTTP request.
        body: What is asked, in the words of the Messages API.
        wire: How a stream is written.
        regional: Whether the endpoint is one of a region, which costs a premium.

    Raises:
        ApiFailure: the API would not take it, or the dice said no.
    """
    world, asked = exchange.world, exchange.asked
    failure = world.misfortune()
    if failure is not None and asked is world.manners:
        raise failure
    answer = answer_to(exchange, body, asked, batch=False)
    if regional:
        answer = answer._replace(counts=answer.counts._replace(regional=True))
    headers = exchange.headers(answer.counts)
    if body.get("stream"):

        def settle(answer: Answer, produced: int | None) -> None:
            bill(world, answer, produced)

        return StreamedAnswer(
            answer, asked, settle, request_id=exchange.request_id, headers=headers, wire=wire
        )
    bill(world, answer)
    return JSONResponse(answer.message, headers=headers)


def answer_to(exchange: Exchange, body: JsonObject, asked: Directives, *, batch: bool) -> Answer:
    """Let the model answer.

    Raises:
        ApiFailure: the API would not take it.
    """
    world = exchange.world
    return world.messages.answer(
        body, asked, workspace=exchange.caller.workspace, now=world.clock.now(), batch=batch
    )


def bill(world: World, answer: Answer, produced: int | None = None) -> None:
    """Bill an answer: the whole, or what had been produced when its stream ended."""
    if answer.is_free:
        world.bill.waive(answer.model.id)
    elif produced is None:
        world.bill.charge(answer.model.id, answer.counts)
    else:
        world.bill.charge(answer.model.id, counts_so_far(answer, produced), "partial")
