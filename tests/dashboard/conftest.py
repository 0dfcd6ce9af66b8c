"""Real collectors to look at: one with known calls, an empty one, and the app before each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import spanledger_dashboard
from spanledger_collector.server import running_collector
from spanledger_collector.settings import load_settings
from tests.dashboard.support import MILLION, Reported, noon_zone, report

PATIENCE_S = 300
"""For a run of the page, which takes less than a second where nobody else works."""
APP = Path(spanledger_dashboard.__file__).with_name("app.py")
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)

Collecting = Callable[..., AbstractContextManager[str]]
Opening = Callable[..., AppTest]


@contextmanager
def collecting(path: Path, **options: Any) -> Iterator[str]:
    """A collector on a free port with its own ledger."""
    settings = load_settings(collector={"port": 0, **options}, store={"path": path})
    with running_collector(settings) as collector:
        yield collector.url


@pytest.fixture(scope="session")
def known_calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A ledger of known sums.

    Today $6 in three priced calls, one unpriced call and a failed one; yesterday at this time $2;
    a week ago $8; thirteen months ago $1, so that every comparison has its ledger.
    """
    with collecting(tmp_path_factory.mktemp("known")) as url:
        report(
            url,
            [
                Reported(10 * SECOND, input_tokens=MILLION),
                Reported(20 * SECOND, service="search", team="discovery", cache_read=10 * MILLION),
                Reported(30 * SECOND, output_tokens=400_000, feature="refunds", user="u-2"),
                Reported(40 * SECOND, model="claude-unheard-of", service="search", team=None),
                Reported(50 * SECOND, error="overloaded_error"),
                Reported(DAY + 3600 * SECOND, input_tokens=2 * MILLION),
                Reported(7 * DAY + 60 * SECOND, input_tokens=8 * MILLION, team="legal"),
                Reported(400 * DAY),
            ],
        )
        yield url


@pytest.fixture
def collector(tmp_path: Path) -> Collecting:
    """Starts a collector of the test's own; keywords are its settings."""
    return lambda **options: collecting(tmp_path / "ledger", **options)


@pytest.fixture
def open_app(monkeypatch: pytest.MonkeyPatch) -> Iterator[Opening]:
    """Opens the dashboard on a collector, at a page, with the query parameters of a link."""

    def opening(
        url: str,
        page: str | None = None,
        *,
        demo: bool = False,
        token: str | None = None,
        zone: str | None = None,
        **params: str | list[str],
    ) -> AppTest:
        monkeypatch.setenv("SPANLEDGER_DASHBOARD__COLLECTOR_URL", url)
        monkeypatch.setenv("SPANLEDGER_DASHBOARD__TIME_ZONE", zone or noon_zone())
        monkeypatch.setenv("SPANLEDGER_DASHBOARD__DEMO", str(demo).lower())
        if token:
            monkeypatch.setenv("SPANLEDGER_COLLECTOR__TOKEN", token)
        app = AppTest.from_file(str(APP), default_timeout=PATIENCE_S)
        for name, value in params.items():
            app.query_params[name] = value
        app.run()
        return app.switch_page(page).run() if page else app

    yield opening
    st.cache_data.clear()
    st.cache_resource.clear()
