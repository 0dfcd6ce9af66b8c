"""What merging the small files of a lake costs; `lake.py` runs it in the lake's environment.

$(.ci/lake) benchmarks/lake_merging.py --catalog ducklake:postgres:… --files FOLDER
"""

from __future__ import annotations

import argparse
import json
import time
from contextlib import closing

import duckdb

from spanledger_collector.store.lake import LakePlace
from spanledger_collector.store.lake.election import Session
from spanledger_collector.store.lake.files import LARGE, Files
from spanledger_collector.store.lake.opening import open_lake, stored_columns


def main() -> None:
    """Merge once, and print what it took as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--catalog", required=True)
    parser.add_argument("--files", required=True)
    wanted = parser.parse_args()
    place = LakePlace(wanted.catalog, wanted.files)
    with closing(open_lake(place, None, None)) as lake, Session(place.connection) as session:
        before = _files(lake)
        began, cpu = time.perf_counter(), time.process_time()
        with session.turn():
            Files(lake, session).merge(LARGE)
        took, used = time.perf_counter() - began, time.process_time() - cpu
        after = _files(lake)
        [[calls]] = lake.execute("select count(*) from calls").fetchall()
    gone, made = before.keys() - after.keys(), after.keys() - before.keys()
    facts = {
        "calls": calls,
        "files_before": len(before),
        "files_after": len(after),
        "seconds": took,
        "cpu_seconds": used,
        "bytes_read": sum(before[name] for name in gone),
        "bytes_written": sum(after[name] for name in made),
    }
    print(json.dumps(facts))


def _files(lake: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """The ledger's files and their bytes."""
    sql = "select data_file, data_file_size_bytes from ducklake_list_files('lake', '{}')"
    return dict(
        row for table in stored_columns() for row in lake.execute(sql.format(table)).fetchall()
    )


if __name__ == "__main__":
    main()
