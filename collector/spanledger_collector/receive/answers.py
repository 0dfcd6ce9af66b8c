"""What the receiver answers: the bytes are the same whatever carried the request."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import orjson
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsPartialSuccess,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsPartialSuccess,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)
from starlette.responses import Response

from spanledger_collector.receive.errors import RequestRefused

__all__ = ["JSON", "PROTOBUF", "accepted", "accepted_body", "refused", "status_of"]

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
MAX_MESSAGE = 4000
"""Characters of a message at most: an answer may not be larger than 4 MiB, and a header of gRPC
has to hold it."""

_INVALID_ARGUMENT = 3
_COUNT_FIELDS = {
    "traces": "rejectedSpans",
    "metrics": "rejectedDataPoints",
    "logs": "rejectedLogRecords",
}


def accepted(
    encoding: str, signal: str = "traces", rejected: int = 0, message: str = ""
) -> Response:
    """Answer 200: full success says nothing, partial success counts, a warning has a message."""
    return Response(accepted_body(encoding, signal, rejected, message), media_type=encoding)


def accepted_body(encoding: str, signal: str, rejected: int, message: str) -> bytes:
    """The `Export…ServiceResponse` itself."""
    message = _shortened(message)
    if encoding != JSON:
        return _protobuf(signal, rejected, message)
    partial = {_COUNT_FIELDS[signal]: str(rejected)} if rejected else {}
    if message:
        partial["errorMessage"] = message
    return orjson.dumps({"partialSuccess": partial} if partial else {})


def refused(encoding: str, error: RequestRefused) -> Response:
    """Answer an error with a `google.rpc.Status`."""
    status = status_of(error)
    body = orjson.dumps(_as_json(status)) if encoding == JSON else _bytes(status)
    headers = {} if error.retry_after_s is None else {"retry-after": str(error.retry_after_s)}
    if error.status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["allow"] = "POST"
    return Response(body, status_code=error.status, media_type=encoding, headers=headers)


def status_of(error: RequestRefused) -> Status:
    """An error as `google.rpc.Status`: why it is a bad request, or when to come again."""
    status = Status(code=error.code, message=_shortened(str(error)))
    if error.retry_after_s is not None:
        _attach(status, RetryInfo(retry_delay=Duration(seconds=error.retry_after_s)))
    elif error.code == _INVALID_ARGUMENT:
        violation = BadRequest.FieldViolation(field="request", description=status.message)
        _attach(status, BadRequest(field_violations=[violation]))
    return status


def _attach(status: Status, detail: Message) -> None:
    packed = AnyMessage()
    packed.Pack(detail)
    status.details.append(packed)


def _as_json(status: Status) -> dict[str, Any]:
    return MessageToDict(status)


def _shortened(message: str) -> str:
    return message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 1] + "…"


def _protobuf(signal: str, rejected: int, message: str) -> bytes:
    if not rejected and not message:
        return b""
    if signal == "metrics":
        points = ExportMetricsPartialSuccess(rejected_data_points=rejected, error_message=message)
        return _bytes(ExportMetricsServiceResponse(partial_success=points))
    if signal == "logs":
        records = ExportLogsPartialSuccess(rejected_log_records=rejected, error_message=message)
        return _bytes(ExportLogsServiceResponse(partial_success=records))
    spans = ExportTracePartialSuccess(rejected_spans=rejected, error_message=message)
    return _bytes(ExportTraceServiceResponse(partial_success=spans))


def _bytes(message: Message) -> bytes:
    serialised: bytes = message.SerializeToString()
    return serialised
