"""What the API's description says of the routes that are no queries."""

from __future__ import annotations

from spanledger_collector.query.alert_routes import alert_paths
from spanledger_collector.query.definition import parse_definition
from spanledger_collector.query.schemas import Schema, object_schema, parameter_schema, refusals
from spanledger_collector.store import sql_files

__all__ = ["other_paths"]


def other_paths() -> dict[str, Schema]:
    """The routes that are no queries."""
    status = object_schema(status={"type": "string"})
    anything = {"type": "object"}
    reprice = _plain(
        "Prices history anew.", "application/json", anything, "400", "409", "422", *_ADMIN
    ) | {
        "operationId": "reprice",
        "requestBody": {"content": {"application/json": {"schema": _REPRICE}}},
    }
    alive = _plain("Does the process live?", "application/json", status)
    ready = _plain("Do commits succeed?", "application/json", status) | {"security": [{}]}
    ready["responses"]["503"] = ready["responses"]["200"] | {"description": "No."}
    return {
        **alert_paths(),
        "/api/v1/backup": {
            "post": _plain(
                "A copy of the ledger as it is now.",
                "application/octet-stream",
                _BYTES,
                "409",
                "507",
                *_ADMIN,
            )
        },
        "/api/v1/export/calls": {"get": _export()},
        "/api/v1/openapi.json": {
            "get": _plain("This description.", "application/json", anything, *_ADMIN)
        },
        "/api/v1/prices/reprice": {"post": reprice},
        "/api/v1/queries": {
            "get": _plain("The list of queries.", "application/json", anything, *_ADMIN)
        },
        "/healthz": {"get": alive | {"security": [{}]}},
        "/metrics": {"get": _plain("What Prometheus reads.", "text/plain", _BYTES, *_ADMIN)},
        "/readyz": {"get": ready},
        **{f"/v1/{signal}": {"post": _otlp(signal)} for signal in ("traces", "metrics", "logs")},
    }


def _export() -> Schema:
    definition = parse_definition("calls", sql_files.export("calls"))
    export = _plain(definition.question, "application/vnd.apache.parquet", _BYTES, "400", *_ADMIN)
    export["responses"]["200"]["content"]["text/csv"] = {"schema": {"type": "string"}}
    form = {"name": "format", "in": "query", "schema": {"enum": ["parquet", "csv"]}}
    return export | {"parameters": [*map(parameter_schema, definition.parameters), form]}


def _otlp(signal: str) -> Schema:
    forms = ("application/x-protobuf", "application/json")
    return {
        "summary": f"Takes OTLP {signal}; 200 means that they are on disk.",
        "requestBody": {"content": {form: {"schema": {}} for form in forms}},
        "responses": {
            "200": {"description": "Committed.", "content": {form: {} for form in forms}},
            "default": {"description": "A google.rpc.Status in the encoding of the request."},
        },
    }


def _plain(summary: str, media_type: str, schema: Schema, *statuses: str) -> Schema:
    return {
        "summary": summary,
        "responses": {"200": {"description": "Yes.", "content": {media_type: {"schema": schema}}}}
        | refusals(*statuses),
    }


_REPRICE: Schema = {
    "type": "object",
    "properties": {
        "from": {"type": ["string", "null"], "format": "date"},
        "to": {"type": ["string", "null"], "format": "date"},
        "apply": {"type": "boolean", "default": False},
    },
    "additionalProperties": False,
}
_BYTES: Schema = {"type": "string"}
_ADMIN = ("401", "403", "414", "431", "503")
