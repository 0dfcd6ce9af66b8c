"""The journeys of a morning, in a real browser against a real collector."""

from __future__ import annotations

import csv
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.dashboard.conftest import Collecting
from tests.dashboard.support import MILLION, Reported, noon_zone, report

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PATIENCE_MS = 30_000

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"needs a browser at {CHROMIUM}")

Serving = Callable[[str], AbstractContextManager[str]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def dashboard(known_calls: str) -> Iterator[str]:
    """The dashboard's own command, on the ledger of known sums."""
    with serving(known_calls) as url:
        yield url


@contextmanager
def serving(collector_url: str) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "SPANLEDGER_DASHBOARD__COLLECTOR_URL": collector_url,
        "SPANLEDGER_DASHBOARD__TIME_ZONE": noon_zone(),
    }
    command = [sys.executable, "-m", "spanledger_dashboard", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as server:
        url = f"http://127.0.0.1:{port}"
        try:
            wait_until_healthy(url, server)
            yield url
        finally:
            server.terminate()


def wait_until_healthy(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and server.poll() is None:
        with suppress(httpx2.TransportError):
            if httpx2.get(f"{url}/_stcore/health").text == "ok":
                return
        time.sleep(0.1)  # between two looks at a server that tells nothing of its start
    pytest.fail("the dashboard did not start")


@contextmanager
def visiting(browser: Browser, *, dark: bool = False, width: int = 1440) -> Iterator[Page]:
    """A page that may talk to nobody but the dashboard; its browser lives in another time zone."""
    context = browser.new_context(
        color_scheme="dark" if dark else "light",
        viewport={"width": width, "height": 900},
        timezone_id="Pacific/Auckland",
        accept_downloads=True,
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    asked: set[str | None] = set()
    page.on("request", lambda request: asked.add(urlsplit(request.url).hostname))
    yield page
    context.close()

    assert asked <= {"127.0.0.1", None}  # None: data and blob addresses, which leave no machine


def metric(page: Page, label: str, value: str) -> None:
    card = page.get_by_test_id("stMetric").filter(has_text=label)
    expect(card.get_by_test_id("stMetricValue")).to_have_text(value, timeout=PATIENCE_MS)


def test_a_call_appears_while_one_looks(browser: Browser, collector: Collecting) -> None:
    """The empty page opens by itself, and the numbers follow the calls; nobody reloads."""
    with collector() as url, serving(url) as dashboard, visiting(browser) as page:
        page.goto(dashboard)
        expect(page.get_by_text("Waiting for the first call")).to_be_visible(timeout=PATIENCE_MS)
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

        expect(page.get_by_text(f"Only service {name}")).to_be_visible()


def test_a_link_opens_the_same_view(browser: Browser, dashboard: str) -> None:
    """What is chosen is in the address; back goes back, and a copied address shows the same."""
    with visiting(browser) as page:
        page.goto(f"{dashboard}/explorer?by=team")
        metric(page, "Cost (USD)", "$8.00")
        page.get_by_role("radio", name="Today").click()
        metric(page, "Cost (USD)", "$6.00")
        link = page.url
        assert re.search(r"[?&]range=today", link)

        page.go_back()
        metric(page, "Cost (USD)", "$8.00")
        page.go_forward()
        metric(page, "Cost (USD)", "$6.00")

    with visiting(browser) as page:
        page.goto(link)
        metric(page, "Cost (USD)", "$6.00")
        expect(page.get_by_text("By team", exact=True)).to_be_visible()


def test_the_download_is_what_is_on_the_screen(
    browser: Browser, dashboard: str, tmp_path: Path
) -> None:
    """Filtered alike, and exact."""
    with visiting(browser) as page:
        page.goto(f"{dashboard}/explorer?by=service&team=discovery")
        metric(page, "Cost (USD)", "$2.00")
        with page.expect_download() as started:
            page.get_by_role("button", name="Download CSV").click()
        started.value.save_as(tmp_path / "shown.csv")

    (row,) = csv.DictReader((tmp_path / "shown.csv").read_text().splitlines())
    assert (row["Service"], Decimal(row["Cost (USD)"])) == ("search", Decimal(2))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("path", ["", "explorer?by=team&then=model"])
def test_a_phone_shows_whole_pages(browser: Browser, dashboard: str, path: str, dark: bool) -> None:
    """At 390 pixels nothing hangs over the edge, in light and in dark."""
    with visiting(browser, dark=dark, width=390) as page:
        page.goto(f"{dashboard}/{path}")
        expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible(timeout=PATIENCE_MS)

        assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
        background = page.get_by_test_id("stApp").evaluate(
            "e => getComputedStyle(e).backgroundColor"
        )
        assert background == ("rgb(16, 21, 30)" if dark else "rgb(255, 255, 255)")


def test_the_time_zone_of_the_browser_moves_no_day(browser: Browser, dashboard: str) -> None:
    """Days are those of the dashboard's zone; the browser lives half a day ahead."""
    with visiting(browser) as page:
        page.goto(dashboard)
        chart = page.get_by_test_id("stVegaLiteChart").first
        expect(chart).to_be_visible(timeout=PATIENCE_MS)
        today = datetime.now(ZoneInfo(noon_zone()))

        expect(chart).to_contain_text(f"{today.day} {today:%b}$0", timeout=PATIENCE_MS)
