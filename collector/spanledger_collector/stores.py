"""Settings into a store: a file of this machine's, or a lake; knows how neither works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanledger_collector.store import Store, StoreError
from spanledger_collector.store.duckdb import DuckDBStore, Keep

if TYPE_CHECKING:
    from spanledger_collector.settings import StoreSettings

__all__ = ["not_installed", "open_store"]


def open_store(settings: StoreSettings, *, maintain: bool = True) -> Store:
    """Open the ledger that the settings name.

    Args:
        settings: the store's.
        maintain: whether to maintain it if it is a lake, and this process is elected.

    Raises:
        StoreError: it cannot or must not be opened.
    """
    keep = Keep(settings.calls_keep_days, settings.spans_keep_days, settings.alerts_keep_days)
    if settings.catalog is None:
        return DuckDBStore(
            settings.path,
            settings.memory_limit,
            settings.threads,
            keep,
            settings.min_free_bytes,
        )
    try:
        from spanledger_collector.lakes import open_lake_store
    except ImportError as error:
        raise StoreError(not_installed(error)) from error
    return open_lake_store(settings, maintain=maintain)


def not_installed(error: ImportError) -> str:
    """Say what a lake needs."""
    return (
        f"store.catalog names a lake, and {error.name} is not installed, which lakes need. "
        "Install `spanledger[lake]` in an environment of its own (`docs/scaling.md`)."
    )
