"""A question asked of a whole time range, by one dimension, or by step of time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import pyarrow as pa
import streamlit as st

from spanledger_dashboard.client import Params
from spanledger_dashboard.data.asking import Filters, accepted, ask, between, iso
from spanledger_dashboard.settings import Source

__all__ = ["Parts"]

T = TypeVar("T")

_MOST_ROWS = 5_000


@dataclass(frozen=True)
class Parts(Generic[T]):
    """A query of the API that takes `bucket` and `group_by`, and the record of its rows."""

    query: str
    record: Callable[[dict[str, Any]], T]

    def by_value(
        self,
        source: Source,
        start: datetime,
        end: datetime | None,
        *,
        group: str = "none",
        filters: Filters = (),
    ) -> dict[str, T]:
        """A record for each value of a dimension; the only value is "" without one."""
        rows = _rows(source, self.query, iso(start), iso(end), "UTC", "none", group, filters)
        return {row["group_1"] or "": self.record(row) for row in rows.to_pylist()}

    def by_step(
        self,
        source: Source,
        start: datetime,
        end: datetime | None,
        zone: str,
        bucket: str,
        filters: Filters = (),
    ) -> dict[datetime, T]:
        """A record for each step of time that has any."""
        rows = _rows(source, self.query, iso(start), iso(end), zone, bucket, "none", filters)
        return {row["bucket"]: self.record(row) for row in rows.to_pylist()}


@st.cache_data(ttl=10, max_entries=384, show_spinner=False)
def _rows(
    source: Source,
    query: str,
    start: str,
    end: str | None,
    zone: str,
    bucket: str,
    group: str,
    filters: Filters,
) -> pa.Table:
    asked: Params = {"tz": zone, "bucket": bucket, "group_by": group, "limit": _MOST_ROWS}
    return ask(source, query, {**between(start, end), **asked, **accepted(filters)})
