"""`backup` and `restore`: the ledger into a file and back, checked both times."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spanledger_collector.cli.api import ApiError, Unreachable, WrongRequest, client
from spanledger_collector.cli.console import FAILED, MISUSED, fail, say
from spanledger_collector.cli.files import fsync_folder, progress, written_whole
from spanledger_collector.cli.offline import lies_by_itself, opened_ledger
from spanledger_collector.cli.options import (
    ConfigOption,
    DataDirOption,
    TokenOption,
    UrlOption,
    settings_or_fail,
)
from spanledger_collector.settings import Settings

if TYPE_CHECKING:
    from spanledger_collector.store import Backup

__all__ = ["backup", "restore"]

_FACTS = "x-spanledger-backup"


def backup(
    file: Annotated[Path, typer.Argument(help="File to write.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    url: UrlOption = None,
    token: TokenOption = None,
    data_dir: DataDirOption = None,
    config: ConfigOption = None,
) -> None:
    """Copy the ledger as it is now into a file, while the collector runs, and check the copy.

    Without a running collector the ledger of the data folder is copied, and so is one that
    --data-dir names and that no process has open.

    [bold]Examples[/bold]
      spanledger backup /backups/ledger-2026-11-20.duckdb
    """
    settings = settings_or_fail(config, store={"path": data_dir})
    if file.exists() and not force:
        fail(f"The file {file} exists. Choose another name, or --force to overwrite it.", MISUSED)
    if not file.absolute().parent.is_dir():
        fail(f"There is no folder {file.absolute().parent}.", MISUSED)
    try:
        if lies_by_itself(settings, url, data_dir):
            facts = _offline(settings, file, asked=False)
        else:
            facts = _fetch(settings, url, token, file)
    except Unreachable as error:
        if url is not None:
            fail(str(error), FAILED)
        facts = _offline(settings, file, asked=True)
    except WrongRequest as error:
        fail(str(error), MISUSED)
    except ApiError as error:
        fail(str(error), FAILED)
    except OSError as error:
        fail(f"The file {file} cannot be written: {error.strerror or error}.", FAILED)
    size = file.stat().st_size / 1e6
    say(f"Wrote {file} ({size:,.1f} MB): {facts['calls']:,} calls, ${facts['cost_usd']}, checked.")


def restore(
    file: Annotated[Path, typer.Argument(help="Backup to put in place.")],
    force: Annotated[
        bool, typer.Option("--force", help="Put it in place of a ledger, which is kept aside.")
    ] = False,
    data_dir: DataDirOption = None,
    config: ConfigOption = None,
) -> None:
    """Put a backup in place as the ledger of the data folder; the collector must not run.

    A ledger that is there already is only replaced with --force, and stays beside it under a name
    with the time.

    [bold]Examples[/bold]
      spanledger restore /backups/ledger-2026-11-20.duckdb
      spanledger restore ledger.duckdb --data-dir /var/lib/spanledger --force
    """
    settings = settings_or_fail(config, store={"path": data_dir})
    if settings.store.catalog is not None:
        fail(
            "store.catalog names a lake, which has no ledger in its data folder. Move the backup"
            f" into an empty lake: `spanledger migrate portable {file} portable.duckdb`, then"
            " `spanledger migrate into-lake portable.duckdb`.",
            MISUSED,
        )
    from spanledger_collector.store import StoreError
    from spanledger_collector.store.duckdb import DATABASE_NAME, examine, is_open

    folder = settings.store.path
    ledger = folder / DATABASE_NAME
    try:
        told = examine(file)
        if ledger.exists() and not force:
            fail(
                f"There is a ledger in {folder}. With --force the backup takes its place, and it"
                " is kept aside.",
                MISUSED,
            )
        if ledger.exists() and is_open(ledger):
            fail(f"The ledger {ledger} is open in another process: stop the collector first.")
        folder.mkdir(parents=True, exist_ok=True)
        aside = _put_in_place(file, ledger, told)
    except StoreError as error:
        fail(str(error), FAILED)
    except OSError as error:
        fail(f"The ledger {ledger} cannot be written: {error.strerror or error}.", FAILED)
    if aside is not None:
        say(f"The ledger that was there is now {aside}.")
    say(f"{ledger} holds {told.calls:,} calls, ${told.cost_usd}.")


def _fetch(settings: Settings, url: str | None, token: str | None, file: Path) -> dict[str, Any]:
    """Have the collector make a copy, and take it; only a whole and true copy gets the name."""
    from spanledger_collector.backup import digest_of

    with (
        client(settings, url, token, timeout_s=3600.0) as api,
        api.streamed("POST", "/api/v1/backup") as answer,
        written_whole(file) as (opened, part),
    ):
        facts: dict[str, Any] = json.loads(answer.headers[_FACTS])
        total = int(answer.headers.get("content-length", 0)) or None
        with progress("backed up", total) as more:
            for chunk in answer.iter_bytes():
                opened.write(chunk)
                more(len(chunk))
        opened.flush()
        if digest_of(part) != facts["sha256"]:
            raise ApiError("The copy arrived damaged: its SHA-256 is not what was sent. Try again.")
    return facts


def _offline(settings: Settings, file: Path, *, asked: bool) -> dict[str, Any]:
    """The same without a collector, from the ledger itself."""
    from spanledger_collector.store import StoreError, StoreUnavailable

    part = file.with_name(f".{file.name}.part")
    try:
        part.unlink(missing_ok=True)
        with opened_ledger(settings, asked=asked) as store:
            facts = store.back_up(part)
        part.replace(file)
        fsync_folder(file.absolute().parent)
    except (StoreError, StoreUnavailable) as error:
        fail(str(error), FAILED)
    finally:
        part.unlink(missing_ok=True)
    return facts._asdict()


def _put_in_place(file: Path, ledger: Path, told: Backup) -> Path | None:
    """Copy a backup beside the ledger, check the copy, and only then exchange them."""
    from spanledger_collector.store import StoreError
    from spanledger_collector.store.duckdb import examine

    part = ledger.with_name(f".{ledger.name}.restored")
    try:
        shutil.copyfile(file, part)
        with part.open("rb+") as opened:
            opened.flush()
        if examine(part) != told:
            raise StoreError(f"The copy of {file} in {ledger.parent} is not what was copied.")
        aside = _set_aside(ledger)
        part.replace(ledger)
    finally:
        part.unlink(missing_ok=True)
    fsync_folder(ledger.parent)
    return aside


def _set_aside(ledger: Path) -> Path | None:
    """Give the ledger that is there another name, and its log, which belongs to it."""
    if not ledger.exists():
        return None
    moment = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    aside = ledger.with_name(f"ledger-{moment}.duckdb")
    log = ledger.with_name(f"{ledger.name}.wal")
    if log.exists():
        log.replace(aside.with_name(f"{aside.name}.wal"))
    ledger.replace(aside)
    return aside
