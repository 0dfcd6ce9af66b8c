"""A ledger of usual calls that tests copy, and a webhook."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.alerts.support import Clock, Sink, send_all, settings_of, usual_calls, watching


class Usual(NamedTuple):
    """A ledger of three weeks up to a moment."""

    folder: Path
    now: datetime

    @property
    def clock(self) -> Clock:
        """A clock that stands at its end."""
        return Clock(self.now)


@pytest.fixture(scope="session")
def _usual(tmp_path_factory: pytest.TempPathFactory) -> Usual:
    folder = tmp_path_factory.mktemp("usual")
    lately = datetime.now(timezone.utc).replace(tzinfo=None) - timedelta(hours=1)
    now = lately.replace(minute=30, second=0, microsecond=0)  # windows of minutes lie in one hour
    with watching(settings_of(folder), Clock(now)) as watched:
        send_all(watched.client, list(usual_calls(now)))
    return Usual(folder, now)


@pytest.fixture
def usual(_usual: Usual, tmp_path: Path) -> Usual:
    """A copy of the usual ledger."""
    folder = tmp_path / "ledger"
    shutil.copytree(_usual.folder, folder)
    return _usual._replace(folder=folder)


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A webhook."""
    sink = Sink()
    yield sink
    sink.close()
