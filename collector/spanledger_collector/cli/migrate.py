"""`spanledger migrate`: a ledger from one machine into a lake and back, checked by totals."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spanledger_collector.cli.console import FAILED, MISUSED, fail, say
from spanledger_collector.cli.options import ConfigOption, settings_or_fail
from spanledger_collector.settings import Settings

app = typer.Typer(
    no_args_is_help=True, help="Move a ledger from one machine into a lake, and back."
)

Source = Annotated[Path, typer.Argument(help="A ledger file that nobody has open, or a backup.")]
Target = Annotated[Path, typer.Argument(help="The file to write; it must not exist.")]


@app.command("into-lake")
def into_lake(source: Source, config: ConfigOption = None) -> None:
    """Move a ledger file into the lake that the settings name; the lake must be empty.

    All or nothing, and only if the lake then tells the same calls and dollars. The file stays.
    Run it in the lake's environment. A file written by DuckDB 2 needs `migrate portable` first.

    [bold]Examples[/bold]
      spanledger migrate into-lake portable.duckdb --config lake.toml
    """
    from spanledger_collector.store import StoreError, StoreUnavailable

    settings = _with_lake(config)
    from spanledger_collector.lakes import move_into_lake

    try:
        told = move_into_lake(source, settings.store)
    except (StoreError, StoreUnavailable) as error:
        fail(str(error), FAILED)
    say(f"The lake holds {told.calls:,} calls, ${told.cost_usd}, as {source} does.")


@app.command("from-lake")
def from_lake(target: Target, config: ConfigOption = None) -> None:
    """Write all that the lake holds into a ledger file, while its collectors run.

    The file is a ledger: `spanledger restore` puts it into a data folder.

    [bold]Examples[/bold]
      spanledger migrate from-lake ledger.duckdb --config lake.toml
    """
    from spanledger_collector.store import StoreError, StoreUnavailable

    settings = _with_lake(config)
    from spanledger_collector.lakes import move_out_of_lake

    try:
        told = move_out_of_lake(target, settings.store)
    except (StoreError, StoreUnavailable) as error:
        fail(str(error), FAILED)
    say(f"{target} holds {told.calls:,} calls, ${told.cost_usd}, as the lake does.")


@app.command("portable")
def portable(source: Source, target: Target) -> None:
    """Copy a ledger file into the format that DuckDB 1.5 reads, as a lake's environment needs it.

    [bold]Examples[/bold]
      spanledger migrate portable spanledger-data/ledger.duckdb portable.duckdb
    """
    from spanledger_collector.store import StoreError, StoreUnavailable
    from spanledger_collector.store.duckdb import copy_portable

    try:
        told = copy_portable(source, target)
    except (StoreError, StoreUnavailable) as error:
        fail(str(error), FAILED)
    say(f"{target} holds {told.calls:,} calls, ${told.cost_usd}, as {source} does.")


def _with_lake(config: Path | None) -> Settings:
    settings = settings_or_fail(config)
    if settings.store.catalog is None:
        fail("The settings name no lake: set store.catalog and store.data_path.", MISUSED)
    from spanledger_collector.stores import not_installed

    try:
        import spanledger_collector.lakes  # noqa: F401 -- only to see whether it can be
    except ImportError as error:
        fail(not_installed(error), FAILED)
    return settings
