"""Other people's programs that send OTLP: made once, kept between runs, skipped with a reason."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
JAVASCRIPT = Path(__file__).with_name("javascript")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spanledger"


@cache
def javascript() -> Path:
    """A folder in which Node finds the exporters of tests/clients/javascript/package.json."""
    if shutil.which("npm") is None:
        pytest.skip("no Node here, so no JavaScript exporters")
    wanted = (JAVASCRIPT / "package.json").read_bytes()
    folder = CACHE / f"javascript-{hashlib.sha256(wanted).hexdigest()[:16]}"
    if not (folder / "node_modules").exists():
        made = Path(f"{folder}.{os.getpid()}")
        made.mkdir(parents=True)
        (made / "package.json").write_bytes(wanted)
        command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund"]
        result = subprocess.run(
            [*command, "--ignore-scripts"], cwd=made, capture_output=True, text=True, check=False
        )
        if result.returncode:
            shutil.rmtree(made)
            pytest.skip(f"npm cannot install the exporters: {result.stderr[-300:]}")
        made.rename(folder)
    shutil.copy(JAVASCRIPT / "send.mjs", folder)
    return folder


@cache
def otelcol() -> Path:
    """The upstream Collector, built by `make otelcol`; this does not build it."""
    state = b"".join((ROOT / name).read_bytes() for name in (OTELCOL_PARTS, OTELCOL_SCRIPT))
    program = CACHE / f"otelcol-{hashlib.sha256(state).hexdigest()[:16]}" / "otelcol"
    if not program.exists():
        pytest.skip("no upstream Collector here: `make otelcol` builds it, where there is Go")
    return program


OTELCOL_PARTS = "deploy/otelcol/builder.yaml"
OTELCOL_SCRIPT = ".ci/otelcol"
