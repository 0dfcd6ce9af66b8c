"""The pages on cache, latency, headroom and health, in a real browser on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from tests.dashboard.browsing import chromium, fits, metric, needs_browser, serving, visiting
from tests.dashboard.conftest import collecting
from tests.dashboard.support import MILLION, Reported, report
from tests.dashboard.told import Told, limit

pytestmark = needs_browser

SECOND = timedelta(seconds=1)
PAGES = {
    "cache": ("Cache-hit share", "50.0%", "Savings by day (USD)"),
    "latency": ("Failed requests", "33.3%", "Time taken by day"),
    "headroom": ("Least left of a limit", "10.0%", "Highest use of the limits by day"),
    "health": ("Collector", "ready", "Who reports calls"),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One call of half a cached prompt that tells its limits, one without, one that failed."""
    told = {**limit("requests", 50, 5), **limit("input_tokens", MILLION, 900_000)}
    with collecting(tmp_path_factory.mktemp("seen")) as url:
        report(
            url,
            [
                Told(SECOND, cache_read=2 * MILLION, facts=told),
                Reported(2 * SECOND),
                Reported(3 * SECOND, error="overloaded_error"),
            ],
        )
        with serving(url) as served:
            yield served


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_shows_the_whole_page_in_the_dark(
    browser: Browser, dashboard: str, name: str
) -> None:
    """The number on top is there, the cards follow, and nothing hangs over the edge."""
    label, value, title = PAGES[name]
    with visiting(browser, dark=True, width=390) as page:
        page.goto(f"{dashboard}/{name}")
        metric(page, label, value)
        expect(page.get_by_text(title, exact=True).first).to_be_visible()

        fits(page, 390)
