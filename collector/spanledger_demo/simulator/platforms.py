"""The cloud platforms' ways to the Messages API: Bedrock, its Mantle, Google Cloud, Foundry.

- Amazon Bedrock: `/model/{id}/invoke` and `/model/{id}/invoke-with-response-stream`
- Bedrock Mantle and Microsoft Foundry: `/anthropic/v1/messages`
- Google Cloud: `/v1/projects/{p}/locations/{l}/publishers/anthropic/models/{id}:rawPredict`, the
  same with `:streamRawPredict`, and `count-tokens:rawPredict`

Endpoints of a region cost a tenth more, as on the platforms; which they are, Bedrock tells by the
model id's prefix and Google Cloud by the location.
"""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import Response

from spanledger_demo.simulator.answering import respond
from spanledger_demo.simulator.counts import JsonObject
from spanledger_demo.simulator.errors import ApiFailure, invalid
from spanledger_demo.simulator.event_stream import AWS_EVENT_STREAM
from spanledger_demo.simulator.exchange import Exchange, Handler

_BEDROCK_ID: Final = re.compile(
    r"(?:(?P<region>[a-z-]+)\.)?anthropic\.(?P<name>[a-z0-9-]+?)(?:-v\d+(?::\d+)?)?$"
)
_VERTEX_MODELS: Final = "/v1/projects/{project}/locations/{location}/publishers/anthropic/models"


def platform_handlers() -> dict[str, Handler]:
    """The handlers of all platforms by path; every one of them is a POST."""
    return {
        "/model/{id:path}/invoke": _bedrock,
        "/model/{id:path}/invoke-with-response-stream": _bedrock_stream,
        "/anthropic/v1/messages": _proxied,
        f"{_VERTEX_MODELS}/count-tokens:rawPredict": _vertex_count,
        f"{_VERTEX_MODELS}/{{call}}": _vertex,
    }


async def _bedrock(exchange: Exchange) -> Response:
    return await _invoke(exchange, stream=False)


async def _bedrock_stream(exchange: Exchange) -> Response:
    return await _invoke(exchange, stream=True)


async def _invoke(exchange: Exchange, *, stream: bool) -> Response:
    body = await _versioned(exchange)
    model, regional = _bedrock_model(exchange.request.path_params["id"])
    return respond(
        exchange,
        {**body, "model": model, "stream": stream},
        wire=AWS_EVENT_STREAM,
        regional=regional,
    )


async def _proxied(exchange: Exchange) -> Response:
    body = await exchange.body()
    model, regional = str(body.get("model")), False
    if "anthropic." in model:
        model, regional = _bedrock_model(model)
    return respond(exchange, {**body, "model": model}, regional=regional)


async def _vertex(exchange: Exchange) -> Response:
    body = await _versioned(exchange)
    name, _, verb = exchange.request.path_params["call"].rpartition(":")
    if verb not in ("rawPredict", "streamRawPredict"):
        raise ApiFailure(404, "Not found")
    request = {**body, "model": name.replace("@", "-"), "stream": verb == "streamRawPredict"}
    return respond(exchange, request, regional=exchange.request.path_params["location"] != "global")


async def _vertex_count(exchange: Exchange) -> Response:
    tokens = exchange.world.messages.count(await _versioned(exchange))
    return exchange.json({"input_tokens": tokens})


async def _versioned(exchange: Exchange) -> JsonObject:
    """Read a body that names the API version, as these platforms want it.

    Raises:
        ApiFailure: it does not.
    """
    body = await exchange.body()
    if "anthropic_version" not in body:
        raise invalid("anthropic_version: Field required")
    return body


def _bedrock_model(model_id: str) -> tuple[str, bool]:
    """A Bedrock id as the model it names, and whether it names an endpoint of a region."""
    match = _BEDROCK_ID.search(model_id)
    if match is None:
        raise invalid("The provided model identifier is invalid.")
    return match["name"], match["region"] != "global"
