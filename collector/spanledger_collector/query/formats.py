"""An answer as Arrow, JSON or CSV; pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from decimal import Decimal
from typing import NamedTuple

import orjson
import pyarrow as pa

from spanledger_collector.store import Answer

__all__ = ["FORMATS", "Format", "NotAcceptable", "choose_format"]

_JSON_OPTIONS = orjson.OPT_UTC_Z
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


class NotAcceptable(Exception):
    """A format that answers do not come in."""


class Format(NamedTuple):
    """A way to write an answer."""

    name: str
    media_type: str
    encode: Callable[[str, Answer], bytes]


def choose_format(name: str | None, accept: str) -> Format:
    """Choose by the `format` parameter, else by the Accept header; JSON when neither minds.

    Raises:
        NotAcceptable: neither names a format there is.
    """
    if name is not None:
        if name not in FORMATS:
            raise NotAcceptable(f"There is no format {name!r}; there are {', '.join(FORMATS)}.")
        return FORMATS[name]
    for media_range in accept.lower().split(","):
        media_type = media_range.partition(";")[0].strip()
        for each in FORMATS.values():
            if media_type in {each.media_type.partition(";")[0], "*/*", "application/*", ""}:
                return each
    listed = ", ".join(each.media_type.partition(";")[0] for each in FORMATS.values())
    raise NotAcceptable(f"Answers come as {listed}; none of them is in the Accept header.")


def _arrow(name: str, answer: Answer) -> bytes:
    metadata = {"query": name, "truncated": str(answer.truncated).lower()}
    table = answer.table.replace_schema_metadata(metadata)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    buffer: bytes = sink.getvalue().to_pybytes()
    return buffer


def _json(name: str, answer: Answer) -> bytes:
    document = {
        "query": name,
        "columns": [{"name": field.name, "type": str(field.type)} for field in answer.table.schema],
        "rows": answer.table.to_pylist(),
        "truncated": answer.truncated,
        "generated_at": datetime.now(timezone.utc),
    }
    return orjson.dumps(document, default=_as_text, option=_JSON_OPTIONS)


def _as_text(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"  # exact, and never with an exponent
    raise TypeError(type(value).__name__)


def _csv(name: str, answer: Answer) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(answer.table.column_names)
    rows: list[Mapping[str, object]] = answer.table.to_pylist()
    writer.writerows([_cell(value) for value in row.values()] for row in rows)
    return text.getvalue().encode()


def _cell(value: object) -> object:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, list):
        return _cell(" ".join(str(item) for item in value))
    if isinstance(value, bool):
        return str(value).lower()
    return value


FORMATS: Mapping[str, Format] = {
    form.name: form
    for form in (
        Format("json", "application/json", _json),
        Format("arrow", "application/vnd.apache.arrow.stream", _arrow),
        Format("csv", "text/csv; charset=utf-8", _csv),
    )
}
