"""Questions about speed and failures."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import streamlit as st

from spanledger_dashboard.data.asking import Filters, accepted, ask, between, iso
from spanledger_dashboard.data.parts import Parts
from spanledger_dashboard.latency import Failure, Pace, Requests
from spanledger_dashboard.settings import Source

__all__ = ["failures", "paces", "requests"]

paces = Parts("latency", Pace.of)
"""How long requests took."""

requests = Parts("reliability", Requests.of)
"""How requests ended."""


def failures(
    source: Source, start: datetime, end: datetime | None, group: str, filters: Filters = ()
) -> list[Failure]:
    """What went wrong, by class."""
    rows = _errors(source, iso(start), iso(end), group, filters).to_pylist()
    return [Failure.of(row) for row in rows]


@st.cache_data(ttl=10, max_entries=64, show_spinner=False)
def _errors(source: Source, start: str, end: str | None, group: str, filters: Filters) -> pa.Table:
    asked: dict[str, str | int | list[str]] = {"group_by": group, "limit": 500}
    return ask(source, "errors", {**between(start, end), **asked, **accepted(filters)})
