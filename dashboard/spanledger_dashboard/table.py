"""The explorer's table and its download; pure.

The screen gets floats for sorting, the download the exact decimals.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from spanledger_dashboard.catalogue import Measure, Value
from spanledger_dashboard.measures import NOTHING, Totals

__all__ = ["Line", "as_csv", "as_parquet", "as_rows", "decimals", "safe", "tabulated"]

Groups: TypeAlias = Mapping[tuple[str, ...], Totals]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Line(NamedTuple):
    """One combination of groups, now and before."""

    groups: tuple[str, ...]
    totals: Totals
    value: Value
    share: float | None
    before: Value
    change: Value
    change_share: float | None


_NO_LINE = Line((), NOTHING, None, None, None, None, None)


def tabulated(now: Groups, before: Groups, total: Totals, measure: Measure) -> list[Line]:
    """Every combination that occurs in either range, the largest first."""
    combinations = {**now, **{key: NOTHING for key in before if key not in now}}
    lines = [
        _line(key, totals, before.get(key, NOTHING), total, measure)
        for key, totals in combinations.items()
    ]
    return sorted(lines, key=lambda line: line.value or 0, reverse=True)


def as_rows(
    lines: Sequence[Line], labels: Sequence[str], measure: Measure, *, compared: bool = True
) -> list[dict[str, Any]]:
    """What the table on the screen shows."""
    return [
        {
            **dict(zip(labels, line.groups, strict=True)),
            measure.label: _shown(line.value, measure),
            **({"Share": _percent(line.share)} if measure.additive else {}),
            **(_then(line, measure) if compared else {}),
            **_beside(line.totals, measure),
        }
        for line in lines
    ]


def as_csv(lines: Sequence[Line], labels: Sequence[str], measure: Measure) -> str:
    """The same table with exact decimals, safe to open in a spreadsheet."""
    out = io.StringIO()
    # With either of these in a name the writer quotes it: Python quotes only what ends its lines.
    writer = csv.writer(out, lineterminator="\r\n")
    rows = [_exact(line, labels, measure) for line in lines]
    writer.writerow(rows[0] if rows else [*labels, measure.label])
    writer.writerows(row.values() for row in rows)
    return out.getvalue()


def as_parquet(lines: Sequence[Line], labels: Sequence[str], measure: Measure) -> bytes:
    """The same with types: money as decimals, counts as integers, names as they are."""
    columns: dict[str, pa.Array] = {
        label: pa.array([line.groups[place] for line in lines], pa.string())
        for place, label in enumerate(labels)
    }
    known = [_known(line, measure) for line in lines]
    for label in _known(_NO_LINE, measure):
        values = [each[label] for each in known]
        columns[label] = pa.array(values, _type_of(label, measure))
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, compression="zstd")
    return out.getvalue()


def decimals(values: Sequence[float | None]) -> int:
    """Places that keep the smallest amount of a column readable: two to six."""
    sizes = [abs(value) for value in values if value]
    smallest = min(sizes, default=1.0)
    return next((places for places in range(2, 6) if smallest >= 10**-places), 6)


def _line(
    key: tuple[str, ...], now: Totals, before: Totals, total: Totals, measure: Measure
) -> Line:
    value, earlier = measure.of(now), measure.of(before)
    change = _difference(value, earlier)
    grown = float(change) / float(earlier) if change is not None and earlier else None
    whole = measure.of(total)
    share = float(value) / float(whole) if value is not None and whole else None
    return Line(key, now, value, share, earlier, change, grown)


def _difference(now: Value, before: Value) -> Value:
    if now is None or before is None:
        return None
    if isinstance(now, float) or isinstance(before, float):
        return float(now) - float(before)
    return now - before


def _then(line: Line, measure: Measure) -> dict[str, Any]:
    then = {"Before": _shown(line.before, measure), "Change": _shown(line.change, measure)}
    # The percentage of a percentage misleads: shares differ in points.
    return then if measure.unit == "share" else then | {"Change %": _percent(line.change_share)}


def _beside(totals: Totals, measure: Measure) -> dict[str, Any]:
    """What else is worth knowing of each line, without what is measured already."""
    known = {
        "Cost": _float(totals.known_cost_usd),
        "Calls": totals.calls,
        "Unpriced calls": totals.unpriced_calls,
        "Tokens": totals.tokens,
        "Cache-hit share": _percent(totals.cache_hit_share),
    }
    return {label: value for label, value in known.items() if label != measure.label}


def _exact(line: Line, labels: Sequence[str], measure: Measure) -> dict[str, str]:
    groups = {label: safe(name) for label, name in zip(labels, line.groups, strict=True)}
    return groups | {label: _written(value) for label, value in _known(line, measure).items()}


def _known(line: Line, measure: Measure) -> dict[str, Value]:
    """All that a file says of a line, by the names of its columns."""
    totals = line.totals
    unit = " (USD)" if measure.unit == "money" else ""
    return {
        f"{measure.label}{unit}": line.value,
        "Share": line.share,
        f"Before{unit}": line.before,
        f"Change{unit}": line.change,
        "Cost (USD)": totals.known_cost_usd,
        "Calls": totals.calls,
        "Unpriced calls": totals.unpriced_calls,
        "Estimated calls": totals.estimated_calls,
        "Failed calls": totals.errors,
        "Uncached input tokens": totals.input_tokens,
        "Cache-read tokens": totals.cache_read_tokens,
        "Cache-write tokens (5 min)": totals.cache_write_5m_tokens,
        "Cache-write tokens (1 h)": totals.cache_write_1h_tokens,
        "Output tokens": totals.output_tokens,
    }


def _type_of(label: str, measure: Measure) -> pa.DataType:
    if label.endswith("(USD)"):
        return pa.decimal128(38, 12)
    shared = {"Share"} | ({measure.label, "Before", "Change"} if measure.unit == "share" else set())
    return pa.float64() if label in shared else pa.int64()


def _written(value: Value) -> str:
    if value is None:
        return ""
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def safe(name: str) -> str:
    """A name that a spreadsheet takes for text, not for a formula."""
    return f"'{name}" if name.startswith(_FORMULA) else name


def _float(value: Value) -> float | None:
    return None if value is None else float(value)


def _percent(share: float | None) -> float | None:
    return None if share is None else share * 100


def _shown(value: Value, measure: Measure) -> float | None:
    return _percent(_float(value)) if measure.unit == "share" else _float(value)
