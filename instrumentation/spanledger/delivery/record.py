"""What waits and travels: a serialised request."""

from __future__ import annotations

from typing import NamedTuple


class Record(NamedTuple):
    """An OTLP export request, gzipped, and how many spans it holds."""

    body: bytes
    spans: int
