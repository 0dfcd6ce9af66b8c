"""Options that several commands share, and the settings they add up to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from spanledger_collector.cli.console import MISUSED, fail, warn
from spanledger_collector.settings import (
    LoadedSettings,
    Settings,
    SettingsError,
    load_settings_with_origins,
)

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Settings file. Default: $SPANLEDGER_CONFIG, then ./spanledger.toml if present.",
    ),
]
HostOption = Annotated[
    str | None, typer.Option("--host", help="Address to listen on.", show_default=False)
]
PortOption = Annotated[
    int | None,
    typer.Option("--port", min=0, max=65535, help="Port of the collector (default 4318)."),
]
DashboardPortOption = Annotated[
    int | None,
    typer.Option(
        "--dashboard-port", min=0, max=65535, help="Port of the dashboard (default 8501)."
    ),
]
DataDirOption = Annotated[
    Path | None,
    typer.Option("--data-dir", metavar="FOLDER", help="Data folder (default ./spanledger-data)."),
]
UrlOption = Annotated[
    str | None,
    typer.Option("--url", help="The collector's address (default: as set in the settings)."),
]
TokenOption = Annotated[
    str | None,
    typer.Option(
        "--token",
        help="The collector's token. Others on this machine can read a command line:"
        " better set SPANLEDGER_COLLECTOR__TOKEN.",
    ),
]


def settings_or_fail(config: Path | None, **overrides: Mapping[str, Any]) -> Settings:
    """The settings, or one paragraph and exit code 2."""
    return loaded_or_fail(config, **overrides).settings


def loaded_or_fail(config: Path | None, **overrides: Mapping[str, Any]) -> LoadedSettings:
    """The settings with their origins, or one paragraph and exit code 2."""
    try:
        return load_settings_with_origins(config, **overrides)
    except SettingsError as error:
        fail(str(error), MISUSED)


def warn_of_unknown_variables(loaded: LoadedSettings) -> None:
    """Say which variables look like settings but are none."""
    for name, hint in loaded.unknown_variables.items():
        warn(f"the environment variable {name} is ignored: no setting is called so. {hint}")
