"""Keep the lake's files few and its catalog small: merge, forget, delete."""

from __future__ import annotations

import logging
import re
import time
from typing import Final

import duckdb
import pyarrow as pa

from spanledger_collector.store.lake.dialect import LAKE

__all__ = ["Files"]

MERGE_EVERY_S: Final = 60.0
MERGE_LARGER_EVERY_S: Final = 1800.0
CLEAN_EVERY_S: Final = 600.0
ORPHANS_EVERY_S: Final = 86_400.0
SMALL, LARGE = 8 << 20, 128 << 20
"""Files below are merged every minute, or every half hour: so a row is rewritten three times."""
SNAPSHOTS_KEPT: Final = "1 hour"
"""How long a query, an export or another engine may go on reading what it began with."""
ORPHANS_KEPT: Final = "1 day"
_OWN_NAME: Final = re.compile(r"main/\w+/ducklake-[0-9a-f-]{36}(-\w+)?\.parquet")
"""How DuckLake names the files of our tables, below the lake's place."""

_log = logging.getLogger(__name__)


class Files:
    """Looks after the files of one lake; only the maintainer may.

    Args:
        connection: the one that writes, with no transaction open.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        now = time.monotonic()
        self._next_merge = now + MERGE_EVERY_S
        self._next_larger = now + MERGE_LARGER_EVERY_S
        self._next_clean = now + CLEAN_EVERY_S
        self._next_orphans = now + CLEAN_EVERY_S

    def tend(self) -> None:
        """Do what is due."""
        now = time.monotonic()
        if now >= self._next_merge:
            self._next_merge = now + MERGE_EVERY_S
            self.merge(SMALL)
        if now >= self._next_larger:
            self._next_larger = now + MERGE_LARGER_EVERY_S
            self.merge(LARGE)
        if now >= self._next_clean:
            self._next_clean = now + CLEAN_EVERY_S
            self.clean(SNAPSHOTS_KEPT)
        if now >= self._next_orphans:
            self._next_orphans = now + ORPHANS_EVERY_S
            self.sweep(ORPHANS_KEPT)

    def merge(self, below: int) -> None:
        """Write rows that the catalog holds into files, and files below a size into larger ones."""
        started = time.monotonic()
        self._call(f"ducklake_flush_inlined_data('{LAKE}')")
        self._call(f"ducklake_merge_adjacent_files('{LAKE}', max_file_size => {below})")
        _log.debug("files below %d bytes are merged, in %.1f s", below, time.monotonic() - started)

    def clean(self, kept: str) -> None:
        """Forget snapshots, then delete the files that only they needed."""
        self._call(f"ducklake_rewrite_data_files('{LAKE}')")
        self._call(f"ducklake_expire_snapshots('{LAKE}', {_before(kept)})")
        self._call(f"ducklake_cleanup_old_files('{LAKE}', {_before(kept)})")

    def sweep(self, kept: str) -> None:
        """Delete files that no snapshot knows: a maintainer was killed before it committed them."""
        sweeping = f"ducklake_delete_orphaned_files('{LAKE}', {_before(kept)}"
        found = self._call(f"{sweeping}, dry_run => true)")["path"].to_pylist()
        place = self._call(f"ducklake_settings('{LAKE}')")["data_path"][0].as_py()
        strange = [path for path in found if not _OWN_NAME.fullmatch(path.removeprefix(place))]
        if strange:
            _log.error(
                "nothing is swept: %s (and %d more) was not written by this lake, whose place must"
                " be its own (store.data_path); move it away",
                strange[0],
                len(strange) - 1,
            )
        elif found:
            self._call(f"{sweeping})")

    def _call(self, function: str) -> pa.Table:
        # Not fetched as Python's values: their instants would need pytz, which nothing brings.
        return self._connection.execute(f"call {function}").to_arrow_table()


def _before(kept: str) -> str:
    return f"older_than => now() - interval '{kept}'"
