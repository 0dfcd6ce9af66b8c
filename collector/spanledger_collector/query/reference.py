"""`docs/queries.md`, written from the query files.

python -m spanledger_collector.query.reference > docs/queries.md
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from spanledger_collector.dimensions import FILTERS
from spanledger_collector.query.catalog import catalog
from spanledger_collector.query.columns import MEASURES, TYPES, Column, column
from spanledger_collector.query.definition import REQUIRED, Definition, Parameter

__all__ = ["reference"]

_HEAD = """\
# Queries: the reference

Written from the query files by `python -m spanledger_collector.query.reference`; a test compares.
How to ask, formats, limits and errors: [collector.md](collector.md#queries). The same as OpenAPI
3.1: `GET /api/v1/openapi.json`.

    curl 'http://127.0.0.1:4318/api/v1/query/usage?bucket=day&group_by=model&team=search&format=csv'
"""
_READERS = {
    "team": "A token of one team sees only that team's rows.",
    "anyone": "It tells nothing of single calls; tokens of one team may ask it, too.",
    "whole ledger": "Tokens of one team may not ask it: 403.",
}


def reference() -> str:
    """Write the page."""
    return "\n".join([_HEAD, *_overview(), "", *_common(), *_queries()])


def main() -> None:
    """Print the page."""
    print(reference(), end="")


def _overview() -> Iterator[str]:
    yield "| Query | Question |"
    yield "|---|---|"
    for definition in catalog().values():
        yield f"| [`{definition.name}`](#{definition.name}) | {definition.question} |"


def _common() -> Iterator[str]:
    yield "## Filters"
    yield ""
    names = ", ".join(f"`{name}`" for name in FILTERS)
    yield f"{names}: each takes any number of values, none for all, `(none)` for missing."
    yield ""
    yield "## Measures"
    yield ""
    yield from _columns(column(name) for name in MEASURES)
    yield "## Types"
    yield ""
    yield "| Type | In an answer |"
    yield "|---|---|"
    for name, meaning in TYPES.items():
        yield f"| {name} | {meaning} |"
    yield ""
    yield "A type with a ? may be missing: `null` in JSON, empty in CSV."
    yield ""


def _queries() -> Iterator[str]:
    for definition in catalog().values():
        yield f"## {definition.name}"
        yield ""
        yield definition.question
        if definition.notes:
            yield ""
            yield definition.notes
        yield ""
        yield _READERS[definition.readers]
        yield ""
        yield from _parameters(definition)
        yield from _returned(definition)


def _parameters(definition: Definition) -> Iterator[str]:
    listed = [each for each in definition.parameters if not _is_filter(definition, each)]
    if listed:
        yield "| Parameter | Type | Default | Meaning |"
        yield "|---|---|---|---|"
        yield from map(_parameter, listed)
        yield ""
    if _has_filters(definition):
        yield "And the [filters](#filters)."
        yield ""


def _parameter(parameter: Parameter) -> str:
    kind = parameter.kind.allowed + (", repeatable" if parameter.kind.repeats else "")
    default = "*needed*" if parameter.default == REQUIRED else parameter.default or "none"
    return f"| `{parameter.name}` | {kind} | {default} | {parameter.meaning} |"


def _returned(definition: Definition) -> Iterator[str]:
    names = [each.name for each in definition.columns]
    if set(MEASURES) <= set(names):
        yield from _columns(each for each in definition.columns if each.name not in MEASURES)
        yield "And the [measures](#measures)."
        yield ""
    else:
        yield from _columns(definition.columns)


def _columns(columns: Iterable[Column]) -> Iterator[str]:
    yield "| Column | Type | Meaning |"
    yield "|---|---|---|"
    for each in columns:
        yield f"| `{each.name}` | {each.kind}{'?' if each.nullable else ''} | {each.meaning} |"
    yield ""


def _has_filters(definition: Definition) -> bool:
    return {each.name for each in definition.parameters} >= set(FILTERS)


def _is_filter(definition: Definition, parameter: Parameter) -> bool:
    return parameter.name in FILTERS and _has_filters(definition)


if __name__ == "__main__":
    main()
