"""What the dashboard is told by its environment; knows nothing of Streamlit or HTTP."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

__all__ = ["DashboardSettings", "Source", "UnknownTimeZone", "from_environment"]

_PREFIX = "SPANLEDGER_DASHBOARD__"


class UnknownTimeZone(ValueError):
    """The configured time zone is not an IANA name."""


@dataclass(frozen=True)
class Source:
    """The collector that is asked, and the token it wants."""

    url: str
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class DashboardSettings:
    """One dashboard process: whom to ask, in which time zone to show it."""

    source: Source
    zone: ZoneInfo
    demo: bool


def from_environment(environment: Mapping[str, str] = os.environ) -> DashboardSettings:
    """Read the four variables that `spanledger up` passes on.

    Raises:
        UnknownTimeZone: The time zone is not known on this machine.
    """
    url = environment.get(f"{_PREFIX}COLLECTOR_URL") or "http://127.0.0.1:4318"
    token = environment.get("SPANLEDGER_COLLECTOR__TOKEN") or None
    return DashboardSettings(
        source=Source(url.rstrip("/"), token),
        zone=_zone(environment.get(f"{_PREFIX}TIME_ZONE") or "UTC"),
        demo=environment.get(f"{_PREFIX}DEMO", "").strip().lower() in {"1", "true", "yes", "on"},
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        message = (
            f"The time zone {name!r} is not known. Set dashboard.time_zone (or "
            f"{_PREFIX}TIME_ZONE) to an IANA name such as UTC or Europe/Berlin."
        )
        raise UnknownTimeZone(message) from error
