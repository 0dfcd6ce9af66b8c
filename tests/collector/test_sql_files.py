"""The SQL files keep their form: a question on top, one statement, in lower case."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from spanledger_collector.dimensions import FILTERS
from spanledger_collector.query.definition import parse_definition
from spanledger_collector.rows import CallRow, MetricRow, QuarantineRow, SpanRow
from spanledger_collector.store.duckdb import DuckDBStore

SQL = Path(str(files("spanledger_collector.store"))) / "sql"
FILES = sorted(SQL.rglob("*.sql"))
OWN = {
    "own_key",
    "own_list_usd",
    "input_is_rest",
    "own_input_usd",
    "claim_is_cost",
    "own_claimed_usd",
}
"""What of a call is stored so that its other columns can be worked out."""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_is_one_statement_with_its_question(file: Path) -> None:
    """A header line says what the statement is for; there is one statement, in lower case."""
    lines = file.read_text().splitlines()
    code = re.sub(
        r"'[^']*'", "''", "\n".join(line for line in lines if not line.strip().startswith("--"))
    )

    assert re.fullmatch(r"-- [A-Z].+", lines[0])
    assert ";" not in code
    assert code == code.lower()


def columns_of(store: DuckDBStore, table: str) -> list[str]:
    names: list[str] = store.query().run(f"select * from {table}", {}, 1).table.column_names
    return names


def test_rows_fit_their_tables(tmp_path: Path) -> None:
    """The rows that are written have exactly the tables' columns, but for what the store adds."""
    store = DuckDBStore(tmp_path)
    added = {"received_at", "batch_id", "id_hash", "request_hash", "filled", *OWN}
    kinds: dict[str, type[CallRow | SpanRow | QuarantineRow | MetricRow]] = {
        "calls": CallRow,
        "spans": SpanRow,
        "quarantine": QuarantineRow,
        "metric_points": MetricRow,
    }
    for table, row in kinds.items():
        assert [c for c in columns_of(store, table) if c not in added] == list(row._fields)
    store.close()


def test_a_report_can_become_the_call(tmp_path: Path) -> None:
    """What is kept beside a call has all that a call has, so that it can still count."""
    store = DuckDBStore(tmp_path)
    calls = set(columns_of(store, "calls")) - {"filled", *OWN}

    assert set(columns_of(store, "call_reports")) == calls | {"counted_key", "matched_by"}
    store.close()


def test_the_header_is_the_declaration() -> None:
    """Parameters are read from the header: name, type, default and meaning."""
    definition = parse_definition(
        "example",
        "-- How many?\n-- @param limit integer(1..9) = 5: rows at most\n-- @filters\nselect 1",
    )

    assert definition.question == "How many?"
    assert definition.parameters[0].meaning == "rows at most"
    assert [each.name for each in definition.parameters[1:]] == list(FILTERS)


@pytest.mark.parametrize(
    "header", ["-- @param limit number = 5: rows", "-- @parameter limit", "-- and so on"]
)
def test_a_header_that_is_none(header: str) -> None:
    """A header line that cannot be read stops the start, not a request."""
    with pytest.raises(ValueError, match=r"no parameter type|neither @param"):
        parse_definition("example", f"-- How many?\n{header}\nselect 1")
