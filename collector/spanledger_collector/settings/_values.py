"""Kinds of values that settings hold: what is right, and what to say when it is not."""

from __future__ import annotations

import re
import zoneinfo
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr
from pydantic_core import PydanticCustomError

_MEMORY = re.compile(r"\d+(\.\d+)?\s*([KMGT]i?B|%)", re.IGNORECASE)


def is_loopback(host: str) -> bool:
    """Whether binding this host keeps the port on this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def base_url(host: str, port: int, scheme: str = "http") -> str:
    """The address at which a client on this machine reaches a server bound to host and port."""
    return f"{scheme}://{authority(host, port)}"


def authority(host: str, port: int) -> str:
    """Host and port for a client on this machine, as an address has them."""
    reachable = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{reachable}]:{port}" if ":" in reachable else f"{reachable}:{port}"


def _time_zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise PydanticCustomError(
            "time_zone", "is not a time zone name like 'Europe/Berlin' or 'UTC'"
        ) from error
    return name


def _http_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise PydanticCustomError("http_url", "is not an address like 'http://127.0.0.1:4318'")
    return url.rstrip("/")


def _http_urls(urls: str) -> str:
    return ",".join(_http_url(url.strip()) for url in urls.split(","))


def _memory(limit: str) -> str:
    if not _MEMORY.fullmatch(limit):
        raise PydanticCustomError("memory", "is not an amount of memory like '2GB' or '512MiB'")
    return limit


def _token(token: SecretStr) -> SecretStr:
    secret = token.get_secret_value()
    if not secret or any(not "!" <= character <= "~" for character in secret):
        raise PydanticCustomError("token", "must be printable ASCII without spaces, and not empty")
    return token


Port = Annotated[int, Field(ge=0, le=65535)]
Token = Annotated[SecretStr, AfterValidator(_token)]
Memory = Annotated[str, AfterValidator(_memory)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
HttpUrls = Annotated[str, AfterValidator(_http_urls)]
"""One address, or several with commas between them."""
