"""Listed sessions or traces as files: everything that is known of each, exactly; pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from spanledger_dashboard.data.runs import Run
from spanledger_dashboard.table import safe

__all__ = ["as_csv", "as_parquet"]

_WHEN = pa.timestamp("us", "UTC")
_COLUMNS: dict[str, pa.DataType] = {
    "id": pa.string(),
    "session": pa.string(),
    "service": pa.string(),
    "team": pa.string(),
    "feature": pa.string(),
    "user": pa.string(),
    "models": pa.string(),
    "oldest": _WHEN,
    "newest": _WHEN,
    "elapsed_ns": pa.int64(),
    "traces": pa.int64(),
    "calls": pa.int64(),
    "requests": pa.int64(),
    "errors": pa.int64(),
    "unpriced": pa.int64(),
    "estimated": pa.int64(),
    "prompt_tokens": pa.int64(),
    "output_tokens": pa.int64(),
    "cost_usd": pa.decimal128(38, 12),
}


def as_csv(runs: Sequence[Run]) -> str:
    """With exact decimals and times in UTC, safe to open in a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    writer.writerows([_text(_value(run, name)) for name in _COLUMNS] for run in runs)
    return out.getvalue()


def as_parquet(runs: Sequence[Run]) -> bytes:
    """With types: money as decimals, counts as integers, times as such, names as they are."""
    columns = {
        name: pa.array([_value(run, name) for run in runs], kind) for name, kind in _COLUMNS.items()
    }
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, compression="zstd")
    return out.getvalue()


def _value(run: Run, name: str) -> Any:
    value = getattr(run, name)
    return " ".join(value) if isinstance(value, tuple) else value


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat()
    return safe(value) if isinstance(value, str) else str(value)
