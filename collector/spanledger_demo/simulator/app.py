"""The HTTP surface: the paths of the API that are simulated, and the bill."""

from __future__ import annotations

import json

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from spanledger_demo.simulator.answering import answer_to, bill, respond
from spanledger_demo.simulator.catalogue import CATALOGUE, ServedModel, served_model
from spanledger_demo.simulator.counts import JsonObject
from spanledger_demo.simulator.directives import Directives
from spanledger_demo.simulator.errors import ApiFailure
from spanledger_demo.simulator.exchange import Exchange, Handler, World, endpoint
from spanledger_demo.simulator.platforms import platform_handlers


def build_app(world: World) -> Starlette:
    """Make the ASGI application of one simulator."""

    def route(path: str, handler: Handler, method: str = "GET") -> Route:
        return Route(path, endpoint(world, handler), methods=[method])

    async def show_bill(request: Request) -> Response:
        return JSONResponse(world.bill.totals().to_json())

    async def unknown(exchange: Exchange) -> Response:
        raise ApiFailure(404, "Not found")

    batches = "/v1/messages/batches"
    return Starlette(
        routes=[
            route("/v1/messages", _messages, "POST"),
            route("/v1/messages/count_tokens", _count_tokens, "POST"),
            route(batches, _create_batch, "POST"),
            route(batches, _list_batches),
            route(f"{batches}/{{id}}", _retrieve_batch),
            route(f"{batches}/{{id}}", _delete_batch, "DELETE"),
            route(f"{batches}/{{id}}/cancel", _cancel_batch, "POST"),
            route(f"{batches}/{{id}}/results", _batch_results),
            route("/v1/models", _list_models),
            route("/v1/models/{id}", _retrieve_model),
            *(
                Route(path, endpoint(world, handler, versioned=False), methods=["POST"])
                for path, handler in platform_handlers().items()
            ),
            Route("/_simulator/bill", show_bill),
            Route("/{path:path}", endpoint(world, unknown)),
        ]
    )


async def _messages(exchange: Exchange) -> Response:
    return respond(exchange, await exchange.body())


async def _count_tokens(exchange: Exchange) -> Response:
    tokens = exchange.world.messages.count(await exchange.body())
    return exchange.json({"input_tokens": tokens})


async def _create_batch(exchange: Exchange) -> Response:
    def answer_item(params: JsonObject, asked: Directives) -> JsonObject:
        answer = answer_to(exchange, params, asked, batch=True)
        bill(exchange.world, answer)
        return answer.message

    world = exchange.world
    batch = world.batches.create(
        exchange.caller.workspace,
        await exchange.body(),
        exchange.asked,
        answer_item,
        now=world.clock.now(),
        base_url=exchange.base_url,
    )
    return exchange.json(batch)


async def _list_batches(exchange: Exchange) -> Response:
    world = exchange.world
    return exchange.json(
        world.batches.page(
            exchange.caller.workspace, now=world.clock.now(), base_url=exchange.base_url
        )
    )


async def _retrieve_batch(exchange: Exchange) -> Response:
    world = exchange.world
    batch = world.batches.retrieve(
        *_batch_key(exchange), now=world.clock.now(), base_url=exchange.base_url
    )
    return exchange.json(batch)


async def _cancel_batch(exchange: Exchange) -> Response:
    world = exchange.world
    batch = world.batches.cancel(
        *_batch_key(exchange), now=world.clock.now(), base_url=exchange.base_url
    )
    return exchange.json(batch)


async def _delete_batch(exchange: Exchange) -> Response:
    world = exchange.world
    return exchange.json(world.batches.delete(*_batch_key(exchange), now=world.clock.now()))


async def _batch_results(exchange: Exchange) -> Response:
    world = exchange.world
    results = world.batches.results(*_batch_key(exchange), now=world.clock.now())
    lines = "".join(f"{json.dumps(result)}\n" for result in results)
    return Response(lines, media_type="application/x-jsonl", headers=exchange.headers())


def _batch_key(exchange: Exchange) -> tuple[str, str]:
    return exchange.caller.workspace, exchange.request.path_params["id"]


async def _list_models(exchange: Exchange) -> Response:
    data = [_describe(model) for model in CATALOGUE]
    ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]}
    return exchange.json({"data": data, "has_more": False, **ends})


async def _retrieve_model(exchange: Exchange) -> Response:
    name = exchange.request.path_params["id"]
    model = served_model(name)
    if model is None:
        raise ApiFailure(404, f"model: {name}")
    return exchange.json(_describe(model))


def _describe(model: ServedModel) -> JsonObject:
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.display_name,
        "created_at": model.released,
        "lifecycle": "active",
    }
