"""`spanledger config` and `spanledger version`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spanledger._version import __version__
from tests.cli.conftest import Run


def test_config_tells_values_and_origins(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each setting is shown with its value and where it came from, secrets hidden."""
    Path("spanledger.toml").write_text("[collector]\nport = 4400\n")
    monkeypatch.setenv("SPANLEDGER_COLLECTOR__TOKEN", "very-secret-token")

    result = run("config", "--format", "json")

    rows = {f"{row['section']}.{row['key']}": row for row in json.loads(result.stdout)}
    assert rows["collector.port"]["value"] == "4400"
    assert rows["collector.port"]["origin"] == "spanledger.toml"
    assert rows["collector.token"]["value"] == "********"
    assert rows["collector.token"]["origin"] == "SPANLEDGER_COLLECTOR__TOKEN"
    assert rows["dashboard.port"]["origin"] == "default"
    assert "very-secret" not in result.output


def test_config_table_warns_of_unknown_variables(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table is for reading; a variable that sets nothing is pointed out beside it."""
    monkeypatch.setenv("SPANLEDGER_STORE__PAHT", "x")

    result = run("config")

    assert result.exit_code == 0
    assert "store.path" in result.stdout
    assert "SPANLEDGER_STORE__PAHT is ignored" in result.stderr


def test_bad_settings_end_every_command_alike(run: Run) -> None:
    """A wrong settings file is one paragraph and exit code 2, whichever command meets it."""
    Path("spanledger.toml").write_text("[collector]\nprot = 1\n")

    results = [run(command) for command in ("config", "up", "collector", "dashboard")]

    for result in results:
        assert result.exit_code == 2
        assert result.stderr == (
            "Error: spanledger.toml line 2: [collector] has no key 'prot'. Did you mean 'port'?\n"
        )


def test_version(run: Run) -> None:
    """Both ways to ask name the version and what it runs on."""
    command, option = run("version"), run("--version")

    assert command.stdout == option.stdout
    assert __version__ in command.stdout
    assert "duckdb" in command.stdout


def test_help_fills_the_line_and_keeps_examples(run: Run) -> None:
    """Prose is not broken where its source is; an example stands on a line of its own."""
    lines = [line.strip() for line in run("demo", "--help").stdout.splitlines()]

    assert any("Needs no API key, calls nothing outside this machine" in line for line in lines)
    assert "spanledger demo --once" in lines
