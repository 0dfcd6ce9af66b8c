"""Keep the lake's files few and its catalog small: merge, forget, delete."""

from __future__ import annotations

import logging
import re
import time
from collections import defaultdict
from typing import Final

import duckdb
import pyarrow as pa

from spanledger_collector.store.lake.connection import in_transaction
from spanledger_collector.store.lake.dialect import LAKE
from spanledger_collector.store.lake.election import Session
from spanledger_collector.store.lake.opening import CATALOG_SCHEMA
from spanledger_collector.store.lake.rewriting import Holed, steps

__all__ = ["Files"]

MERGE_EVERY_S: Final = 60.0
MERGE_LARGER_EVERY_S: Final = 1800.0
CLEAN_EVERY_S: Final = 600.0
ORPHANS_EVERY_S: Final = 86_400.0
REWRITING_S: Final = 60.0
"""How long arrivals and alerts may wait for files that are written anew; the rest is for later."""
SMALL, LARGE = 8 << 20, 128 << 20
"""Files below are merged every minute, or every half hour: so a row is rewritten three times."""
SNAPSHOTS_KEPT: Final = "1 hour"
"""How long a query, an export or another engine may go on reading what it began with."""
ORPHANS_KEPT: Final = "1 day"
_OWN_NAME: Final = re.compile(r"main/\w+/ducklake-[0-9a-f-]{36}(-\w+)?\.parquet")
"""How DuckLake names the files of our tables, below the lake's place."""
_CATALOG: Final = f"__ducklake_metadata_{LAKE}.{CATALOG_SCHEMA}"
_HOLED: Final = f"""
    select
        table_name,
        holes.delete_count / files.record_count as lost,
        cast(files.file_size_bytes * (1 - lost) as bigint) as left_over
    from {_CATALOG}.ducklake_delete_file as holes
    join {_CATALOG}.ducklake_data_file as files using (data_file_id)
    join {_CATALOG}.ducklake_table as tables on tables.table_id = files.table_id
    where holes.end_snapshot is null and files.end_snapshot is null and tables.end_snapshot is null
"""

_log = logging.getLogger(__name__)


class Files:
    """Looks after the files of one lake; only the maintainer may.

    Args:
        connection: the one that writes, with no transaction open.
        session: the one that holds the turn.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, session: Session) -> None:
        self._connection = connection
        self._session = session
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
            self.rewrite()
        if now >= self._next_orphans:
            self._next_orphans = now + ORPHANS_EVERY_S
            self.sweep(ORPHANS_KEPT)

    def merge(self, below: int) -> None:
        """Write rows that the catalog holds into files, and files below a size into larger ones."""
        started = time.monotonic()
        self._replace(f"ducklake_flush_inlined_data('{LAKE}')")
        self._replace(f"ducklake_merge_adjacent_files('{LAKE}', max_file_size => {below})")
        _log.debug("files below %d bytes are merged, in %.1f s", below, time.monotonic() - started)

    def rewrite(self) -> None:
        """Write files anew without the rows that are gone: merging leaves out those that have any.

        DuckLake's own threshold, 95 % of a file's rows, left nearly all of them as they were.
        """
        started = time.monotonic()
        self._replace(f"ducklake_flush_inlined_data('{LAKE}')")
        holed: dict[str, list[Holed]] = defaultdict(list)
        for table, lost, left in self._connection.execute(_HOLED).fetchall():
            holed[table].append(Holed(lost, left))
        due = [(table, share) for table, files in holed.items() for share in steps(files, LARGE)]
        for table, share in due:
            if time.monotonic() - started > REWRITING_S:
                break
            # In this form it is a double, and the very one that DuckLake reckons.
            threshold = f"delete_threshold => {share:.17e}"
            self._replace(f"ducklake_rewrite_data_files('{LAKE}', '{table}', {threshold})")
        _log.debug("files are written anew, in %.1f s", time.monotonic() - started)

    def clean(self, kept: str) -> None:
        """Forget snapshots, then delete the files that only they needed."""
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

    def _replace(self, function: str) -> None:
        """Have DuckLake put files in the place of others, unless the turn is lost meanwhile.

        What another writer deletes from them meanwhile, if it is few rows, would be back: DuckLake
        notices only more than ten.
        """

        def work() -> None:
            self._call(function)
            self._session.check()

        in_transaction(self._connection, work)

    def _call(self, function: str) -> pa.Table:
        # Not fetched as Python's values: their instants would need pytz, which nothing brings.
        return self._connection.execute(f"call {function}").to_arrow_table()


def _before(kept: str) -> str:
    return f"older_than => now() - interval '{kept}'"
