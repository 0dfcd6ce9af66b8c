"""What every test relies on: no setting leaks in, and none of our own failures is kept quiet.

No machine is too slow: what waits, waits long, for only a hang is a failure.
"""

from __future__ import annotations

import importlib.util
import inspect
import os

import pytest

from spanledger._guard import guard

PATIENCE_S = 120.0


def pytest_configure() -> None:
    """Raise what the library would keep from its caller, and be patient."""
    guard.loud = True
    # The instrumentation's tests run in environments without these two as well.
    if importlib.util.find_spec("hypothesis"):
        wait_for_hypothesis()
    if importlib.util.find_spec("httpx2"):
        wait_for_httpx()


def wait_for_hypothesis() -> None:
    """Let an example take its time, and draw the same ones each time: what fails, fails always.

    With SPANLEDGER_EXAMPLES they are new ones each time.
    """
    from hypothesis import HealthCheck, settings

    settings.register_profile(
        "any machine",
        deadline=None,
        derandomize="SPANLEDGER_EXAMPLES" not in os.environ,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("any machine")


def wait_for_httpx() -> None:
    """Let a server answer late: five seconds are the default, one object for every client."""
    import httpx2

    default = inspect.signature(httpx2.get).parameters["timeout"].default
    default.connect = default.read = default.write = default.pool = PATIENCE_S


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("SPANLEDGER_", "OTEL_", "ANTHROPIC_")):
            monkeypatch.delenv(name)
