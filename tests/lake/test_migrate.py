"""A ledger moves into a lake and back, and every table and answer is what it was."""

from __future__ import annotations

import subprocess
from pathlib import Path

import orjson
import pytest

from spanledger_collector.query.catalog import catalog
from spanledger_collector.server import running_collector
from spanledger_collector.store.duckdb import DATABASE_NAME, DuckDBStore, copy_portable, examine
from tests.collector.support import settings_for
from tests.collector.test_backup import contents, filled
from tests.lake.environment import lake_collectors, lake_python, lake_variables
from tests.lake.senders import ask
from tests.lake.services import Postgres, free_port

pytestmark = pytest.mark.timeout(600)
RANGE = {
    "start": "2026-11-01T00:00:00Z",
    "end": "2026-11-02T00:00:00Z",
    "as_of": "2026-11-01T08:00:00Z",
}
CHANGING = {"generated_at", "database_bytes", "free_bytes", "judged_at", "judged_groups"}
NAMES = sorted(
    name
    for name, query in catalog().items()
    if not any(parameter.default == "required" for parameter in query.parameters)
)


def migrate(variables: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return spanledger(variables, "migrate", *arguments)


def spanledger(
    variables: dict[str, str], *arguments: str | Path
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [lake_python(), "-m", "spanledger", *map(str, arguments)],
        env={**lake_variables(), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_into_a_lake_and_back(cluster: Postgres, tmp_path: Path) -> None:
    """Both ways keep every row of every table; a second move is refused."""
    store = filled(tmp_path / "here")
    store.roll_up()
    before = contents(store)
    store.close()
    portable = tmp_path / "portable.duckdb"
    told = copy_portable(tmp_path / "here" / DATABASE_NAME, portable)
    lake = {
        "SPANLEDGER_STORE__CATALOG": f"ducklake:postgres:{cluster.create('moved')}",
        "SPANLEDGER_STORE__DATA_PATH": str(tmp_path / "files"),
        "SPANLEDGER_STORE__PATH": str(tmp_path / "scratch"),
    }
    (tmp_path / "back").mkdir()
    there = migrate(lake, "into-lake", portable)
    again = migrate(lake, "into-lake", portable)
    back = migrate(lake, "from-lake", tmp_path / "back" / DATABASE_NAME)
    returned = DuckDBStore(tmp_path / "back")
    after = contents(returned)
    returned.close()

    assert (there.returncode, back.returncode) == (0, 0), there.stderr + back.stderr
    assert again.returncode == 1
    assert "holds calls already" in again.stderr
    assert after == before
    assert told == examine(portable)


def test_a_lake_answers_as_a_file_does(cluster: Postgres, tmp_path: Path) -> None:
    """The same calls, in a file and in a lake: every query's rows are equal."""
    store = filled(tmp_path / "here")
    store.roll_up()
    store.close()
    portable = tmp_path / "portable.duckdb"
    copy_portable(tmp_path / "here" / DATABASE_NAME, portable)
    lake = {
        "SPANLEDGER_STORE__CATALOG": f"ducklake:postgres:{cluster.create('answers')}",
        "SPANLEDGER_STORE__DATA_PATH": str(tmp_path / "files"),
    }
    moved = migrate({**lake, "SPANLEDGER_STORE__PATH": str(tmp_path / "s")}, "into-lake", portable)
    assert moved.returncode == 0, moved.stderr
    with (
        running_collector(settings_for(tmp_path / "here")) as file,
        lake_collectors(tmp_path, 1, lake) as [collector],
    ):
        differing = {
            name for name in NAMES if answers(file.url, name) != answers(collector.url, name)
        }

    assert not differing


def test_commands_do_without_a_collector(cluster: Postgres, tmp_path: Path) -> None:
    """No collector runs: the lake itself is priced anew and copied; a file is not put beside it."""
    store = filled(tmp_path / "here")
    store.close()
    portable, backup = tmp_path / "portable.duckdb", tmp_path / "backup.duckdb"
    told = copy_portable(tmp_path / "here" / DATABASE_NAME, portable)
    lake = {
        "SPANLEDGER_STORE__CATALOG": f"ducklake:postgres:{cluster.create('alone')}",
        "SPANLEDGER_STORE__DATA_PATH": str(tmp_path / "files"),
        "SPANLEDGER_STORE__PATH": str(tmp_path / "scratch"),
        "SPANLEDGER_COLLECTOR__PORT": str(free_port()),
    }
    moved = spanledger(lake, "migrate", "into-lake", portable)
    priced = spanledger(lake, "prices", "reprice", "--format", "json")
    copied = spanledger(lake, "backup", backup)
    refused = spanledger(lake, "restore", backup)

    assert moved.returncode == priced.returncode == copied.returncode == 0, priced.stderr
    assert "opening the lake" in priced.stderr
    assert sum(row["calls"] for row in orjson.loads(priced.stdout)["rows"]) == told.calls
    assert examine(backup).calls == told.calls
    assert refused.returncode == 2
    assert "into-lake" in refused.stderr


def answers(url: str, name: str) -> list[dict[str, object]]:
    """A query's rows over the ledger's days, but for what differs from moment to moment."""
    known = {parameter.name for parameter in catalog()[name].parameters}
    rows = ask(url, name, **{key: value for key, value in RANGE.items() if key in known})
    return [{key: row[key] for key in row.keys() - CHANGING} for row in rows]
