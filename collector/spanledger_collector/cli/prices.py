"""What calls cost: quotes for single calls, and the price book itself."""

from __future__ import annotations

import csv
import datetime as dt
import json
import sys
import time
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from spanledger.pricing import PriceBook, day_number, iso_date
from spanledger.pricing.book import Rates
from spanledger_collector.cli.console import MISUSED, fail, print_table, say, warn
from spanledger_collector.cli.options import ConfigOption, settings_or_fail
from spanledger_collector.cli.quote import (
    FIELDS,
    PROVIDERS,
    QuoteError,
    quote,
    request_from_json,
    unknown_fields,
)
from spanledger_collector.cli.reprice import reprice
from spanledger_collector.prices import ContractError, book_under
from spanledger_collector.prices.listing import ListedPrice, prices_on
from spanledger_collector.settings import did_you_mean

app = typer.Typer(no_args_is_help=True, help="Prices: what a call costs, and the price book.")

app.command("reprice")(reprice)

_COLUMNS = ("model", "tier", "from", "to", *Rates._fields, "confidence", "override")
_OPTIONAL = ("override",)


class Format(str, Enum):
    """How to print the price book."""

    table = "table"
    json = "json"
    csv = "csv"


class Platform(str, Enum):
    """Where models are sold."""

    any = "any"
    anthropic = "anthropic"
    bedrock = "aws.bedrock"
    vertex = "gcp.vertex_ai"


@app.command("quote")
def quote_command(config: ConfigOption = None) -> None:
    """Price calls: JSON on standard input, JSON on standard output.

    An object in gives an object out, a list gives a list. `usage` is the API's own usage object.
    `at`, `provider`, `stop_reason`, `complete`, `request_model` and `server_address` are optional;
    `at` defaults to now.

    [bold]Example[/bold]
      echo '{"model": "claude-opus-5-5", "at": "2026-11-20T00:00:00Z",
             "usage": {"input_tokens": 1000, "output_tokens": 500}}' | spanledger prices quote
    """
    if sys.stdin.isatty():
        say("Reading JSON from the terminal; end it with Ctrl-D.")
    try:
        data = json.loads(sys.stdin.buffer.read())
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        fail(f"Standard input is not JSON: {error}. {_GIVE}", MISUSED)
    now_ns = time.time_ns()
    book = _book(config)
    if isinstance(data, list):
        answer: Any = [_quoted(item, now_ns, f"item {n}", book) for n, item in enumerate(data)]
    else:
        answer = _quoted(data, now_ns, "request", book)
    sys.stdout.write(json.dumps(answer, indent=2 if sys.stdout.isatty() else None) + "\n")


@app.command("list")
def list_command(
    at: Annotated[
        str | None, typer.Option("--at", metavar="DATE", help="Day, YYYY-MM-DD (default: today).")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", help="Only this model, by any of its ids; repeat for more."),
    ] = None,
    platform: Annotated[
        Platform, typer.Option("--platform", help="Models sold there, at the prices agreed on.")
    ] = Platform.any,
    format: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = Format.table,
    config: ConfigOption = None,
) -> None:
    """Show the prices on a day, in US dollars per million tokens.

    They are the list's, or the contract's where the overrides of the settings change them.

    [bold]Examples[/bold]
      spanledger prices list
      spanledger prices list --at 2026-03-01 --model claude-opus-4-6
      spanledger prices list --format csv > prices.csv
    """
    day = _day(at)
    book = _book(config)
    wanted = _wanted(book, model or [])
    listed = prices_on(book, platform.value, day)
    rows = [_row(price) for price in listed if price.model in wanted]
    if not rows:
        fail(f"The price book has no price for that on {iso_date(day)}.", MISUSED)
    if format is Format.json:
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
    elif format is Format.csv:
        writer = csv.DictWriter(sys.stdout, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        _print(rows, day, book)


_GIVE = (
    "Give it a call, or a list of calls, such as"
    ' {"model": "claude-opus-5-5", "usage": {"input_tokens": 1000, "output_tokens": 500}}.'
)


def _quoted(item: object, now_ns: int, where: str, book: PriceBook) -> dict[str, Any]:
    try:
        request = request_from_json(item, now_ns)
    except QuoteError as error:
        fail(f"{where}: {error}.", MISUSED)
    if request.provider not in PROVIDERS:
        warn(
            f"{where}: the provider '{request.provider}' has no prices of its own, so Anthropic's"
            f" are used. {did_you_mean(request.provider, PROVIDERS)}"
        )
    for name in unknown_fields(item):
        warn(f"{where}: the field '{name}' is ignored. {did_you_mean(name, FIELDS)}")
    return quote(request, book)


def _day(at: str | None) -> int:
    if at is None:
        return day_number(dt.datetime.now(dt.timezone.utc).date().isoformat())
    try:
        return day_number(at)
    except ValueError:
        fail(f"--at {at} is not a date like 2026-11-20.", MISUSED)


def _book(config: Path | None) -> PriceBook:
    """The prices that a collector with these settings would use."""
    try:
        return book_under(settings_or_fail(config).prices.overrides)
    except ContractError as error:
        fail(str(error), MISUSED)


def _wanted(book: PriceBook, names: list[str]) -> set[str]:
    """The models that some ids name; all when there is none."""
    found = set()
    for name in names:
        model = book.find(name)
        if model is None:
            hint = did_you_mean(name, (known.id for known in book.models))
            fail(f"The price book does not know the model '{name}'. {hint}", MISUSED)
        found.add(model.id)
    return found or {model.id for model in book.models}


def _row(price: ListedPrice) -> dict[str, str | None]:
    row = price._asdict()
    named = {"from": row["valid_from"], "to": row["valid_to"]}
    return {column: named[column] if column in named else row[column] for column in _COLUMNS}


def _print(rows: list[dict[str, str | None]], day: int, book: PriceBook) -> None:
    say(f"US dollars per million tokens on {iso_date(day)}, prices {book.version}.")
    empty = {name for name in _OPTIONAL if not any(row[name] for row in rows)}
    columns = [column for column in _COLUMNS if column not in empty]
    table = Table()
    for column in columns:
        table.add_column(column, justify="right" if column in Rates._fields else "left")
    for row in rows:
        table.add_row(*(row[column] or "-" for column in columns))
    print_table(table)
