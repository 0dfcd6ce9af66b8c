"""`GET /api/v1/export/calls`: the ledger itself as Parquet or CSV, streamed in little memory."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime, timezone
from functools import cache
from itertools import chain
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from spanledger_collector.auth import team_of
from spanledger_collector.problems import problem
from spanledger_collector.query.definition import Definition, parse_definition
from spanledger_collector.query.parameters import BadParameter
from spanledger_collector.store import NoSuchColumn, Store, StoreUnavailable, sql_files

__all__ = ["PATH", "export_routes"]

PATH: Final = "/api/v1/export/calls"
AT_ONCE: Final = 2
ROW_GROUP: Final = 60_000
_MEDIA_TYPES: Final = {
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv; charset=utf-8",
}


def export_routes(store: Store) -> list[Route]:
    """Make the route that exports."""
    exports = _Exports(store)
    return [Route(PATH, exports.answer, methods=["GET"])]


@cache
def _definition() -> Definition:
    return parse_definition("calls", sql_files.export("calls"))


class _Exports:
    """The exports under way."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._running = 0

    async def answer(self, request: Request) -> Response:
        """Stream the rows, or say as a problem why not."""
        if self._running >= AT_ONCE:
            return problem(503, "Other exports are under way. Ask again.", {"retry-after": "10"})
        self._running += 1
        try:
            kind, batches = await run_in_threadpool(self._start, request)
        except (BadParameter, NoSuchColumn) as error:
            self._running -= 1
            return problem(400, str(error))
        except StoreUnavailable:
            self._running -= 1
            return problem(503, "The ledger cannot be read now. Ask again.", {"retry-after": "1"})
        except BaseException:
            self._running -= 1
            raise
        encode = _parquet if kind == "parquet" else _csv
        headers = {
            "content-disposition": f'attachment; filename="calls.{kind}"',
            "cache-control": "no-store",
        }
        return StreamingResponse(
            self._counted(encode(batches)), media_type=_MEDIA_TYPES[kind], headers=headers
        )

    def _start(self, request: Request) -> tuple[str, Iterator[pa.RecordBatch]]:
        """Read the request and the first batch, so that what is wrong is known at once."""
        given: dict[str, list[str]] = {}
        for name, value in request.query_params.multi_items():
            given.setdefault(name, []).append(value)
        kind = (given.pop("format", None) or ["parquet"])[-1]
        if kind not in _MEDIA_TYPES:
            raise BadParameter(f"There is no format {kind!r}; there are {', '.join(_MEDIA_TYPES)}.")
        team = team_of(request.scope)
        if team is not None:
            if given.get("team", [team]) != [team]:
                raise BadParameter(f"Your token reads the calls of the team {team!r} only.")
            given["team"] = [team]
        values: dict[str, Any] = _definition().values(
            given, datetime.now(timezone.utc).replace(tzinfo=None)
        )
        columns = values.pop("columns")
        batches = self._store.export(_definition().sql, values, columns, as_text=kind == "csv")
        return kind, chain([next(batches)], batches)

    def _counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from chunks
        finally:
            self._running -= 1


def _parquet(batches: Iterator[pa.RecordBatch]) -> Iterator[bytes]:
    sink = _Sink()
    first = next(batches)
    with pq.ParquetWriter(sink, first.schema, compression="zstd") as writer:
        waiting: list[pa.RecordBatch] = []
        for batch in batches:
            waiting.append(batch)
            if sum(each.num_rows for each in waiting) >= ROW_GROUP:
                writer.write_table(pa.Table.from_batches(waiting))
                waiting.clear()
                yield sink.taken()
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting))
    yield sink.taken()


def _csv(batches: Iterator[pa.RecordBatch]) -> Iterator[bytes]:
    sink = _Sink()
    first = next(batches)
    with pa_csv.CSVWriter(sink, first.schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
            yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """Where a writer writes to, and from where the answer takes it."""

    def __init__(self) -> None:
        super().__init__()
        self._chunks: list[bytes] = []
        self._position = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        chunk = bytes(data)
        self._chunks.append(chunk)
        self._position += len(chunk)
        return len(chunk)

    def tell(self) -> int:
        return self._position

    def taken(self) -> bytes:
        """Take what was written since the last time."""
        taken = b"".join(self._chunks)
        self._chunks.clear()
        return taken
