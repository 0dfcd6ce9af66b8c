"""The journeys of a morning, in a real browser against a real collector."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, expect

from tests.dashboard.browsing import (
    chromium,
    fits,
    metric,
    needs_browser,
    serving,
    visiting,
)
from tests.dashboard.conftest import Collecting
from tests.dashboard.support import MILLION, Reported, noon_zone, report
from tests.dashboard.wire import Wire

pytestmark = needs_browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def dashboard(known_calls: str) -> Iterator[str]:
    """The dashboard's own command, on the ledger of known sums."""
    with serving(known_calls) as url:
        yield url


def test_a_call_appears_while_one_looks(browser: Browser, collector: Collecting) -> None:
    """The empty page opens by itself, and the numbers follow the calls; nobody reloads."""
    with collector() as url, serving(url) as dashboard, visiting(browser) as page:
        page.goto(dashboard)
        expect(page.get_by_text("Waiting for the first call").first).to_be_visible()
        report(url, [Reported(timedelta(seconds=1))])
        metric(page, "Spend today", "$1.00")

        report(url, [Reported(timedelta(seconds=1), input_tokens=2 * MILLION)])

        metric(page, "Spend today", "$3.00")
        metric(page, "Calls today", "2")


def test_a_name_cannot_make_the_browser_ask_elsewhere(
    browser: Browser, collector: Collecting
) -> None:
    """A picture in the name of a service, on both pages and in a filter, is only text."""
    name = "![p](https://elsewhere.example/p.png) <img src=https://elsewhere.example/q.png>"
    with collector() as url, serving(url) as dashboard, visiting(browser) as page:
        report(url, [Reported(timedelta(seconds=1), service=name)])
        page.goto(dashboard)
        metric(page, "Spend today", "$1.00")
        page.goto(f"{dashboard}/explorer?by=service&service={quote(name)}")
        metric(page, "Cost (USD)", "$1.00")

        expect(page.get_by_text(f"Only service {name}").first).to_be_visible()


def test_a_spike_leads_to_its_call(browser: Browser, collector: Collecting) -> None:
    """From the day that stands out to what drove it, to its traces, to the call: four clicks."""
    usual = [Reported(timedelta(days=ago), input_tokens=MILLION) for ago in range(2, 10)]
    spike = Reported(timedelta(days=1), input_tokens=40 * MILLION, feature="refunds", team="shop")
    with collector() as url, serving(url) as dashboard, visiting(browser) as page:
        report(url, [*usual, spike])
        page.goto(dashboard)
        page.get_by_role("link", name="What made").click()
        metric(page, "Cost (USD)", "$40.00")
        expect(page.get_by_text("What changed, by team and cause").first).to_be_visible()
        expect(page.get_by_text("+$40.00 shop new").first).to_be_visible()

        page.get_by_test_id("stMain").get_by_role("link", name="Traces").first.click()
        page.get_by_test_id("stMain").get_by_role("link", name="refunds").click()

        expect(page.get_by_role("heading", name="Trace of refunds").first).to_be_visible()
        costs = page.get_by_test_id("stMetric").filter(has_text="Cost (USD)")
        of_trace_and_call = ["$40.00", "$40.00"]
        expect(costs.get_by_test_id("stMetricValue")).to_have_text(of_trace_and_call)
        expect(page.get_by_text(re.compile("^req_")).first).to_be_visible()
        expect(page).to_have_url(re.compile("team=shop"))


def test_a_link_opens_the_same_view(browser: Browser, dashboard: str) -> None:
    """What is chosen is in the address; back goes back, and a copied address shows the same."""
    with visiting(browser) as page:
        page.goto(f"{dashboard}/explorer?by=team")
        metric(page, "Cost (USD)", "$8.00")
        page.get_by_role("radio", name="Today").click()
        metric(page, "Cost (USD)", "$6.00")
        expect(page).to_have_url(re.compile(r"[?&]range=today"))
        link = page.url

        page.go_back()
        metric(page, "Cost (USD)", "$8.00")
        page.go_forward()
        metric(page, "Cost (USD)", "$6.00")

    with visiting(browser) as page:
        page.goto(link)
        metric(page, "Cost (USD)", "$6.00")
        expect(page.get_by_text("By team", exact=True).first).to_be_visible()


def test_what_a_slow_browser_tells_late_is_no_choice(browser: Browser, dashboard: str) -> None:
    """Each clock of a page tells what all of its controls say, which may be what they said before.

    The address stays where "back" led, and "forward" still leads forward.
    """
    with visiting(browser) as page:
        wire = Wire(page)
        page.goto(f"{dashboard}/explorer?by=team")
        metric(page, "Cost (USD)", "$8.00")
        page.get_by_role("radio", name="Today").click()
        metric(page, "Cost (USD)", "$6.00")
        with wire.late() as heard:
            page.go_back()
        metric(page, "Cost (USD)", "$8.00")

        assert not [each for each in heard if each.HasField("page_info_changed")]
        page.go_forward()
        metric(page, "Cost (USD)", "$6.00")
        expect(page).to_have_url(re.compile(r"[?&]range=today"))


def test_the_download_is_what_is_on_the_screen(
    browser: Browser, dashboard: str, tmp_path: Path
) -> None:
    """Filtered alike, and exact, as text and with types."""
    with visiting(browser) as page:
        page.goto(f"{dashboard}/explorer?by=service&team=discovery")
        metric(page, "Cost (USD)", "$2.00")
        for kind in ("CSV", "Parquet"):
            with page.expect_download() as started:
                page.get_by_role("button", name=f"Download {kind}").click()
            started.value.save_as(tmp_path / f"shown.{kind}")

    (row,) = csv.DictReader((tmp_path / "shown.CSV").read_text().splitlines())
    assert (row["Service"], Decimal(row["Cost (USD)"])) == ("search", Decimal(2))
    (typed,) = pq.read_table(tmp_path / "shown.Parquet").to_pylist()
    assert (typed["Service"], typed["Cost (USD)"]) == ("search", Decimal(2))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("path", ["", "explorer?by=team&then=model"])
def test_a_phone_shows_whole_pages(browser: Browser, dashboard: str, path: str, dark: bool) -> None:
    """At 390 pixels nothing hangs over the edge, in light and in dark."""
    with visiting(browser, dark=dark, width=390) as page:
        page.goto(f"{dashboard}/{path}")
        expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()

        fits(page, 390)
        background = page.get_by_test_id("stApp").evaluate(
            "e => getComputedStyle(e).backgroundColor"
        )
        assert background == ("rgb(16, 21, 30)" if dark else "rgb(255, 255, 255)")


def test_the_time_zone_of_the_browser_moves_no_day(browser: Browser, dashboard: str) -> None:
    """Days are those of the dashboard's zone; the browser lives half a day ahead."""
    with visiting(browser) as page:
        page.goto(dashboard)
        chart = page.get_by_test_id("stVegaLiteChart").first
        expect(chart).to_be_visible()
        today = datetime.now(ZoneInfo(noon_zone()))

        expect(chart).to_contain_text(f"{today.day} {today:%b}$0")
