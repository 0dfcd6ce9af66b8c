"""What the API's description says of the routes that deal with alerts."""

from __future__ import annotations

from spanledger_collector.query.schemas import Schema, refusals

__all__ = ["alert_paths"]


def alert_paths() -> dict[str, Schema]:
    """The routes below `/api/v1/alerts`."""
    return {
        "/api/v1/alerts/evaluate": {
            "post": _post("evaluate_alerts", "Judges all rules now.", _object({}))
        },
        "/api/v1/alerts/test": {
            "post": _post(
                "test_alerts",
                "Sends a test message.",
                _object({"channel": _or_null({"type": "string"})}),
                "404",
            )
        },
        "/api/v1/alerts/backtest": {
            "post": _post("backtest_alerts", "What would a rule have told?", _BACKTEST)
        },
        "/api/v1/alerts/{alert_id}/{action}": {
            "post": _post("act_on_alert", "Does something to an alert.", _ACTION, "404", "409")
            | {"parameters": [_in_path("alert_id", {}), _in_path("action", {"enum": _ACTIONS})]}
        },
    }


def _post(name: str, summary: str, body: Schema, *statuses: str) -> Schema:
    answer = {"description": "Yes.", "content": {"application/json": {"schema": _ANYTHING}}}
    return {
        "summary": summary,
        "operationId": name,
        "tags": ["alerts"],
        "requestBody": {"content": {"application/json": {"schema": body}}},
        "responses": {"200": answer} | refusals("400", *statuses, *_ADMIN),
    }


def _object(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _in_path(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"} | schema}


_ANYTHING: Schema = {"type": "object"}
_TEXT: Schema = {"type": "string", "maxLength": 500}
_ACTIONS = ["ack", "unack", "snooze", "unsnooze", "resolve", "feedback"]
_ACTION = _object(
    {
        "actor": _or_null(_TEXT),
        "note": _or_null(_TEXT),
        "hours": {"type": "number", "exclusiveMinimum": 0, "maximum": 8784},
        "feedback": {"enum": ["real", "expected", "planned"]},
    }
)
_BACKTEST = _object(
    {
        "rule": {"anyOf": [{"type": "string"}, {"type": "object"}]},
        "days": {"type": "integer", "minimum": 1, "maximum": 366, "default": 14},
    }
) | {"required": ["rule"]}
_ADMIN = ("401", "403", "414", "431", "503")
