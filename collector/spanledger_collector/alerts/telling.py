"""Tells one message through one channel, whichever kind it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import orjson

from spanledger_collector.alerts.webhook import Undelivered, post
from spanledger_collector.settings import Channel

__all__ = ["Undelivered", "tell"]

APPRISE_S = 60.0
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "SSL_CERT_FILE", "SSL_CERT_DIR", "PYTHONPATH", "TZ")
"""Of the environment, what a process that talks to others has to know."""
_TYPES = {"critical": "failure", "warning": "warning", "info": "info"}
_SECRET_LENGTH = 5


def tell(channel: Channel, body: str, send_id: str, timestamp: int) -> None:
    """Tell it, once.

    Args:
        channel: whom.
        body: the document, as JSON.
        send_id: the same for every try.
        timestamp: seconds since 1970.

    Raises:
        Undelivered: it did not arrive.
    """
    if channel.is_webhook:
        post(channel, body.encode(), send_id, timestamp)
    else:
        _through_apprise(channel, orjson.loads(body))


def _through_apprise(channel: Channel, document: Mapping[str, Any]) -> None:
    alert = document["alert"] or {}
    over = document["reason"] == "resolved"
    asked = {
        "address": channel.address.get_secret_value(),
        "allow_private": channel.allow_private,
        "title": document["title"],
        "body": document["text"],
        "type": "success" if over else _TYPES.get(alert.get("severity", ""), "info"),
    }
    try:
        answer = subprocess.run(
            [sys.executable, "-m", "spanledger_collector.alerts.postman"],
            input=json.dumps(asked),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env={name: os.environ[name] for name in _KEPT if name in os.environ},
            timeout=APPRISE_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Undelivered(f"no answer within {APPRISE_S:.0f} s") from error
    try:
        came = json.loads(answer.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError) as error:
        raise Undelivered(f"Apprise failed with exit code {answer.returncode}") from error
    if not came["told"]:
        raise Undelivered(_without_secrets(came["error"] or "the service refused it", channel))


def _without_secrets(text: str, channel: Channel) -> str:
    """What Apprise said, less every part of the address that may be a secret."""
    address = channel.address.get_secret_value().partition("://")[2]
    for separator in "/@:?&=#":
        address = address.replace(separator, " ")
    for part in sorted(address.split(), key=len, reverse=True):
        if len(part) >= _SECRET_LENGTH:
            text = text.replace(part, "…")
    return text[:300]
