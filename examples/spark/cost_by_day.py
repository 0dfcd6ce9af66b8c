"""What calls cost by day and model, reckoned by Apache Spark from a lake's own files.

    pip install -r examples/spark/requirements.txt    # in a lake's environment; and Java 17
    python examples/spark/cost_by_day.py --catalog "ducklake:postgres:host=db dbname=ledger" \
        --master spark://head:7077

The catalog says which Parquet files are the ledger at this moment, and which of their rows were
deleted since; Spark reads the files and leaves those rows out. Files on S3 take Hadoop's S3A:
`--packages org.apache.hadoop:hadoop-aws:3.4.2`, with the keys in the usual variables.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

EXTENSIONS = ("ducklake", "postgres_scanner", "httpfs")
SCHEMA = "spanledger_lake"
FLUSH = "call ducklake_flush_inlined_data('lake')"
FLUSHES = 60


class Snapshot(NamedTuple):
    """The files of a table at one moment."""

    data: list[str]
    deleted: list[str]
    """Files that name rows of the others: `file_path` and `pos`."""


def snapshot(catalog: str, table: str) -> Snapshot:
    """Ask the catalog which files are a table's, having what is still in it written to files."""
    with duckdb.connect() as lake:
        for name in EXTENSIONS:
            wheel = importlib.import_module(f"duckdb_extension_{name}")
            file = next(Path(wheel.__path__[0]).rglob("*.duckdb_extension"))
            lake.execute(f"load '{file}'")
        key, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
        if key and secret:
            lake.execute(f"create secret (type s3, key_id {_text(key)}, secret {_text(secret)})")
        lake.execute(f"attach {_text(catalog)} as lake (metadata_schema '{SCHEMA}')")
        _write_out(lake)
        rows = lake.execute(
            "select data_file, delete_file from ducklake_list_files('lake', $table)",
            {"table": table},
        ).fetchall()
    return Snapshot([data for data, _ in rows], [deleted for _, deleted in rows if deleted])


def _write_out(lake: duckdb.DuckDBPyConnection) -> None:
    """Have rows that are still in the catalog written to files, waiting where a collector does."""
    for _ in range(FLUSHES - 1):
        if _written_out(lake):
            return
        time.sleep(1)
    lake.execute(FLUSH)


def _written_out(lake: duckdb.DuckDBPyConnection) -> bool:
    try:
        lake.execute(FLUSH)
    except duckdb.Error as error:
        if "concurrent update" in str(error):
            return False
        raise
    return True


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def read(spark: SparkSession, files: Snapshot) -> DataFrame:
    """The rows of a snapshot."""
    rows = spark.read.parquet(*map(_for_hadoop, files.data))
    if not files.deleted:
        return rows
    gone = spark.read.parquet(*map(_for_hadoop, files.deleted)).select(
        f.element_at(f.split("file_path", "/"), -1).alias("gone_file"), f.col("pos").alias("gone")
    )
    # A file's name is unique in a lake, however the path before it is written.
    here = f.element_at(f.split("_metadata.file_path", "/"), -1)
    numbered = rows.select("*", here.alias("file"), f.col("_metadata.row_index").alias("row"))
    left = numbered.join(
        gone, (f.col("file") == f.col("gone_file")) & (f.col("row") == f.col("gone")), "left_anti"
    )
    return left.drop("file", "row")


def _for_hadoop(path: str) -> str:
    return path.replace("s3://", "s3a://", 1)


def cost_by_day(calls: DataFrame) -> DataFrame:
    """Calls and dollars by day (UTC) and model; a call without a price adds no dollars."""
    return (
        calls.groupBy(f.to_date("start_time").alias("day"), "model")
        .agg(f.count("*").alias("requests"), f.sum("cost_usd").alias("cost_usd"))
        .orderBy("day", "model")
    )


def lines(table: DataFrame) -> Iterator[list[str]]:
    """The table as text, money exact."""
    yield table.columns
    for row in table.collect():
        yield ["" if value is None else str(value) for value in row]


def main() -> None:
    """Print the table as CSV."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--catalog", required=True, help="as in the collectors' store.catalog")
    parser.add_argument("--master", default="local[*]", help="where Spark runs")
    chosen = parser.parse_args()
    files = snapshot(chosen.catalog, "calls")
    if not files.data:
        sys.exit("The lake holds no calls yet.")
    spark = (
        SparkSession.builder.master(chosen.master)
        .appName("spanledger")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    try:
        csv.writer(sys.stdout).writerows(lines(cost_by_day(read(spark, files))))
    finally:
        spark.stop()


if __name__ == "__main__":
    main()
