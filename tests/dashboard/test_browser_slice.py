"""From an alert's message to exactly the calls that it is about, in a real browser."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page, expect

from spanledger_collector.server import running_collector
from spanledger_collector.settings import load_settings
from tests.alerts.support import Sink
from tests.dashboard.browsing import (
    chromium,
    free_port,
    metric,
    needs_browser,
    serving,
    visiting,
)
from tests.dashboard.support import MILLION, Reported, report
from tests.dashboard.test_alerts_page import judge, settings_text

pytestmark = needs_browser

MINUTE = timedelta(minutes=1)


def test_a_message_leads_to_its_calls(tmp_path: Path) -> None:
    """Its two links open on the very dollars it tells, though the day and others spent more."""
    port = free_port()
    with closing(Sink()) as sink:
        file = tmp_path / "spanledger.toml"
        file.write_text(
            settings_text(tmp_path)
            + f'[alerts]\ndashboard_url = "http://127.0.0.1:{port}"\n'
            + f'[[alerts.channels]]\nname = "ops"\nwebhook = "{sink.url}"\n'
            + "allow_private = true\nallow_http = true\n",
            encoding="utf-8",
        )
        calls = [
            Reported(MINUTE / 3, input_tokens=8 * MILLION),
            Reported(MINUTE / 3, service="search", input_tokens=MILLION),
            Reported(8 * MINUTE, input_tokens=2 * MILLION),
            Reported(60 * MINUTE, input_tokens=3 * MILLION),
        ]
        with running_collector(load_settings(file)) as collector:
            report(collector.url, calls)
            judge(collector.url)
            judge(collector.url)
            [told] = [
                each.document
                for each in sink.wait_for(2)
                if each.document["alert"]["kind"] == "cap"
            ]
            with (
                serving(collector.url, port=port) as served,
                chromium() as browser,
                visiting(browser) as page,
            ):
                assert (told["observed"], told["link"].startswith(served)) == (8.0, True)
                page.goto(told["link"])
                shows_the_cap(page)

                page.get_by_role("button", name="Wider").click()
                metric(page, "Cost (USD)", "$10.00")
                page.get_by_role("button", name="Whole days").click()
                metric(page, "Cost (USD)", "$13.00")
                page.go_back()
                metric(page, "Cost (USD)", "$10.00")
                page.go_back()
                shows_the_cap(page)
                page.get_by_role("link", name="Traces & sessions").click()
                page.get_by_role("radio", name="Traces").click()
                metric(page, "Cost (USD)", "$8.00")

                page.goto(told["alert_link"])
                page.get_by_role("link", name="These calls in the explorer").click()
                shows_the_cap(page)
                expect(page).to_have_url(re.compile("service=checkout"))


def shows_the_cap(page: Page) -> None:
    """The five minutes of the service, by the minute."""
    metric(page, "Cost (USD)", "$8.00")
    expect(page.get_by_text("compared with the 5 minutes before").first).to_be_visible()
    expect(page.get_by_text("Cost (USD) by minute and", exact=False).first).to_be_visible()
