"""Settings into a store: a file of this machine's, or a lake; knows how neither works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanledger_collector.store import Store, StoreError
from spanledger_collector.store.duckdb import DuckDBStore, Keep

if TYPE_CHECKING:
    from spanledger_collector.settings import StoreSettings

__all__ = ["open_store"]


def open_store(settings: StoreSettings) -> Store:
    """Open the ledger that the settings name.

    Raises:
        StoreError: it cannot or must not be opened.
    """
    keep = Keep(settings.calls_keep_days, settings.spans_keep_days)
    if settings.catalog is None:
        return DuckDBStore(
            settings.path,
            settings.memory_limit,
            settings.threads,
            keep,
            settings.min_free_bytes,
        )
    try:
        from spanledger_collector.store.lake import LakePlace, LakeStore
    except ImportError as error:
        raise StoreError(
            f"store.catalog names a lake, and {error.name} is not installed, which lakes need. "
            "Install `spanledger[lake]` in an environment of its own (`docs/scaling.md`)."
        ) from error
    secret = settings.s3_secret
    place = LakePlace(
        catalog=settings.catalog.get_secret_value(),
        data_path=settings.data_path or "",
        s3_endpoint=settings.s3_endpoint,
        s3_region=settings.s3_region,
        s3_key_id=settings.s3_key_id,
        s3_secret=secret.get_secret_value() if secret else None,
        max_inbox_bytes=int(settings.max_inbox_bytes),
    )
    return LakeStore(place, settings.path, settings.memory_limit, settings.threads, keep)
