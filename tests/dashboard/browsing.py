"""The dashboard's own command served on a collector, and a real browser before it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.sync_api import Browser, Locator, Page, TimeoutError, expect, sync_playwright

from spanledger_collector import ports
from tests.dashboard.support import noon_zone

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PICTURES = Path(__file__).parents[2] / "artifacts" / "screens"
PATIENCE_MS = 120_000
READY_S = 240
_LOOKS = 6
_PASSED_ON = ("Accept", "Authorization", "Content-Type")

expect.set_options(timeout=PATIENCE_MS)
needs_browser = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"needs a browser at {CHROMIUM}")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser of this machine."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS, timeout=PATIENCE_MS
        )
        yield browser
        browser.close()


def free_port() -> int:
    """A port that nothing listens on at the moment."""
    return ports.free_port("127.0.0.1")


@contextmanager
def serving(
    collector_url: str, *, host: str = "127.0.0.1", port: int | None = None, **settings: str
) -> Iterator[str]:
    """The dashboard at an address of its own; keywords are its variables."""
    port = port or free_port()
    environment = {
        **os.environ,
        "SPANLEDGER_DASHBOARD__COLLECTOR_URL": collector_url,
        "SPANLEDGER_DASHBOARD__TIME_ZONE": noon_zone(),
        **{f"SPANLEDGER_DASHBOARD__{name.upper()}": value for name, value in settings.items()},
    }
    command = [sys.executable, "-m", "spanledger_dashboard", "--host", host, "--port", str(port)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as server:
        url = f"http://127.0.0.1:{port}"
        try:
            wait_until_healthy(url, server)
            yield url
        finally:
            server.terminate()


class Gate:
    """A way to a collector that can be shut for a while: what is asked meanwhile waits."""

    def __init__(self) -> None:
        self.passable = threading.Event()
        self.passable.set()

    @contextmanager
    def shut(self) -> Iterator[None]:
        self.passable.clear()
        try:
            yield
        finally:
            self.passable.set()


@contextmanager
def gated(collector_url: str) -> Iterator[tuple[str, Gate]]:
    """A gate before the collector, and the address of it."""
    gate = Gate()

    class Passing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            gate.passable.wait(READY_S)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            kept = {name: self.headers[name] for name in _PASSED_ON if name in self.headers}
            answer = httpx2.request(
                self.command, collector_url + self.path, headers=kept, content=body, trust_env=False
            )
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Say nothing of requests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Passing)
    serving_it = threading.Thread(target=server.serve_forever)
    serving_it.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", gate
    finally:
        gate.passable.set()
        server.shutdown()
        serving_it.join()
        server.server_close()


def wait_until_healthy(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and server.poll() is None:
        with suppress(httpx2.TransportError):
            if httpx2.get(f"{url}/_stcore/health", trust_env=False).text == "ok":
                return
        time.sleep(0.1)  # between two looks at a server that tells nothing of its start
    pytest.fail("the dashboard did not start")


@contextmanager
def visiting(browser: Browser, *, dark: bool = False, width: int = 1440) -> Iterator[Page]:
    """A page that may talk to nobody but this machine; its browser lives in another time zone.

    What the page's security policy blocks fails the test, too.
    """
    context = browser.new_context(
        color_scheme="dark" if dark else "light",
        viewport={"width": width, "height": 900},
        timezone_id="Pacific/Auckland",
        accept_downloads=True,
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    asked: set[str | None] = set()
    blocked: list[str] = []
    page.on("request", lambda request: asked.add(urlsplit(request.url).hostname))
    page.on(
        "console",
        lambda said: blocked.append(said.text) if "Content Security Policy" in said.text else None,
    )
    try:
        yield page
    finally:
        page.screenshot(path=_picture(), full_page=True)
        context.close()

    assert asked <= {"127.0.0.1", None}  # None: data and blob addresses, which leave no machine
    assert blocked == []


def choose(page: Page, label: str, option: re.Pattern[str]) -> None:
    """Choose in a list of choices as a person does: open it again where the page redrew it shut."""
    offered = page.get_by_role("option", name=option)
    for _ in range(_LOOKS):
        page.get_by_role("combobox", name=re.compile(label)).click()
        with suppress(TimeoutError):
            offered.click(timeout=PATIENCE_MS / _LOOKS)
            return
        page.keyboard.press("Escape")
    pytest.fail(f"{label!r} does not offer {option.pattern!r}")


def click_until(clicked: Locator, shown: Locator) -> None:
    """Click as a person does: again, where what was clicked was drawn but did not listen yet."""
    for _ in range(_LOOKS):
        clicked.click()
        with suppress(TimeoutError):
            shown.wait_for(timeout=PATIENCE_MS / _LOOKS)
            return
    pytest.fail(f"no click leads to {shown}")


def fits(page: Page, width: int) -> None:
    """Wait until nothing hangs over the edge, which a chart may that is being drawn."""
    page.wait_for_function(f"document.scrollingElement.scrollWidth <= {width}")


def _picture() -> Path:
    """Where what the test saw last is kept, for whoever wants to look: one picture a test."""
    test = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]
    return PICTURES / (re.sub(r"\W+", "-", test).strip("-") + ".png")


def metric(page: Page, label: str, value: str) -> None:
    """Wait for a number, and for the rest of its page: until then old parts stand beside new."""
    card = page.get_by_test_id("stMetric").filter(has_text=label).first
    expect(card.get_by_test_id("stMetricValue")).to_have_text(value)
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning")
