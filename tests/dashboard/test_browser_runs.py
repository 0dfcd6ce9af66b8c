"""From a list to the call that cost it, and from an alert to its end, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from spanledger_collector.server import running_collector
from spanledger_collector.settings import load_settings
from tests.dashboard.browsing import (
    Gate,
    choose,
    chromium,
    click_until,
    fits,
    gated,
    metric,
    needs_browser,
    serving,
    visiting,
)
from tests.dashboard.support import noon_zone
from tests.dashboard.traced import call, send, span, span_id

pytestmark = needs_browser

TRACE = "a" * 31 + "1"
NAME = "<img src=https://elsewhere.example/p.png> ![q](https://elsewhere.example/q.png)"
SETTINGS = """
[collector]
port = 0
grpc_port = "off"
[store]
path = "{path}"
[dashboard]
time_zone = "{zone}"
[[budgets]]
name = "payments"
usd = 5
only = {{team = "payments"}}
"""


class Shown(NamedTuple):
    """A dashboard on a ledger with a trace of $11, of which a budget of $5 says so."""

    dashboard: str
    collector: str
    began: datetime
    gate: Gate


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    folder = tmp_path_factory.mktemp("runs")
    file = Path(folder) / "spanledger.toml"
    file.write_text(SETTINGS.format(path=folder / "ledger", zone=noon_zone()), encoding="utf-8")
    tags = {"team": "payments", "feature": "refunds", "session": "ticket-1"}
    with (
        running_collector(load_settings(file)) as collector,
        gated(collector.url) as (way_in, gate),
        serving(way_in) as url,
    ):
        began = send(
            collector.url,
            TRACE,
            timedelta(minutes=10),
            [
                span("POST /refunds", 1, None, 0, 60),
                span(NAME, 2, 1, 1, 20),
                call(3, 2, 2, 18, tags=tags),
                call(4, 1, 25, 58, tokens=10_000_000, tags=tags),
            ],
        )
        for _ in range(2):
            judged = httpx2.post(f"{collector.url}/api/v1/alerts/evaluate", json={})
            judged.raise_for_status()
        yield Shown(url, collector.url, began, gate)


def link(page: Page, name: str | re.Pattern[str]) -> None:
    page.get_by_role("link", name=name).first.click()


def test_from_the_costliest_session_to_its_call_and_back(browser: Browser, shown: Shown) -> None:
    """Each step is an address; back leads back, and the address shows the same to others."""
    with visiting(browser) as page:
        page.goto(f"{shown.dashboard}/traces?team=payments")
        metric(page, "Cost (USD)", "$11.00")
        link(page, re.compile("ticket-1"))
        metric(page, "Failed calls", "0")
        link(page, re.compile("refunds · aaaaaaaa"))
        expect(page.get_by_text("Waterfall", exact=True).first).to_be_visible()
        metric(page, "Prompt tokens", "10M")
        choose(page, "Look at", re.compile(r"chat .* \$1\.00"))
        metric(page, "Prompt tokens", "1M")
        expect(page).to_have_url(re.compile(f"call={span_id(3)}"))
        shared = page.url
        assert "team=payments" in shared

        page.go_back()
        metric(page, "Prompt tokens", "10M")
        page.go_back()
        metric(page, "Failed calls", "0")

    with visiting(browser) as page:
        page.goto(shared)
        metric(page, "Prompt tokens", "1M")


def test_a_click_on_a_bar_chooses_the_step(browser: Browser, shown: Shown) -> None:
    """The picture answers to the mouse; the list beside it to the keyboard."""
    with visiting(browser) as page:
        page.goto(f"{shown.dashboard}/traces?trace={TRACE}")
        metric(page, "Prompt tokens", "10M")
        # The first bar is the band behind the chosen step, the second the whole request.
        bar = page.get_by_test_id("stVegaLiteChart").locator("path[aria-roledescription=bar]")
        click_until(bar.nth(1), page.get_by_text("A span costs nothing by itself").first)

        expect(page).to_have_url(re.compile(f"call={span_id(1)}"))


def test_a_list_stays_open_while_the_page_redraws(browser: Browser, shown: Shown) -> None:
    """A slow answer moves nothing that stands: no block comes and goes above it."""
    with visiting(browser) as page:
        page.goto(f"{shown.dashboard}/traces?trace={TRACE}&call={span_id(4)}")
        metric(page, "Prompt tokens", "10M")
        page.get_by_role("combobox", name="Look at").evaluate("list => list.scrollIntoView()")
        with shown.gate.shut():
            choose(page, "Look at", re.compile(r"chat .* \$1\.00"))
            expect(page.get_by_test_id("stStatusWidget")).to_be_visible()
            page.get_by_role("combobox", name="Look at").click()
            expect(page.get_by_role("option").first).to_be_visible()
        metric(page, "Prompt tokens", "1M")

        expect(page.get_by_role("option").first).to_be_visible()


def test_a_slow_collector_leaves_no_page_without_its_name(browser: Browser, shown: Shown) -> None:
    """Where one is stands there before the first answer; then comes the page."""
    with visiting(browser) as page:
        with shown.gate.shut():
            page.goto(f"{shown.dashboard}/cache")
            # Before the question is given up, which is after 35 seconds.
            expect(page.get_by_role("heading", name="Cache").first).to_be_visible(timeout=30_000)

        expect(page.get_by_text("Cache-hit share").first).to_be_visible()


def test_names_of_steps_are_only_text(browser: Browser, shown: Shown) -> None:
    """In the chart, the list and the detail; the browser asks nobody else (`visiting` checks)."""
    with visiting(browser) as page:
        page.goto(f"{shown.dashboard}/traces?trace={TRACE}&call={span_id(2)}")

        expect(page.get_by_text("A span costs nothing by itself").first).to_be_visible()


def test_an_alert_is_taken_on(browser: Browser, shown: Shown) -> None:
    """From what fires to its page, acknowledged by a click, kept by the collector."""
    with visiting(browser) as page:
        page.goto(f"{shown.dashboard}/alerts")
        metric(page, "Firing now", "1")
        expect(page.get_by_text("is what binds: it is overspent by").first).to_be_visible()
        link(page, "Details")
        metric(page, "Seen", "$11.00")
        page.get_by_role("button", name="Acknowledge").click()

        expect(page.get_by_text("acknowledged by dashboard").first).to_be_visible()
    rows = httpx2.get(f"{shown.collector}/api/v1/query/alerts").json()["rows"]
    assert [row["acked_by"] for row in rows if row["rule_kind"] == "budget"] == ["dashboard"]


@pytest.mark.parametrize(
    ("path", "dark"), [("traces", False), (f"traces?trace={TRACE}", True), ("alerts", False)]
)
def test_a_phone_shows_whole_pages(browser: Browser, shown: Shown, path: str, dark: bool) -> None:
    """At 390 pixels nothing hangs over the edge, in light and in dark."""
    with visiting(browser, dark=dark, width=390) as page:
        page.goto(f"{shown.dashboard}/{path}")
        expect(page.get_by_test_id("stMetric").first).to_be_visible()

        fits(page, 390)
