"""Reads the layers (file, environment, options), merges them and remembers where each came from."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource
from pydantic_settings import SettingsError as SourceError

from spanledger_collector.settings._messages import (
    SettingsError,
    did_you_mean,
    explain,
    line_of,
    section_models,
)
from spanledger_collector.settings._models import Settings
from spanledger_collector.settings._paths import start_paths_at

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CONFIG_VARIABLE = "SPANLEDGER_CONFIG"
DEFAULT_FILE = Path("spanledger.toml")

Layer = dict[str, Any]
Key = tuple[str, str]


@dataclass(frozen=True)
class LoadedSettings:
    """Settings, and how they came about."""

    settings: Settings
    file: Path | None
    origins: Mapping[Key, str]
    """`default`, `option`, the file's path or the variable's name, for each (section, key)."""
    unknown_variables: Mapping[str, str]
    """Ignored `SPANLEDGER_…__…` variables, each with a hint."""


def load_settings(path: Path | None = None, **overrides: Mapping[str, Any]) -> Settings:
    """Load the settings: overrides beat environment, environment beats file, file beats default.

    Args:
        path: The settings file. Otherwise `SPANLEDGER_CONFIG`, otherwise `./spanledger.toml` if
            there is one.
        **overrides: Options by section, e.g. `collector={"port": 0}`; None values are left out.

    Raises:
        SettingsError: With one paragraph on what is wrong, where, and what to do.
    """
    return load_settings_with_origins(path, **overrides).settings


def load_settings_with_origins(
    path: Path | None = None, **overrides: Mapping[str, Any]
) -> LoadedSettings:
    """Like `load_settings`, and tell where each value came from."""
    file = _find_file(path)
    text = _read(file) if file else ""
    from_file = _parse(text, file) if file else {}
    from_environment = _environment()
    unknown = _drop_unknown(from_environment)
    from_options = {
        section: {key: value for key, value in values.items() if value is not None}
        for section, values in overrides.items()
    }
    layers = (("option", from_options), ("environment", from_environment), ("file", from_file))
    origins = _origins(layers, file)

    def place(key: tuple[str, ...]) -> str:
        origin = origins.get((key[0], key[1])) if len(key) > 1 else None
        if file and origin in {None, str(file)}:
            line = line_of(text, key)
            return f"{file} line {line}" if line else str(file)
        return origin or "settings"

    try:
        settings = Settings.model_validate(_merge(layers))
    except ValidationError as error:
        raise SettingsError(explain(error, place)) from error
    return LoadedSettings(settings, file, origins, unknown)


def variable_name(section: str, key: str) -> str:
    """The environment variable that sets a key."""
    return f"SPANLEDGER_{section}__{key}".upper()


def _find_file(path: Path | None) -> Path | None:
    named = path or (Path(os.environ[CONFIG_VARIABLE]) if os.environ.get(CONFIG_VARIABLE) else None)
    if named is not None:
        return named.expanduser()
    return DEFAULT_FILE if DEFAULT_FILE.exists() else None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SettingsError(
            f"There is no settings file {file}. Correct --config or {CONFIG_VARIABLE}, or leave"
            " both out to run on defaults."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"The settings file {file} cannot be read: {reason}.") from error


def _parse(text: str, file: Path) -> Layer:
    try:
        layer: Layer = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        hint = " Write Windows paths in 'single' quotes." if "\\" in text else ""
        raise SettingsError(f"{file} is not valid TOML: {error}.{hint}") from error
    start_paths_at(file.parent, layer)
    return layer


def _environment() -> Layer:
    try:
        return EnvSettingsSource(Settings)()
    except SourceError as error:
        raise SettingsError(
            "A variable SPANLEDGER_<SECTION> holds something else than JSON. Set single keys"
            " instead, such as SPANLEDGER_COLLECTOR__PORT."
        ) from error


def _drop_unknown(layer: Layer) -> dict[str, str]:
    """Remove what no setting is called: other tools may share the prefix, so it only warns."""
    hints = {}
    for section, model in section_models().items():
        for key in sorted(_keys(layer, section) - set(model.model_fields)):
            del layer[section][key]
            known = [variable_name(section, field) for field in model.model_fields]
            name = variable_name(section, key)
            hints[name] = did_you_mean(name, known)
    return hints | _unknown_sections()


def _unknown_sections() -> dict[str, str]:
    sections = {section.upper() for section in section_models()}
    hints = {}
    for name in os.environ:
        section, separator, _ = name.removeprefix("SPANLEDGER_").partition("__")
        if name.startswith("SPANLEDGER_") and separator and section not in sections:
            hints[name] = f"No section is called '{section}'. {did_you_mean(section, sections)}"
    return hints


def _origins(layers: tuple[tuple[str, Layer], ...], file: Path | None) -> dict[Key, str]:
    origins: dict[Key, str] = {}
    for section, model in section_models().items():
        given = (key for _, layer in layers for key in _keys(layer, section))
        for key in dict.fromkeys([*model.model_fields, *given]):
            found = next((name for name, layer in layers if key in _keys(layer, section)), None)
            labels = {"file": str(file), "environment": variable_name(section, key)}
            origins[section, key] = labels.get(found, found) if found else "default"
    return origins


def _keys(layer: Layer, section: str) -> set[str]:
    values = layer.get(section)
    return set(values) if isinstance(values, dict) else set()


def _merge(layers: tuple[tuple[str, Layer], ...]) -> Layer:
    merged: Layer = {}
    for _, layer in reversed(layers):
        for section, values in layer.items():
            if isinstance(values, dict) and isinstance(merged.get(section), dict):
                merged[section] = {**merged[section], **values}
            else:
                merged[section] = values
    return merged
