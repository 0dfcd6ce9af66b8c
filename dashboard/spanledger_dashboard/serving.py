"""The dashboard's server: Streamlit's own, behind the guard and with the login's secrets."""

from __future__ import annotations

import base64
import hashlib
import importlib
import pkgutil
import re
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from streamlit.config import get_config_options

from spanledger_dashboard import cards
from spanledger_dashboard.guard import Guard, hosts_of
from spanledger_dashboard.returning import Returning
from spanledger_dashboard.settings import DashboardSettings, is_loopback
from spanledger_dashboard.theme import options

__all__ = ["OpenDoor", "serve"]

_APP = Path(__file__).with_name("app.py")
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


class OpenDoor(ValueError):
    """Others could read the ledger, and nobody said that they may."""


def serve(settings: DashboardSettings, host: str, port: int) -> None:
    """Serve until stopped.

    Raises:
        OpenDoor: The address is not this machine's alone, and there is no login.
    """
    if not (is_loopback(host) or settings.login or settings.allow_anonymous):
        message = (
            f"{host} lets other machines in, but there is no login: anyone who reaches the port"
            " could read what is spent. Set dashboard.login_provider (docs/security.md), listen"
            " on 127.0.0.1, or set SPANLEDGER_DASHBOARD__ALLOW_ANONYMOUS=true where something in"
            " front asks who is there."
        )
        raise OpenDoor(message)
    hosts = hosts_of(host, settings.public_url)
    https = (settings.public_url or "").startswith("https:")
    guards = [Middleware(Guard, hosts=hosts, inline=_inline_hashes(), https=https)]
    if settings.login is not None:
        guards.append(Middleware(Returning))
    app = st.App(_APP, secrets=_secrets(settings), middleware=guards)
    _import_ahead()
    chosen = options(host, port) | {"server.allowedHosts": sorted(hosts)}
    app.run(config=_known(chosen))


def _import_ahead() -> None:
    """Import what pages do, charts and frames included: no first reader has to wait for it."""
    for card in pkgutil.iter_modules(cards.__path__, f"{cards.__name__}."):
        importlib.import_module(card.name)


def _secrets(settings: DashboardSettings) -> dict[str, Any] | None:
    """What Streamlit's login wants to know."""
    login = settings.login
    if login is None:
        return None
    return {
        "auth": {
            "redirect_uri": f"{settings.public_url}/oauth2callback",
            "cookie_secret": login.cookie_secret,
            "client_id": login.client_id,
            "client_secret": login.client_secret,
            "server_metadata_url": login.provider,
        }
    }


def _inline_hashes() -> str:
    """The scripts that stand in Streamlit's page, so that no others may."""
    page = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    digests = (hashlib.sha256(text.encode()).digest() for text in _INLINE.findall(page))
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


def _known(wanted: dict[str, Any]) -> dict[str, Any]:
    """Leave out what this Streamlit has no option for: 1.65, on Python 3.10, lacks some."""
    offered = get_config_options()
    return {name: value for name, value in wanted.items() if name in offered}
