"""Our own spans → columns of `calls`: the dialect `spanledger`, for many spans at once.

It says of each span what `dialects/spanledger.py` says of it, or that the span is `odd`: then that
module has to read it. What calls cost is not its business.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spanledger import semconv
from spanledger_collector.columnar.arrays import Flags, Ints
from spanledger_collector.columnar.attributes import Attributes
from spanledger_collector.columnar.money import money
from spanledger_collector.columnar.names import COUNTS, MOST_TOKENS, OPTIONAL, TEXTS
from spanledger_collector.dialects import spanledger

__all__ = ["Columns", "read_facts", "read_usage"]

Columns = dict[str, pa.Array]

_NO_TEXT: Final = pa.scalar(None, pa.string())
_OUTCOMES: Final = pa.array(sorted(spanledger.OUTCOMES))


def read_facts(said: Attributes) -> Columns:
    """Read what a span says of its call, apart from tokens."""
    texts = said.texts(list(TEXTS.values()))
    columns = {field: texts[name] for field, name in TEXTS.items()}
    said.odd |= _is_null(columns["operation"])  # a span of another kind
    said.odd |= said.has(semconv.ITERATIONS)
    # Where the conventional list of stop reasons would have to do, it has to be read.
    said.odd |= said.has(semconv.FINISH_REASONS) & _is_null(columns["stop_reason"])
    columns["outcome"] = _outcome(columns)
    columns["user_id"] = pc.coalesce(
        columns["user_id"], columns.pop("user.id"), columns.pop("metadata.user_id")
    )
    columns["session_id"] = pc.coalesce(columns["session_id"], columns.pop("conversation.id"))
    columns["tags"] = said.prefixed(spanledger.MAX_TAGS)
    for field, (name, limit) in OPTIONAL.items():
        columns[field] = _where(said.has(name), said.counts(name, limit))
    columns["retries"] = pa.array(said.counts(semconv.HTTP_RESEND_COUNT, spanledger.MAX_SMALL))
    columns["streamed"] = pa.array(said.flags(semconv.REQUEST_STREAM, default=False))
    columns["request_sent"] = pa.array(said.flags(semconv.REQUEST_SENT, default=True))
    columns["time_to_first_chunk_ns"] = _first_chunk(said)
    claim = said.counts(semconv.COST_PICODOLLARS, spanledger.MAX_PICODOLLARS - 1)
    columns["claimed_usd"] = money(claim, said.has(semconv.COST_PICODOLLARS))
    return columns


def read_usage(said: Attributes, columns: Columns) -> None:
    """Read the token counts; where a span tells none, all that goes with them is left out."""
    inclusive = said.counts(semconv.INPUT_TOKENS, MOST_TOKENS)
    known = said.has(semconv.INPUT_TOKENS) | said.has(semconv.OUTPUT_TOKENS)
    counts = {name: said.counts(source, limit) for name, (source, limit) in COUNTS.items()}
    five_minutes = said.counts(semconv.CACHE_WRITE_5M_TOKENS, MOST_TOKENS)
    hour = said.counts(semconv.CACHE_WRITE_1H_TOKENS, MOST_TOKENS)
    split = said.has(semconv.CACHE_WRITE_5M_TOKENS) | said.has(semconv.CACHE_WRITE_1H_TOKENS)
    written = said.counts(semconv.CACHE_WRITE_TOKENS, MOST_TOKENS)
    written = np.where(said.has(semconv.CACHE_WRITE_TOKENS), written, five_minutes + hour)
    counts["cache_write_1h_tokens"] = np.minimum(hour, written)
    counts["cache_write_5m_tokens"] = written - counts["cache_write_1h_tokens"]
    counts["input_tokens"] = inclusive - counts["cache_read_tokens"] - written
    said.odd |= known & (counts["input_tokens"] < 0)
    columns.update({name: pa.array(np.where(known, count, 0)) for name, count in counts.items()})
    for name in ("service_tier", "speed", "inference_geo"):
        columns[name] = pc.if_else(known, columns[name], _NO_TEXT)
    redeemed = pc.fill_null(pc.equal(columns.pop("fallback_credit"), "redeemed"), False)
    columns["fallback_credit_redeemed"] = pc.and_(redeemed, known)
    columns["ttl_split_known"] = pa.array(~known | (written == 0) | split)
    columns["usage_known"] = pa.array(known)
    columns["usage_complete"] = pa.array(known & said.flags(semconv.USAGE_COMPLETE, default=True))


def _outcome(columns: Columns) -> pa.Array:
    told = columns["outcome"]
    known = pc.is_in(told, _OUTCOMES)
    return pc.if_else(
        known, told, pc.if_else(_is_null(columns["error_type"]), "completed", "failed")
    )


def _first_chunk(said: Attributes) -> pa.Array:
    seconds = said.doubles(semconv.TIME_TO_FIRST_CHUNK)
    possible = said.has(semconv.TIME_TO_FIRST_CHUNK) & (seconds >= 0) & (seconds < 1e9)
    return _where(possible, np.rint(np.where(possible, seconds, 0.0) * 1e9).astype(np.int64))


def _where(there: Flags, numbers: Ints) -> pa.Array:
    return pa.array(numbers, mask=~there) if there.any() else pa.nulls(len(there), pa.int64())


def _is_null(column: pa.Array) -> Flags:
    return np.asarray(column.is_null().to_numpy(zero_copy_only=False))
