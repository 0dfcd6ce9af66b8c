"""Keep off a disk that is nearly full: DuckDB does not survive one, not even for readers."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from spanledger_collector.store.errors import StoreUnavailable

__all__ = ["MIB", "MIN_FREE_BYTES", "FreeSpace"]

MIB: Final = 1 << 20
MIN_FREE_BYTES: Final = 512 * MIB
"""Twice what the log may grow to before it is written into the database file."""


class FreeSpace:
    """The room left on the disk that holds the ledger.

    Args:
        folder: the data folder.
        wanted: bytes below which nothing more is written.
    """

    def __init__(self, folder: Path, wanted: int) -> None:
        self._folder = folder
        self.wanted = wanted

    def free(self) -> int:
        """Bytes that are left."""
        return shutil.disk_usage(self._folder).free

    def check(self) -> None:
        """Refuse to go on where a write could meet the end of the disk.

        Raises:
            StoreUnavailable: too little is free; it goes on by itself once there is more.
        """
        free = self.free()
        if free < self.wanted:
            raise StoreUnavailable(
                f"The disk that holds {self._folder} has {free // MIB} MiB left, and nothing is "
                f"written below {self.wanted // MIB} MiB. Free some space, or set "
                "store.min_free_bytes lower. Reading goes on, and nothing acknowledged is lost."
            )
