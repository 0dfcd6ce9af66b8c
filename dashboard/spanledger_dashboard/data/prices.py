"""What calls are priced by, and those that no price is known for."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import streamlit as st

from spanledger_dashboard.data.asking import ask
from spanledger_dashboard.settings import Source

__all__ = ["prices", "unpriced"]


def prices(source: Source, day: date, platform: str, *, active: bool) -> list[dict[str, Any]]:
    """What each model costs on a day on a platform."""
    rows: list[dict[str, Any]] = _prices(source, day.isoformat(), platform, active).to_pylist()
    return rows


def unpriced(source: Source) -> list[dict[str, Any]]:
    """The models whose calls of the last thirty days have no price, and why."""
    rows: list[dict[str, Any]] = _unpriced(source).to_pylist()
    return rows


@st.cache_data(ttl=10, max_entries=64, show_spinner=False)
def _prices(source: Source, day: str, platform: str, active: bool) -> pa.Table:
    asked = {"at": f"{day}T00:00:00Z", "platform": platform, "active": "yes" if active else "no"}
    return ask(source, "prices", asked)


@st.cache_data(ttl=10, max_entries=8, show_spinner=False)
def _unpriced(source: Source) -> pa.Table:
    return ask(source, "unpriced", {})
