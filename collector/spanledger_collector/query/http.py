"""The query API over HTTP: `/api/v1/queries` and `/api/v1/query/{name}`."""

from __future__ import annotations

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from spanledger_collector.auth import team_of
from spanledger_collector.json_body import BadRequest, json_object
from spanledger_collector.problems import problem
from spanledger_collector.query.catalog import catalog, described
from spanledger_collector.query.definition import Definition
from spanledger_collector.query.formats import NotAcceptable, choose_format
from spanledger_collector.query.openapi import description
from spanledger_collector.query.parameters import BadParameter
from spanledger_collector.query.runner import QueryTimeout, Runner, TooManyQueries
from spanledger_collector.store import StoreUnavailable

__all__ = ["query_routes"]

MAX_POST_BYTES = 1 << 20


class _NotYours(Exception):
    """A question that a team's token may not ask."""


def query_routes(runner: Runner) -> list[Route]:
    """Make the routes of the query API."""

    async def run(request: Request) -> Response:
        return await _answered(runner, request)

    return [
        Route("/api/v1/queries", _list_queries, methods=["GET"]),
        Route("/api/v1/openapi.json", _describe, methods=["GET"]),
        Route("/api/v1/query/{name}", run, methods=["GET", "POST"]),
    ]


async def _list_queries(request: Request) -> Response:
    body = orjson.dumps({"queries": described()})
    return Response(body, media_type="application/json")


async def _describe(request: Request) -> Response:
    return Response(description(), media_type="application/json")


async def _answered(runner: Runner, request: Request) -> Response:
    """Answer, or say as a problem why not."""
    try:
        return await _answer(runner, request)
    except (BadParameter, BadRequest) as error:
        return problem(400, str(error))
    except _NotYours as error:
        return problem(403, str(error))
    except NotAcceptable as error:
        return problem(406, str(error))
    except QueryTimeout as error:
        return problem(504, str(error))
    except (TooManyQueries, StoreUnavailable):
        return problem(503, "The collector cannot answer now. Ask again.", {"retry-after": "1"})


async def _answer(runner: Runner, request: Request) -> Response:
    name = request.path_params["name"]
    if name not in catalog():
        return problem(404, f"There is no query {name!r}. There are: {', '.join(catalog())}.")
    definition = catalog()[name]
    given = await _posted(request) if request.method == "POST" else _queried(request)
    chosen = given.pop("format", [])
    if len(chosen) > 1:
        raise BadParameter("The parameter 'format' may be given only once.")
    form = choose_format(chosen[0] if chosen else None, request.headers.get("accept", ""))
    held = _held_to(team_of(request.scope), definition, given)
    answer = await runner.run(definition, held)
    body = await run_in_threadpool(form.encode, definition.name, answer)
    headers = {"x-spanledger-truncated": str(answer.truncated).lower(), "cache-control": "no-store"}
    return Response(body, media_type=form.media_type, headers=headers)


def _held_to(
    team: str | None, definition: Definition, given: dict[str, list[str]]
) -> dict[str, list[str]]:
    """Hold a reader with a team's token to the team's rows, whatever it asks for."""
    if team is None or definition.readers == "anyone":
        return given
    if definition.readers == "whole ledger":
        raise _NotYours(f"The query {definition.name!r} is about all teams; yours is {team!r}.")
    if given.get("team", [team]) != [team]:
        raise _NotYours(f"Your token reads the calls of the team {team!r} only.")
    return given | {"team": [team]}


def _queried(request: Request) -> dict[str, list[str]]:
    given: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        given.setdefault(name, []).append(value)
    return given


async def _posted(request: Request) -> dict[str, list[str]]:
    posted = await json_object(request, MAX_POST_BYTES)
    return {name: _texts(name, value) for name, value in posted.items() if value is not None}


def _texts(name: str, value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    for each in values:
        whole = isinstance(each, float) and each.is_integer()
        if isinstance(each, bool) or not (whole or isinstance(each, (str, int))):
            raise BadParameter(f"The parameter {name!r} must be text, an integer or a list.")
    return [str(int(each) if isinstance(each, float) else each) for each in values]
