"""Picodollars as columns of DECIMAL(18, 12)."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from spanledger_collector.columnar.arrays import Flags, Ints

__all__ = ["money"]

_TYPE = pa.decimal128(18, 12)


def money(amounts: Ints, known: Flags) -> pa.Array:
    """The format's 16-byte integers; amounts are not negative, so the upper half is zero."""
    wide = np.zeros((len(amounts), 2), np.int64)
    wide[:, 0] = amounts
    mask = pa.array(known).buffers()[1]
    return pa.Array.from_buffers(_TYPE, len(amounts), [mask, pa.py_buffer(wide)])
