"""The HTTP interface as OpenAPI 3.1, worked out from the query files; served as JSON.

What the receiver takes is OTLP, which describes itself better elsewhere: here its routes have only
their answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import orjson

from spanledger._version import __version__
from spanledger_collector.query.catalog import catalog
from spanledger_collector.query.definition import Definition
from spanledger_collector.query.other_routes import other_paths
from spanledger_collector.query.parameters import ZONES
from spanledger_collector.query.schemas import (
    FORMAT,
    PROBLEM,
    Schema,
    body_schema,
    document_schema,
    parameter_schema,
    refusals,
)

__all__ = ["description"]

_PROBLEMS = {
    "400": "A parameter is unknown, or its value does not fit.",
    "401": "The token is missing or wrong.",
    "403": "The token may not ask this.",
    "404": "There is nothing here.",
    "406": "Answers do not come in the format asked for.",
    "409": "The same is being done already.",
    "422": "It cannot be done.",
    "507": "The disk is too full for it.",
    "503": "The collector cannot answer now. Ask again.",
    "504": "The query was stopped because it took too long.",
}
_TOO_LONG = {"description": "The address or the headers are too long."}
_ASKED = ("400", "401", "403", "404", "406", "414", "431", "503", "504")


@cache
def description() -> bytes:
    """Describe every route."""
    paths = dict(_query_paths()) | other_paths()
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "SpanLedger collector",
            "version": __version__,
            "description": "Named, read-only questions to the ledger of Claude API calls.",
        },
        "security": [{"token": []}, {}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": PROBLEM, "TimeZone": {"enum": list(ZONES)}},
            "responses": {
                **{status: _problem(meaning) for status, meaning in _PROBLEMS.items()},
                "414": _TOO_LONG,
                "431": _TOO_LONG,
            },
        },
    }
    return orjson.dumps(document)


def _query_paths() -> Iterable[tuple[str, Schema]]:
    for definition in catalog().values():
        shared = {
            "summary": definition.question,
            **({"description": definition.notes} if definition.notes else {}),
            "tags": ["queries"],
            "responses": {"200": _answer(definition)} | refusals(*_ASKED),
        }
        yield (
            f"/api/v1/query/{definition.name}",
            {
                "get": shared
                | {
                    "operationId": definition.name,
                    "parameters": [*map(parameter_schema, definition.parameters), _FORMAT],
                },
                "post": shared
                | {
                    "operationId": f"{definition.name}_posted",
                    "requestBody": {
                        "content": {"application/json": {"schema": body_schema(definition)}}
                    },
                },
            },
        )


def _answer(definition: Definition) -> Schema:
    return {
        "description": "The rows.",
        "headers": {
            "x-spanledger-truncated": {
                "description": "Whether there were more rows.",
                "schema": {"enum": ["true", "false"]},
            }
        },
        "content": {
            "application/json": {"schema": document_schema(definition)},
            "application/vnd.apache.arrow.stream": {"schema": {"type": "string"}},
            "text/csv": {"schema": {"type": "string"}},
        },
    }


def _problem(meaning: str) -> Schema:
    reference = {"$ref": "#/components/schemas/Problem"}
    return {"description": meaning, "content": {"application/problem+json": {"schema": reference}}}


_FORMAT: Schema = {
    "name": "format",
    "in": "query",
    "description": "in place of the Accept header",
    "schema": FORMAT,
}
