"""Ask the collector a named query and print the answer."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from spanledger_collector.cli.api import ApiError, WrongRequest, client
from spanledger_collector.cli.console import FAILED, MISUSED, fail, fits, print_table, warn
from spanledger_collector.cli.options import (
    ConfigOption,
    TokenOption,
    UrlOption,
    settings_or_fail,
)


class Format(str, Enum):
    """The forms an answer can take."""

    table = "table"
    json = "json"
    csv = "csv"
    arrow = "arrow"


MEDIA_TYPES = {
    Format.table: "application/json",
    Format.json: "application/json",
    Format.csv: "text/csv",
    Format.arrow: "application/vnd.apache.arrow.stream",
}
_NUMBERS = ("int", "uint", "decimal", "float", "double")


def query(
    name: Annotated[str | None, typer.Argument(help="The query's name; see --list.")] = None,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", "-p", metavar="KEY=VALUE", help="A parameter; repeat for more."),
    ] = None,
    format: Annotated[
        Format, typer.Option("--format", "-f", help="Form of the answer.")
    ] = Format.table,
    list_queries: Annotated[
        bool, typer.Option("--list", help="List the queries and their parameters.")
    ] = False,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
) -> None:
    """Ask the ledger; data goes to standard output.

    [bold]Examples[/bold]
      spanledger query --list
      spanledger query usage -p group_by=model
      spanledger query usage -p bucket=day -p group_by=team -p model=claude-opus-4-5 -f csv
      spanledger query spend_summary -p tz=Europe/Berlin -f json
      spanledger query latest_calls -p limit=1000 -f arrow > calls.arrows
    """
    settings = settings_or_fail(config)
    if list_queries == (name is not None):
        fail("Give the name of one query, or --list to see them all.", MISUSED)
    if format is Format.arrow and sys.stdout.isatty():
        fail("Arrow is binary: send it to a file (> answer.arrows) or a program (|).", MISUSED)
    try:
        with client(settings, url, token) as api:
            if name is None:
                _print_list(api.queries())
                return
            answer = api.query(name, parameters_of(param or []), MEDIA_TYPES[format])
    except WrongRequest as error:
        fail(str(error), MISUSED)
    except ApiError as error:
        fail(str(error), FAILED)
    if format is Format.table:
        _print_rows(answer.json())
    else:
        sys.stdout.buffer.write(answer.content)
        sys.stdout.flush()


def parameters_of(words: Sequence[str]) -> dict[str, list[str]]:
    """Read KEY=VALUE words; a repeated key is a list."""
    found = defaultdict(list)
    for word in words:
        key, equals, value = word.partition("=")
        if not (key and equals):
            fail(f"--param {word} is not KEY=VALUE, such as --param group_by=model.", MISUSED)
        found[key].append(value)
    return dict(found)


def _print_rows(answer: Mapping[str, Any]) -> None:
    rows = answer["rows"]
    filled = [
        column
        for column in answer["columns"]
        if not rows or any(row[column["name"]] is not None for row in rows)
    ]
    table = _as_table(filled, rows)
    if rows and not fits(table):
        upright = _upright(filled, rows)
        table = upright if fits(upright) else table
    print_table(table)
    if answer.get("truncated"):
        warn(f"the answer is cut after {len(rows)} rows; narrow the question.")


def _as_table(columns: Sequence[Mapping[str, str]], rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table()
    for column in columns:
        is_number = column["type"].startswith(_NUMBERS)
        table.add_column(column["name"], justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*(_cell(row[column["name"]], column["type"]) for column in columns))
    return table


def _upright(columns: Sequence[Mapping[str, str]], rows: Sequence[Mapping[str, Any]]) -> Table:
    """One line a column, for few and wide rows."""
    table = Table(*("" for _ in range(len(rows) + 1)), show_header=False)
    for column in columns:
        cells = (_cell(row[column["name"]], column["type"]) for row in rows)
        table.add_row(Text(column["name"], style="bold"), *cells)
    return table


def _cell(value: object, kind: str = "") -> Text:
    text = "-" if value is None else str(value)
    if kind.startswith("decimal") and "." in text:
        text = text.rstrip("0").rstrip(".")
    return Text(text)


def _print_list(queries: Sequence[Mapping[str, Any]]) -> None:
    table = Table("query", "parameter", "type", "default", "meaning", show_lines=False)
    for described in queries:
        table.add_row(
            Text(described["name"], style="bold"), "", "", "", Text(described["question"])
        )
        for parameter in described["parameters"]:
            fields = [parameter[key] for key in ("name", "type", "default", "meaning")]
            table.add_row("", *map(_cell, fields))
    print_table(table)
