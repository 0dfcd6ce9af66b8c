"""What the collector says of itself and of its data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import streamlit as st

from spanledger_dashboard.data.asking import ask, instant
from spanledger_dashboard.settings import Source

__all__ = ["Health", "health", "health_row"]


@dataclass(frozen=True)
class Health:
    """What the collector says of itself and of its data."""

    calls: int
    newest_call: datetime | None
    first_call: datetime | None
    quarantined: int


def health(source: Source) -> Health:
    """The state of the ledger, at most a second old."""
    row = health_row(source)
    return Health(
        calls=int(row["calls"] or 0),
        newest_call=instant(row["newest_call_time"]),
        first_call=instant(row["first_call_time"]),
        quarantined=int(row["quarantined"] or 0),
    )


def health_row(source: Source) -> dict[str, Any]:
    """All that the collector says of itself, at most a second old."""
    row: dict[str, Any] = _health(source).to_pylist()[0]
    return row


@st.cache_data(ttl=1, max_entries=8, show_spinner=False)
def _health(source: Source) -> pa.Table:
    return ask(source, "health", {})
