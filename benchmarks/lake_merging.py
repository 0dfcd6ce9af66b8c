"""What a lake's files cost: merging small ones, and writing one anew from which a row is gone.

`lake.py` runs it in the lake's environment, with nothing else on the lake:

$(.ci/lake) benchmarks/lake_merging.py --catalog ducklake:postgres:… --files FOLDER
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from contextlib import closing

import duckdb

from spanledger_collector.store.lake import LakePlace
from spanledger_collector.store.lake.dialect import LAKE
from spanledger_collector.store.lake.election import Session
from spanledger_collector.store.lake.files import LARGE, Files
from spanledger_collector.store.lake.opening import open_lake, stored_columns

CALLS = f"{LAKE}.calls"


def main() -> None:
    """Do both once, and print what they took as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--catalog", required=True)
    parser.add_argument("--files", required=True)
    wanted = parser.parse_args()
    place = LakePlace(wanted.catalog, wanted.files)
    with closing(open_lake(place, None, None)) as lake, Session(place.connection) as session:
        files = Files(lake, session)
        [[calls]] = lake.execute("select count(*) from calls").fetchall()
        with session.turn():
            merging = _measured(lake, lambda: files.merge(LARGE))
            lake.execute(f"delete from {CALLS} where rowid = (select max(rowid) from {CALLS})")
            rewriting = _measured(lake, files.rewrite)
    print(json.dumps({"calls": calls, "merging": merging, "rewriting": rewriting}))


def _measured(lake: duckdb.DuckDBPyConnection, work: Callable[[], None]) -> dict[str, float]:
    before = _files(lake)
    began, cpu = time.perf_counter(), time.process_time()
    work()
    took, used = time.perf_counter() - began, time.process_time() - cpu
    after = _files(lake)
    return {
        "files_before": len(before),
        "files_after": len(after),
        "seconds": took,
        "cpu_seconds": used,
        "bytes_read": sum(before[name] for name in before.keys() - after.keys()),
        "bytes_written": sum(after[name] for name in after.keys() - before.keys()),
    }


def _files(lake: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """The ledger's files and their bytes."""
    sql = "select data_file, data_file_size_bytes from ducklake_list_files('lake', '{}')"
    return dict(
        row for table in stored_columns() for row in lake.execute(sql.format(table)).fetchall()
    )


if __name__ == "__main__":
    main()
