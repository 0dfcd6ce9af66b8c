"""Settings into a lake, to run on or to move a ledger into or out of; needs `spanledger[lake]`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from spanledger_collector.store import Backup
from spanledger_collector.store.duckdb import Keep
from spanledger_collector.store.lake import LakePlace, LakeStore, move_in

if TYPE_CHECKING:
    from spanledger_collector.settings import StoreSettings

__all__ = ["move_into_lake", "move_out_of_lake", "open_lake_store"]


def open_lake_store(settings: StoreSettings, *, maintain: bool = True) -> LakeStore:
    """Open the lake that the settings name.

    Raises:
        StoreError: it cannot or must not be opened.
    """
    keep = Keep(settings.calls_keep_days, settings.spans_keep_days, settings.alerts_keep_days)
    return LakeStore(
        _place(settings),
        settings.path,
        settings.memory_limit,
        settings.threads,
        keep,
        maintain=maintain,
    )


def move_into_lake(file: Path, settings: StoreSettings) -> Backup:
    """Copy a ledger file into the empty lake that the settings name.

    Raises:
        StoreError: one of them is not to be used.
        StoreUnavailable: the lake cannot commit.
    """
    return move_in(file, _place(settings), settings.memory_limit)


def move_out_of_lake(file: Path, settings: StoreSettings) -> Backup:
    """Write all that a lake holds into a new ledger file.

    Raises:
        StoreError: the lake cannot be opened.
        StoreUnavailable: the file could not be written.
    """
    store = open_lake_store(settings, maintain=False)
    try:
        return store.back_up(file)
    finally:
        store.close()


def _place(settings: StoreSettings) -> LakePlace:
    catalog, secret = settings.catalog, settings.s3_secret
    return LakePlace(
        catalog=catalog.get_secret_value() if catalog else "",
        data_path=settings.data_path or "",
        s3_endpoint=settings.s3_endpoint,
        s3_region=settings.s3_region,
        s3_key_id=settings.s3_key_id,
        s3_secret=secret.get_secret_value() if secret else None,
        max_inbox_bytes=int(settings.max_inbox_bytes),
        extension_repository=settings.extension_repository,
    )
