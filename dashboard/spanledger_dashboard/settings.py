"""What the dashboard is told by its environment; knows nothing of Streamlit or HTTP."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, NamedTuple
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

__all__ = [
    "DashboardSettings",
    "Login",
    "SavedView",
    "Source",
    "UnknownTimeZone",
    "from_environment",
    "is_loopback",
]

_PREFIX = "SPANLEDGER_DASHBOARD__"
_YES = {"1", "true", "yes", "on"}


class UnknownTimeZone(ValueError):
    """The configured time zone is not an IANA name."""


@dataclass(frozen=True)
class Source:
    """The collector that is asked, the token it wants, and who may be asked in its place."""

    url: str
    token: str | None = field(default=None, repr=False)
    others: tuple[str, ...] = ()
    """Further collectors of the same lake."""


class SavedView(NamedTuple):
    """A link of the team's own: a page with what was chosen there."""

    name: str
    page: str
    query: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Login:
    """Who is asked who somebody is, and who may in."""

    provider: str
    client_id: str
    client_secret: str = field(repr=False)
    cookie_secret: str = field(repr=False)
    allow: tuple[str, ...] = ()
    unverified: bool = False
    hours: float = 12.0


@dataclass(frozen=True)
class DashboardSettings:
    """One dashboard process: whom to ask, in which time zone to show it, and to whom."""

    source: Source
    zone: ZoneInfo
    demo: bool
    login: Login | None = None
    public_url: str | None = None
    allow_anonymous: bool = False
    views: tuple[SavedView, ...] = ()


def from_environment(environment: Mapping[str, str] = os.environ) -> DashboardSettings:
    """Read the variables that `spanledger up` passes on.

    Raises:
        UnknownTimeZone: The time zone is not known on this machine.
    """
    told = _text(environment, "COLLECTOR_URL") or "http://127.0.0.1:4318"
    url, *others = (each.strip().rstrip("/") for each in told.split(","))
    token = environment.get("SPANLEDGER_COLLECTOR__TOKEN") or None
    return DashboardSettings(
        source=Source(url, token, tuple(others)),
        zone=_zone(_text(environment, "TIME_ZONE") or "UTC"),
        demo=_flag(environment, "DEMO"),
        login=_login(environment),
        public_url=(_text(environment, "PUBLIC_URL") or "").rstrip("/") or None,
        allow_anonymous=_flag(environment, "ALLOW_ANONYMOUS"),
        views=tuple(_view(view) for view in json.loads(_text(environment, "VIEWS") or "[]")),
    )


def is_loopback(host: str) -> bool:
    """Whether a server on this address is reached by this machine alone."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


# One for the life of the process: Streamlit signs with it in every session.
_DRAWN_SECRET = secrets.token_urlsafe(48)


def _login(environment: Mapping[str, str]) -> Login | None:
    provider = _text(environment, "LOGIN_PROVIDER")
    if not provider:
        return None
    return Login(
        provider=provider,
        client_id=_text(environment, "LOGIN_CLIENT_ID") or "",
        client_secret=_text(environment, "LOGIN_CLIENT_SECRET") or "",
        cookie_secret=_text(environment, "LOGIN_COOKIE_SECRET") or _DRAWN_SECRET,
        allow=tuple(json.loads(_text(environment, "LOGIN_ALLOW") or "[]")),
        unverified=_flag(environment, "LOGIN_UNVERIFIED"),
        hours=float(_text(environment, "LOGIN_HOURS") or 12),
    )


def _view(given: Mapping[str, Any]) -> SavedView:
    query = parse_qs(given["query"], keep_blank_values=True)
    chosen = tuple((name, tuple(values)) for name, values in query.items())
    return SavedView(given["name"], given.get("page", "explorer"), chosen)


def _text(environment: Mapping[str, str], name: str) -> str | None:
    return environment.get(f"{_PREFIX}{name}") or None


def _flag(environment: Mapping[str, str], name: str) -> bool:
    return (_text(environment, name) or "").strip().lower() in _YES


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        message = (
            f"The time zone {name!r} is not known. Set dashboard.time_zone (or "
            f"{_PREFIX}TIME_ZONE) to an IANA name such as UTC or Europe/Berlin."
        )
        raise UnknownTimeZone(message) from error
