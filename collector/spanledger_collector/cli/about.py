"""What is set and what is installed."""

from __future__ import annotations

import json
import platform
from enum import Enum
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.table import Table
from rich.text import Text

from spanledger_collector.cli.console import out, print_table, say
from spanledger_collector.cli.options import (
    ConfigOption,
    loaded_or_fail,
    warn_of_unknown_variables,
)
from spanledger_collector.settings import LoadedSettings

PACKAGES = ("anthropic", "opentelemetry-sdk", "duckdb", "pyarrow", "granian", "streamlit")


class Format(str, Enum):
    """How to print a table of facts."""

    table = "table"
    json = "json"


def config(
    config: ConfigOption = None,
    format: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
) -> None:
    """Show the settings in effect and where each comes from; secrets stay hidden.

    [bold]Examples[/bold]
      spanledger config
      spanledger config --config /etc/spanledger.toml --format json
    """
    loaded = loaded_or_fail(config)
    rows = [(*key, _shown(loaded, key), origin) for key, origin in loaded.origins.items()]
    if format is Format.json:
        names = ("section", "key", "value", "origin")
        out.print_json(json.dumps([dict(zip(names, row, strict=True)) for row in rows]))
    else:
        say(f"Settings file: {loaded.file or 'none'}")
        table = Table("setting", "value", "from")
        for section, key, value, origin in rows:
            style = "dim" if origin == "default" else ""
            table.add_row(Text(f"{section}.{key}"), Text(value or "-"), Text(origin), style=style)
        print_table(table)
    warn_of_unknown_variables(loaded)


def version() -> None:
    """Show the versions of SpanLedger and of what it stands on."""
    table = Table.grid(padding=(0, 2))
    table.add_row("spanledger", installed("spanledger"))
    table.add_row("python", platform.python_version())
    for package in PACKAGES:
        table.add_row(package, version_of(package) or "not installed")
    print_table(table)


def version_of(package: str) -> str | None:
    """The installed version of a distribution, or None."""
    try:
        return installed(package)
    except PackageNotFoundError:
        return None


def _shown(loaded: LoadedSettings, key: tuple[str, str]) -> str | None:
    value = getattr(getattr(loaded.settings, key[0]), key[1])
    if isinstance(value, SecretStr):
        return "********"
    return None if value is None else str(value)
