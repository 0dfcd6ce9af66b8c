"""Parameters, rows and problems as JSON Schema, worked out from the query files; pure."""

from __future__ import annotations

from typing import Any

from spanledger_collector.query.columns import Column
from spanledger_collector.query.definition import REQUIRED, Definition, Parameter

__all__ = [
    "FORMAT",
    "PROBLEM",
    "Schema",
    "body_schema",
    "document_schema",
    "object_schema",
    "parameter_schema",
    "refusals",
    "value_schema",
]

Schema = dict[str, Any]

FORMAT: Schema = {"enum": ["json", "arrow", "csv"]}
_COLUMN: dict[str, Schema] = {
    "instant": {"type": "string", "format": "date-time"},
    "local": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$"},
    "date": {"type": "string", "format": "date"},
    "money": {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"},
    "count": {"type": "integer"},
    "number": {"type": "number"},
    "flag": {"type": "boolean"},
    "text": {"type": "string"},
    "texts": {"type": "array", "items": {"type": "string"}},
    "json": {"type": "string", "contentMediaType": "application/json"},
}


def value_schema(parameter: Parameter) -> Schema:
    """What a parameter may hold."""
    one = dict(parameter.kind.schema)
    if parameter.kind.repeats:
        return {"type": "array", "items": one, "maxItems": 1000}
    if parameter.kind.name in {"choice", "zone"}:
        return one | {"default": parameter.default}
    if parameter.kind.name == "integer":
        return one | {"default": int(parameter.default)}
    return one


def parameter_schema(parameter: Parameter) -> Schema:
    """A parameter in an address."""
    return {
        "name": parameter.name,
        "in": "query",
        "description": parameter.meaning,
        "required": parameter.default == REQUIRED,
        "schema": value_schema(parameter),
    }


def body_schema(definition: Definition) -> Schema:
    """What may be posted to a query."""
    parameters = definition.parameters
    properties = {each.name: _or_null(value_schema(each)) for each in parameters}
    properties |= {each.name: value_schema(each) for each in parameters if each.default == REQUIRED}
    return {
        "type": "object",
        "properties": properties | {"format": _or_null(FORMAT)},
        "required": [each.name for each in parameters if each.default == REQUIRED],
        "additionalProperties": False,
    }


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def document_schema(definition: Definition) -> Schema:
    """What a query answers in JSON."""
    row = object_schema(**{each.name: _column(each) for each in definition.columns})
    row["required"] = [name for name in row["required"] if name not in definition.may_lack]
    text = {"type": "string"}
    return object_schema(
        query={"const": definition.name},
        columns={"type": "array", "items": object_schema(name=text, type=text)},
        rows={"type": "array", "items": row},
        truncated={"type": "boolean"},
        generated_at={"type": "string", "format": "date-time"},
    )


def _column(column: Column) -> Schema:
    schema = _COLUMN[column.kind] | {"description": column.meaning}
    return schema | {"type": [schema["type"], "null"]} if column.nullable else schema


def object_schema(**properties: Schema) -> Schema:
    """An object that has these properties, all of them and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def refusals(*statuses: str) -> Schema:
    """Answers that the description's components explain."""
    return {status: {"$ref": f"#/components/responses/{status}"} for status in statuses}


PROBLEM = object_schema(
    type={"type": "string"},
    title={"type": "string"},
    status={"type": "integer"},
    detail={"type": "string"},
)
