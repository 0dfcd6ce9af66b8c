"""Relative paths in a settings file start at the file's own folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_PATHS = (
    ("store", "path"),
    ("prices", "overrides"),
    ("collector", "tls_cert"),
    ("collector", "tls_key"),
    ("collector", "tls_client_ca"),
)


def start_paths_at(folder: Path, layer: dict[str, Any]) -> None:
    """Let every relative path that a settings file names start at a folder."""
    for section, key in _PATHS:
        _start_at(folder, layer.get(section), key)
    collector = layer.get("collector")
    tokens = collector.get("tokens") if isinstance(collector, dict) else None
    for entry in tokens if isinstance(tokens, list) else ():
        _start_at(folder, entry, "token_file")
    alerts = layer.get("alerts")
    channels = alerts.get("channels") if isinstance(alerts, dict) else None
    for entry in channels if isinstance(channels, list) else ():
        for key in ("apprise_file", "webhook_file", "secret_file"):
            _start_at(folder, entry, key)


def _start_at(folder: Path, values: object, key: str) -> None:
    if isinstance(values, dict) and isinstance(values.get(key), str):
        values[key] = folder / Path(values[key]).expanduser()
