"""The documents keep up with the code: every setting and every command is described as it is."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel
from typer.main import get_command

from spanledger_collector.cli.app import app
from spanledger_collector.settings import Settings, load_settings, section_models

ROOT = Path(__file__).parents[1]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def setting_rows() -> Iterator[str]:
    """The rows of the settings table, as the settings themselves would write them."""
    for section, model in section_models().items():
        for key, field in model.model_fields.items():
            default = f"`{_default(model, key)}`" if field.default is not None else "none"
            yield f"| `{section}.{key}` | {default} | {field.description} |"


def _default(model: type[BaseModel], key: str) -> str:
    value = model.model_fields[key].default
    if key.endswith("_bytes"):
        return f"{value // 1024**2} MiB"
    return str(value).lower() if isinstance(value, bool) else str(value)


def commands() -> Iterator[tuple[str, set[str]]]:
    """Every command with its options."""
    root = get_command(app)
    for name, command in root.commands.items():  # type: ignore[attr-defined]  # a group has them
        group = getattr(command, "commands", None)
        for words, one in (
            ((f"{name} {sub}", cmd) for sub, cmd in group.items()) if group else ((name, command),)
        ):
            options = {option for parameter in one.params for option in parameter.opts}
            yield words, {option for option in options if option.startswith("--")} - {"--help"}


@pytest.mark.parametrize("row", list(setting_rows()))
def test_every_setting_is_documented(row: str) -> None:
    """docs/operations.md has each setting with the default and meaning that the code has."""
    assert row in OPERATIONS


def test_no_setting_is_documented_that_does_not_exist() -> None:
    """The table has no other rows."""
    documented = re.findall(
        r"^\| `(?:collector|store|prices|dashboard|alerts)\.\w+` \| .*$", OPERATIONS, re.M
    )

    assert documented == list(setting_rows())


@pytest.mark.parametrize(("command", "options"), list(commands()))
def test_every_command_is_documented(command: str, options: set[str]) -> None:
    """docs/operations.md lists each command with all its options."""
    row = re.search(rf"^\| `spanledger {command}( NAME)?` \|.*$", OPERATIONS, re.M)

    assert row is not None
    assert {option for option in options if option not in row[0]} == set()


def test_the_example_settings_file_is_valid(tmp_path: Path) -> None:
    """The settings file of the documents loads."""
    (example,) = re.findall(r"```toml\n(.*?)```", OPERATIONS, re.S)
    file = tmp_path / "spanledger.toml"
    file.write_text(example)

    assert load_settings(file).dashboard.time_zone == "Europe/Berlin"
    assert load_settings(file).collector == Settings().collector


@pytest.mark.parametrize(
    ("name", "end"), [("run", "spanledger demo"), ("test", "-m pytest -n auto --dist loadfile")]
)
def test_readme_has_its_two_commands(name: str, end: str) -> None:
    """CI finds the README's commands; each makes the virtual environment that it works in."""
    command = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "readme-command"), name],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()

    assert command.startswith("python3 -m venv .venv && ")
    assert command.endswith(end)
    assert "\n" not in command
