"""With a login every page asks who is there, and only those on the list get in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

import spanledger_dashboard
from spanledger_dashboard.login import verdict
from spanledger_dashboard.settings import Login
from tests.dashboard.browsing import (
    chromium,
    free_port,
    metric,
    needs_browser,
    serving,
    visiting,
)
from tests.dashboard.oidc import CLIENT, SECRET, Provider, provider

NOW = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
LOGIN = Login("https://id.example", "id", "secret", "c" * 32, ("@example.com", "eve@else.org"))
ADA = {
    "is_logged_in": True,
    "email": "Ada@Example.com",
    "email_verified": True,
    "iat": NOW.timestamp() - 60,
}
VIEWS = Path(spanledger_dashboard.__file__).parent / "views"
PAGES = ["", *(page.stem for page in VIEWS.glob("*.py"))]


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({}, "in"),
        ({"email": "eve@else.org"}, "in"),
        ({"is_logged_in": False}, "unknown"),
        ({"is_logged_in": "yes"}, "unknown"),
        ({"email": "mallory@else.org"}, "refused"),
        ({"email": "ada@sub.example.com"}, "refused"),
        ({"email": "ada@example.com.evil.org"}, "refused"),
        ({"email": "ada@evil.org@example.com"}, "refused"),
        ({"email": None}, "refused"),
        ({"email": "@example.com\n"}, "refused"),
        ({"email_verified": False}, "unverified"),
        ({"email_verified": None}, "unverified"),
        ({"email_verified": "false"}, "unverified"),
        ({"iat": NOW.timestamp() - 12 * 3600 - 1}, "expired"),
        ({"iat": NOW.timestamp() + 3600}, "expired"),
        ({"iat": None}, "expired"),
        ({"iat": True}, "expired"),
    ],
)
def test_who_gets_in(claims: dict[str, Any], expected: str) -> None:
    """A verified address of the list or of a listed domain, for as long as a login counts."""
    assert verdict({**ADA, **claims}, LOGIN, NOW) == expected


def test_nobody_is_nobody() -> None:
    """No claims at all."""
    assert verdict({}, LOGIN, NOW) == "unknown"


def test_a_provider_without_verification_must_be_trusted_by_name() -> None:
    """Entra ID verifies no address: the setting says that this is known."""
    trusting = Login("https://id.example", "id", "s", "c" * 32, ("@example.com",), unverified=True)
    claims = {**ADA, "email_verified": None}

    assert verdict(claims, trusting, NOW) == "in"
    assert verdict(claims, trusting, NOW + timedelta(hours=13)) == "expired"


@pytest.fixture(scope="module")
def identity() -> Iterator[Provider]:
    with provider() as started:
        yield started


@pytest.fixture(scope="module")
def gated(known_calls: str, identity: Provider) -> Iterator[str]:
    """The dashboard with a login by that provider."""
    port = free_port()
    with serving(
        known_calls,
        port=port,
        public_url=f"http://127.0.0.1:{port}",
        login_provider=f"{identity.url}/.well-known/openid-configuration",
        login_client_id=CLIENT,
        login_client_secret=SECRET,
        login_allow=json.dumps(["@example.com"]),
    ) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@needs_browser
def test_every_page_is_behind_the_gate(browser: Browser, gated: str) -> None:
    """No number and no way to another page, whatever the address and whoever a header names."""
    with visiting(browser) as page:
        names = ("X-Forwarded-User", "X-Forwarded-Email", "X-Auth-Request-Email", "Remote-User")
        page.set_extra_http_headers(dict.fromkeys(names, "ada@example.com"))
        for path in PAGES:
            page.goto(f"{gated}/{path}")
            expect(page.get_by_role("button", name="Log in").first).to_be_visible()
            assert page.get_by_test_id("stMetric").count() == 0
            assert page.get_by_test_id("stPageLink").count() == 0


@needs_browser
def test_one_of_the_list_gets_in_and_out(browser: Browser, gated: str, identity: Provider) -> None:
    """Through the provider and back, and out again."""
    identity.claims = {"email": "ada@example.com", "email_verified": True}
    with visiting(browser) as page:
        log_in(page, gated)
        metric(page, "Spend today", "$6.00")
        expect(page.get_by_text("ada@example.com").first).to_be_visible()

        page.get_by_role("button", name="Log out").click()

        expect(page.get_by_role("button", name="Log in").first).to_be_visible()


@needs_browser
@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"email": "eve@evil.org", "email_verified": True}, "it is not on the list"),
        ({"email": "ada@example.com"}, "does not call the address verified"),
        ({"email": "ada@example.com", "email_verified": True, "iat": 1}, "has run out"),
    ],
    ids=["stranger", "unverified", "old"],
)
def test_others_stay_outside(
    browser: Browser, gated: str, identity: Provider, claims: dict[str, Any], told: str
) -> None:
    """Known to the provider is not yet let in; the page says why."""
    identity.claims = claims
    with visiting(browser) as page:
        log_in(page, gated)

        expect(page.get_by_text(told).first).to_be_visible()
        assert page.get_by_test_id("stMetric").count() == 0


@needs_browser
def test_a_link_opens_after_the_login(browser: Browser, gated: str, identity: Provider) -> None:
    """Whoever follows a colleague's link sees that view, though the login came between."""
    identity.claims = {"email": "ada@example.com", "email_verified": True}
    link = f"{gated}/explorer?range=30d&by=team&team=payments"
    with visiting(browser) as page:
        log_in(page, link)

        expect(page).to_have_url(link)
        expect(page.get_by_text("Only team payments").first).to_be_visible()


@pytest.mark.parametrize(
    "written",
    ["//evil.example/", "/\\evil.example", "https://evil.example/", "/%0d%0aSet-Cookie:a=b", ""],
)
def test_a_login_leads_nowhere_else(gated: str, written: str) -> None:
    """A cookie that somebody else wrote does not turn the callback into a way out."""
    with httpx2.Client(trust_env=False) as client:
        answer = client.get(
            f"{gated}/oauth2callback",
            params={"error": "access_denied", "state": "unknown"},
            headers={"cookie": f"spanledger_page={quote(written, safe='%')}"},
        )

    assert "evil" not in answer.headers.get("location", "")
    assert "a=b" not in answer.headers.get("set-cookie", "")


def log_in(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("button", name="Log in").click()
