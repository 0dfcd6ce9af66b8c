"""What time it is, as the database's columns have it."""

from __future__ import annotations

from datetime import datetime, timezone

__all__ = ["now"]


def now() -> datetime:
    """Say what time it is in UTC, without a zone."""
    return datetime.now(timezone.utc).replace(tzinfo=None)
