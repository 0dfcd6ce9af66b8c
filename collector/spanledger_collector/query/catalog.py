"""All named queries, read from their files."""

from __future__ import annotations

from functools import cache

from spanledger_collector.query.definition import Definition, parse_definition
from spanledger_collector.query.derived import RULES
from spanledger_collector.store.sql_files import query_files

__all__ = ["catalog", "described"]


@cache
def catalog() -> dict[str, Definition]:
    """Read every query file; a file with a bad header stops the start, not a request."""
    definitions = {name: parse_definition(name, text) for name, text in query_files().items()}
    for definition in definitions.values():
        if unknown := set(definition.derived) - RULES.keys():
            raise ValueError(f"{definition.name}.sql: nothing works out {', '.join(unknown)}")
    return definitions


def described() -> list[dict[str, object]]:
    """Describe the queries for `GET /api/v1/queries`."""
    return [
        {
            "name": definition.name,
            "question": definition.question,
            "notes": definition.notes,
            "readers": definition.readers,
            "parameters": [
                {
                    "name": parameter.name,
                    "type": parameter.kind.name,
                    "allowed": parameter.kind.allowed,
                    "repeatable": parameter.kind.repeats,
                    "default": parameter.default,
                    "meaning": parameter.meaning,
                }
                for parameter in definition.parameters
            ],
            "columns": [column._asdict() for column in definition.columns],
        }
        for definition in catalog().values()
    ]
