"""Rows → Arrow columns of exactly the database's types; the only place that knows Arrow's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import NoneType
from typing import Any, NamedTuple, get_args, get_type_hints

import pyarrow as pa

from spanledger_collector.rows import CallRow, MetricRow, QuarantineRow, Rows, SpanRow
from spanledger_collector.store.protocol import Batch

__all__ = ["batch_of", "first_of_each"]

Build = Callable[[Sequence[Any]], pa.Array]

_MONEY = pa.decimal128(18, 12)
ROW_BYTES = 1024
"""A row's tuple and columns in memory, about; measured on rows with every field set."""


def batch_of(rows: Rows) -> Batch:
    """Turn one request's rows into columns."""
    count = len(rows.calls) + len(rows.spans) + len(rows.quarantine) + len(rows.points)
    return Batch(
        calls=_CALLS.table(rows.calls),
        spans=_SPANS.table(rows.spans),
        quarantine=_QUARANTINE.table(rows.quarantine),
        points=_POINTS.table(rows.points),
        size=count * ROW_BYTES,
    )


def first_of_each(rows: pa.Table, *key: str) -> pa.Table:
    """Leave out all but the first row of each key, whose first column is nearly always enough."""
    for columns in (key[:1], key):
        values = [rows[column].to_pylist() for column in columns]
        keys = list(zip(*values, strict=True))
        if len(set(keys)) == len(keys):
            return rows
    first = {value: index for index, value in reversed(list(enumerate(keys)))}
    return rows.take(sorted(first.values()))


class _Columns(NamedTuple):
    """How each field of a kind of row becomes a column."""

    builders: dict[str, Build]

    def table(self, rows: Sequence[tuple[Any, ...]]) -> pa.Table:
        values: Iterable[Sequence[Any]] = (
            zip(*rows, strict=True) if rows else ([] for _ in self.builders)
        )
        arrays = [
            build(column) for build, column in zip(self.builders.values(), values, strict=True)
        ]
        return pa.Table.from_arrays(arrays, names=list(self.builders))


def _plain(kind: pa.DataType) -> Build:
    return lambda values: pa.array(values, kind)


def _uuid(values: Sequence[bytes]) -> pa.Array:
    return pa.ExtensionArray.from_storage(pa.uuid(), pa.array(values, pa.binary(16)))


def _money(values: Sequence[int | None]) -> pa.Array:
    """Exact picodollars as DECIMAL(18, 12), written as the format's 16-byte integers.

    A `decimal.Decimal` a value would cost more than the rest of the row together.
    """
    mask = pa.array([value is not None for value in values], pa.bool_())
    data = b"".join((value or 0).to_bytes(16, "little", signed=True) for value in values)
    return pa.Array.from_buffers(_MONEY, len(values), [mask.buffers()[1], pa.py_buffer(data)])


_KINDS: dict[Any, Build] = {
    str: _plain(pa.string()),
    int: _plain(pa.int64()),
    float: _plain(pa.float64()),
    bool: _plain(pa.bool_()),
    bytes: _uuid,
    list[str]: _plain(pa.list_(pa.string())),
    list[tuple[str, str]]: _plain(pa.map_(pa.string(), pa.string())),
}
_UNSIGNED = _plain(pa.uint64())
_INSTANT = _plain(pa.timestamp("us"))


def _builder(field: str, kind: Any) -> Build:
    if field.endswith("_usd"):
        return _money
    if field in {"span_id", "parent_span_id"}:
        return _UNSIGNED
    if field in {"start_time", "time"}:
        return _INSTANT
    options = [option for option in get_args(kind) if option is not NoneType]
    return _KINDS[options[0] if NoneType in get_args(kind) else kind]


def _columns(row: type) -> _Columns:
    return _Columns({field: _builder(field, kind) for field, kind in get_type_hints(row).items()})


_CALLS = _columns(CallRow)
_SPANS = _columns(SpanRow)
_QUARANTINE = _columns(QuarantineRow)
_POINTS = _columns(MetricRow)
