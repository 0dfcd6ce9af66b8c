"""The ledger itself, for commands that do without a collector when none answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from spanledger_collector.cli.console import FAILED, fail, say
from spanledger_collector.settings import Settings

if TYPE_CHECKING:
    from spanledger_collector.store import Store

__all__ = ["opened_ledger"]


@contextmanager
def opened_ledger(settings: Settings) -> Iterator[Store]:
    """Open the file or the lake that the settings name; a lake's upkeep is left to its collectors.

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
        fail(
            f"No collector answers at {settings.collector_url}, and there is no ledger in {path}."
            " Name its folder with --data-dir, or the collector with --url.",
            FAILED,
        )
    say(f"No collector answers at {settings.collector_url}; opening {where}.")
    store = open_store(settings.store, maintain=False)
    try:
        yield store
    finally:
        store.close()
