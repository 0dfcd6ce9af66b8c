"""What all questions share: the client, and how Python's values stand in a query's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, TypeAlias

import pyarrow as pa
import streamlit as st

from spanledger_dashboard.client import Client, Params
from spanledger_dashboard.settings import Source

__all__ = ["Filters", "accepted", "ask", "between", "instant", "iso", "tell"]

# What to look at: (dimension, accepted values), hashable so that it keys the caches.
Filters: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]


def ask(source: Source, query: str, params: Params) -> pa.Table:
    """Ask the collector a named query.

    Raises:
        CollectorProblem: It did not answer, or refused.
    """
    return _client(source).ask(query, params)


def tell(
    source: Source, route: str, fields: Mapping[str, Any], *, timeout_s: float | None = None
) -> dict[str, Any]:
    """Have the collector do something; what it answers is not cached here.

    Raises:
        CollectorProblem: It did not answer, or refused.
    """
    return _client(source).tell(route, fields, timeout_s=timeout_s)


@st.cache_resource(max_entries=4, show_spinner=False, on_release=Client.close)
def _client(source: Source) -> Client:
    return Client(source)


def between(start: str, end: str | None) -> dict[str, str]:
    """A time range; an end of None is now."""
    return {"start": start} if end is None else {"start": start, "end": end}


def accepted(filters: Filters) -> dict[str, list[str]]:
    """The filters by the query API's names."""
    return {dimension: list(values) for dimension, values in filters if values}


def iso(moment: datetime | None) -> Any:
    """A moment as text, which keys a cache whatever zone it was made in."""
    return None if moment is None else moment.astimezone(timezone.utc).isoformat()


def instant(moment: datetime | None) -> datetime | None:
    """Timestamps without a zone are UTC by the API's contract."""
    if moment is None or moment.tzinfo:
        return moment
    return moment.replace(tzinfo=timezone.utc)
