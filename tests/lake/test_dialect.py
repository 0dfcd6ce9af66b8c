"""Statements written for a DuckDB file, as the lake takes them."""

from __future__ import annotations

import pytest

from spanledger_collector.store import sql_files
from spanledger_collector.store.lake import opening
from spanledger_collector.store.lake.dialect import Column, create_table, create_view, translated

READ_ONCE = {"find_by_id"}
WRITING = ("insert into ", "insert or ", "merge into ", "delete from ", "update ")


def statements() -> list[str]:
    folder = sql_files._ROOT.joinpath("statements")
    names = [file.name.removesuffix(".sql") for file in folder.iterdir()]
    return sorted(name for name in names if name != "create_schema_version")


@pytest.mark.parametrize("name", statements())
def test_every_statement_that_writes_names_the_lake(name: str) -> None:
    """No statement writes to a view, and few that only read are changed."""
    text = sql_files.statement(name)
    lines = translated(text).splitlines()
    writes = [line for line in lines if line.startswith(WRITING)]

    assert all(" lake." in line for line in writes)
    if not writes and "rowid as" not in text and name not in READ_ONCE:
        assert translated(text) == text


@pytest.mark.parametrize("name", sorted(READ_ONCE))
def test_a_lookup_in_parts_reads_the_reports_once(name: str) -> None:
    """What a file reads column by column, a lake fetches in one go."""
    assert sql_files.statement(name).count("_between(") == 3
    assert translated(sql_files.statement(name)).count("_between(") == 1


def test_ids_become_text() -> None:
    """What is inserted has its ids as hexadecimal text, whatever they were before."""
    sql = translated("-- Why?\ninsert into spans by name\nselect * from incoming")

    assert sql.startswith("insert into lake.spans by name select * replace (")
    assert "printf('%016x', span_id) as span_id" in sql
    assert sql.endswith("from (select * from incoming)")


def test_a_table_keeps_what_parquet_can_keep() -> None:
    """Ids are text, wide integers decimals, and what is worked out is not stored but shown."""
    columns = [
        Column("call_key", "VARCHAR", True, "coalesce(own_key, message_id)"),
        Column("trace_id", "UUID", False, None),
        Column("span_id", "UBIGINT", False, None),
        Column("requests", "HUGEINT", True, None),
    ]

    assert create_table("t", columns) == (
        "create table lake.t (trace_id VARCHAR not null, span_id VARCHAR not null,"
        " requests DECIMAL(38,0))"
    )
    assert create_view("t", columns) == (
        "create or replace view t as select"
        " coalesce(own_key, message_id) as call_key, cast(trace_id as UUID) as trace_id,"
        " cast('0x' || span_id as ubigint) as span_id, cast(requests as HUGEINT) as requests"
        " from lake.t"
    )
    assert " select rowid as rowid, coalesce" in create_view("calls", columns)


def test_what_a_lake_stored_and_works_out_now() -> None:
    """Its column is renamed to what old rows own, and nothing is written anew."""
    columns = [
        Column("cost_usd", "DECIMAL(18,12)", True, None),
        Column(
            "claimed_usd", "DECIMAL(18,12)", True, "if(claim_is_cost, cost_usd, own_claimed_usd)"
        ),
        Column("claim_is_cost", "BOOLEAN", True, None),
        Column("own_claimed_usd", "DECIMAL(18,12)", True, None),
    ]
    there = {"calls": {"cost_usd", "claimed_usd"}, "settled": {"batch_id"}}

    assert list(opening._missing({"calls": columns}, there)) == [
        "alter table lake.calls rename column claimed_usd to own_claimed_usd",
        "alter table lake.calls add column claim_is_cost BOOLEAN",
    ]
