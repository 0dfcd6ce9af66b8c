"""The ledger itself, for commands that do without a collector when none answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from spanledger_collector.cli.console import FAILED, fail, say
from spanledger_collector.settings import Settings

if TYPE_CHECKING:
    from spanledger_collector.store import Store

__all__ = ["lies_by_itself", "opened_ledger"]


def lies_by_itself(settings: Settings, url: str | None, data_dir: Path | None) -> bool:
    """Whether a folder is named whose ledger no collector has: one that answers has another."""
    if url is not None or data_dir is None or settings.store.catalog is not None:
        return False
    from spanledger_collector.store.duckdb import DATABASE_NAME, is_open

    return not is_open(settings.store.path / DATABASE_NAME)


@contextmanager
def opened_ledger(settings: Settings, *, asked: bool = True) -> Iterator[Store]:
    """Open the file or the lake that the settings name; a lake's upkeep is left to its collectors.

    Args:
        settings: what names it.
        asked: whether a collector was asked, and none answered.

    Raises:
        StoreError: it cannot or must not be opened.
    """
    from spanledger_collector.store.duckdb import DATABASE_NAME
    from spanledger_collector.stores import open_store

    path = settings.store.path
    if settings.store.catalog is not None:
        where = "the lake that store.catalog names"
    elif (path / DATABASE_NAME).exists():
        where = f"the ledger in {path}"
    else:
        nobody = (
            f"No collector answers at {settings.collector_url}, and there" if asked else "There"
        )
        fail(
            f"{nobody} is no ledger in {path}."
            " Name its folder with --data-dir, or the collector with --url.",
            FAILED,
        )
    nobody = f"No collector answers at {settings.collector_url}" if asked else "No process has it"
    say(f"{nobody}; opening {where}.")
    store = open_store(settings.store, maintain=False)
    try:
        yield store
    finally:
        store.close()
