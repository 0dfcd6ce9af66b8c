"""`export calls`: the ledger as a Parquet or CSV file, by the collector that has it open."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from spanledger_collector.cli.api import ApiError, WrongRequest, client
from spanledger_collector.cli.console import FAILED, MISUSED, fail, say
from spanledger_collector.cli.files import progress, written_whole
from spanledger_collector.cli.options import (
    ConfigOption,
    TokenOption,
    UrlOption,
    settings_or_fail,
)
from spanledger_collector.cli.query import parameters_of

__all__ = ["app"]

app = typer.Typer(help="Write what is in the ledger into files.", no_args_is_help=True)


class Format(str, Enum):
    """The forms of a file."""

    parquet = "parquet"
    csv = "csv"


@app.callback()
def root() -> None:
    """Write what is in the ledger into files."""


@app.command()
def calls(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="File to write.")],
    format: Annotated[
        Format | None,
        typer.Option("--format", "-f", help="Form of the file; by default what its name ends in."),
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar="INSTANT", help="First instant that counts.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="INSTANT", help="First that no longer counts.")
    ] = None,
    columns: Annotated[
        str | None, typer.Option("--columns", metavar="NAME,…", help="Only these columns.")
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", "-p", metavar="KEY=VALUE", help="A filter; repeat for more."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
) -> None:
    """Export calls: one row a call, every column of the ledger, money exact.

    [bold]Examples[/bold]
      spanledger export calls -o calls.parquet
      spanledger export calls --from 2026-10-01 --to 2026-11-01 -p team=search -o october.csv
      spanledger export calls --columns start_time,model,cost_usd -o costs.csv
    """
    settings = settings_or_fail(config)
    kind = format or _by_name(output)
    if output.exists() and not force:
        fail(f"The file {output} exists. Choose another name, or --force to overwrite it.", MISUSED)
    asked = parameters_of(param or []) | {"format": [kind.value]}
    for name, value in (("start", first), ("end", last)):
        asked |= {name: [value]} if value else {}
    asked |= {"columns": columns.split(",")} if columns else {}
    try:
        with (
            client(settings, url, token, timeout_s=600.0) as api,
            api.streamed("GET", "/api/v1/export/calls", asked) as answer,
            written_whole(output) as (file, _),
            progress("exported", None) as more,
        ):
            for chunk in answer.iter_bytes():
                file.write(chunk)
                more(len(chunk))
    except WrongRequest as error:
        fail(str(error), MISUSED)
    except ApiError as error:
        fail(str(error), FAILED)
    except OSError as error:
        fail(f"The file {output} cannot be written: {error.strerror}.", FAILED)
    say(f"Wrote {output} ({output.stat().st_size / 1e6:,.1f} MB).")


def _by_name(output: Path) -> Format:
    ending = output.suffix.removeprefix(".").lower()
    if ending not in {each.value for each in Format}:
        fail(f"{output} ends in neither .parquet nor .csv: say which with --format.", MISUSED)
    return Format(ending)
