"""Checks of this machine: versions, settings, data folder, ports."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from spanledger_collector.cli.about import PACKAGES, version_of
from spanledger_collector.cli.findings import Finding, failure, ok, warning
from spanledger_collector.cli.ports import is_free
from spanledger_collector.settings import LoadedSettings, Settings, is_loopback

OLDEST_PYTHON = (3, 10)
OLDEST_SDK = (0, 34)
NEWEST_SDK_MAJOR = 2

_GIB = 1024**3
_LITTLE_SPACE = 2 * _GIB
_NO_SPACE = _GIB // 10
_SHORT_TOKEN = 16


def check_versions() -> Iterator[Finding]:
    """Python and the packages that do the work."""
    version = platform.python_version()
    if sys.version_info < OLDEST_PYTHON:
        yield failure("Python", version, "Use Python 3.10 or newer.")
    else:
        yield ok("Python", version)
    versions = {package: version_of(package) for package in PACKAGES}
    missing = [name for name, found in versions.items() if not found and name != "anthropic"]
    if missing:
        cure = "Run: pip install 'spanledger[server]'"
        yield failure("Packages", f"missing: {', '.join(missing)}", cure)
    else:
        found = (f"{name} {number}" for name, number in versions.items() if name != "anthropic")
        yield ok("Packages", ", ".join(found))
    yield _check_sdk(versions["anthropic"])


def check_settings(loaded: LoadedSettings) -> Iterator[Finding]:
    """What the settings say that is legal but doubtful."""
    settings = loaded.settings
    yield ok("Settings", f"from {loaded.file}" if loaded.file else "no file: defaults, environment")
    for name, hint in loaded.unknown_variables.items():
        yield warning("Settings", f"{name} is ignored: no setting is called so", hint)
    token = settings.collector.token
    if token and len(token.get_secret_value()) < _SHORT_TOKEN:
        cure = 'Make a long one: python -c "import secrets; print(secrets.token_urlsafe(32))"'
        yield warning("Token", f"has fewer than {_SHORT_TOKEN} characters", cure)
    shown = settings.dashboard
    if not is_loopback(shown.host) and shown.login_provider is None:
        yield warning(
            "Dashboard",
            f"listens on {shown.host}, open to the network and without a login",
            "Set dashboard.login_provider (docs/security.md), or listen on 127.0.0.1 behind a"
            " reverse proxy that asks who is there.",
        )


def check_data_folder(settings: Settings) -> Iterator[Finding]:
    """Whether the ledger can be written, and for how long."""
    folder = settings.store.path.absolute()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        yield failure(
            "Data folder",
            f"{folder} cannot be written: {error.strerror}",
            f"Give this user write access to {existing}, or set store.path to another folder.",
        )
        return
    yield ok("Data folder", str(folder) if existing == folder else f"{folder} (made when needed)")
    yield _check_space(existing)


def check_ports(settings: Settings, answering: dict[str, bool]) -> Iterator[Finding]:
    """Whether each port is ours or free; a collector elsewhere has its port elsewhere.

    Args:
        settings: Where the parts listen.
        answering: Whether collector and dashboard answer already, by section.
    """
    collector, dashboard = settings.collector, settings.dashboard
    if dashboard.collector_url is None:
        running = answering["collector"]
        yield _check_port("collector", "port", collector.host, collector.port, in_use=running)
        if collector.grpc_asked is not None:
            grpc = collector.grpc_asked
            yield _check_port("collector", "grpc_port", collector.host, grpc, in_use=running)
    running = answering["dashboard"]
    yield _check_port("dashboard", "port", dashboard.host, dashboard.port, in_use=running)


def _check_port(section: str, key: str, host: str, port: int, *, in_use: bool) -> Finding:
    what, whose = f"Port {port}", f"the {section}{' (gRPC)' if key == 'grpc_port' else ''}"
    try:
        free = is_free(host, port)
    except OSError as error:
        cure = f"Correct {section}.host or {section}.{key}."
        return failure(what, f"cannot be opened on {host}: {error.strerror}", cure)
    if in_use:
        if free and key == "grpc_port":
            cure = "The collector that runs has gRPC off or elsewhere: start it with this setting."
            return warning(what, f"not in use, although {whose} runs", cure)
        return ok(what, f"in use by {whose}")
    if free:
        return ok(what, f"free for {whose}")
    cure = f"Stop that program, or set {section}.{key} to another port."
    return failure(what, f"taken by a program that is not {whose}", cure)


def _check_sdk(version: str | None) -> Finding:
    what = "Anthropic SDK"
    if version is None:
        cure = "Nothing to do unless services run in this environment."
        return warning(what, "not installed here", cure)
    release = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    if release < OLDEST_SDK:
        return failure(what, f"{version} is too old", "Run: pip install 'anthropic>=0.34'")
    if release[0] > NEWEST_SDK_MAJOR:
        return warning(
            what, f"{version} is newer than what was tested", "Run: pip install -U spanledger"
        )
    return ok(what, version)


def _check_space(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    detail = f"{free / _GIB:.1f} GiB free"
    cure = f"Free some space on the disk of {os.fspath(folder)}, or move store.path."
    if free < _NO_SPACE:
        return failure("Disk space", detail, cure)
    if free < _LITTLE_SPACE:
        return warning("Disk space", detail, cure)
    return ok("Disk space", detail)
