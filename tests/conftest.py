"""What every test relies on: no setting leaks in, and none of our own failures is kept quiet."""

from __future__ import annotations

import os

import pytest

from spanledger._guard import guard


def pytest_configure() -> None:
    """Raise what the library would keep from its caller."""
    guard.loud = True


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("SPANLEDGER_", "OTEL_", "ANTHROPIC_")):
            monkeypatch.delenv(name)
