"""What a collector's answer means for the batch; pure."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

_OTLP_TYPES = ("application/x-protobuf", "application/json")
_MALFORMED = frozenset({400, 422})
_SUSPICIOUS = frozenset({400, 422, 500})
"""Answers that may be the fault of one batch rather than of the collector's state."""


class Answer(NamedTuple):
    """An HTTP answer; status 0 stands for any failure to get one."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def accepted(self) -> bool:
        """Whether the collector has the data."""
        return 200 <= self.status < 300

    @property
    def too_large(self) -> bool:
        """Whether less at once may pass."""
        return self.status == 413

    @property
    def malformed(self) -> bool:
        """Whether a collector, and no proxy before it, calls the data itself wrong."""
        media_type = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return self.status in _MALFORMED and media_type in _OTLP_TYPES

    @property
    def suspicious(self) -> bool:
        """Whether another batch might fare better."""
        return self.status in _SUSPICIOUS

    def rejected_spans(self, most: int) -> int:
        """How many spans of an accepted request the collector refused."""
        if not self.headers.get("Content-Type", "").startswith(_OTLP_TYPES[0]):
            return 0
        try:
            partial = ExportTraceServiceResponse.FromString(self.body).partial_success
        except DecodeError:
            return 0
        return max(0, min(most, partial.rejected_spans))

    def retry_after(self) -> float | None:
        """The seconds that the collector asks us to wait, given as such or as a date."""
        given = self.headers.get("Retry-After", "").strip()
        if not given:
            return None
        if given.isascii() and given.isdigit():
            return float(given)
        until, now = _instant(given), _instant(self.headers.get("Date", ""))
        # Its own clock says how long that is; ours may be wrong.
        return None if until is None else max(0.0, until - (time.time() if now is None else now))


def _instant(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, TypeError, IndexError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
