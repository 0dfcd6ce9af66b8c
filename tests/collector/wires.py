"""The ways into the collector, all with one face, so that a promise is tested on each of them."""

from __future__ import annotations

import base64
import gzip as gzipping
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import grpc
import httpx2
import orjson
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from spanledger_collector.receive.grpc import SERVICES
from spanledger_collector.server import RunningCollector
from tests.collector.support import JSON, PROTOBUF
from tests.collector.support import request_of as json_request

SIGNALS = ("traces", "metrics", "logs")
WIRES = ("http/protobuf", "http/json", "grpc")
METHODS = {signal: path.decode() for path, signal in SERVICES.items()}
REQUESTS: dict[str, type[Message]] = {
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
    "logs": ExportLogsServiceRequest,
}
RESPONSES: dict[str, type[Message]] = {
    "traces": ExportTraceServiceResponse,
    "metrics": ExportMetricsServiceResponse,
    "logs": ExportLogsServiceResponse,
}
START_NS = 1_790_000_000_000_000_000
_IDS = {"traceId", "spanId", "parentSpanId"}
_HTTP_OF_CODE = {0: 200, 3: 400, 7: 403, 8: 413, 12: 404, 13: 500, 14: 503, 16: 401}


class Reply(NamedTuple):
    """What came back."""

    http: int
    """The status of HTTP, or the one that stands for the code of gRPC."""
    code: int
    """The code of `google.rpc.Status`; 0 for success."""
    raw: bytes
    """The answer's body, as sent."""
    rejected: int
    message: str
    retry_after_s: int | None


class Wire:
    """One transport and encoding, pointed at a collector."""

    def __init__(self, name: str, collector: RunningCollector) -> None:
        self.name = name
        self.collector = collector
        self.http = httpx2.Client(base_url=collector.url, timeout=60)
        options = [("grpc.max_send_message_length", -1), ("grpc.max_metadata_size", 1 << 20)]
        self.channel = grpc.insecure_channel(collector.grpc or "", options)

    def close(self) -> None:
        self.http.close()
        self.channel.close()

    def export(self, signal: str, request: Message, **how: Any) -> Reply:
        """Send a request in this wire's encoding."""
        if self.name == "http/json":
            return self.send(signal, orjson.dumps(as_json(request)), **how)
        return self.send(signal, request.SerializeToString(), **how)

    def send(
        self, signal: str, body: bytes, *, gzip: bool = False, token: str | None = None
    ) -> Reply:
        """Send bytes, whatever they are."""
        if self.name == "grpc":
            return self._by_grpc(METHODS[signal], signal, body, gzip=gzip, token=token)
        headers = {"content-type": JSON if self.name == "http/json" else PROTOBUF}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        if gzip:
            headers["content-encoding"] = "gzip"
            body = gzipping.compress(body, 1)
        answer = self.http.post(f"/v1/{signal}", content=body, headers=headers)
        return _of_http(signal, answer)

    def _by_grpc(
        self, method: str, signal: str, body: bytes, *, gzip: bool, token: str | None
    ) -> Reply:
        call = self.channel.unary_unary(method)
        try:
            raw = call(
                body,
                timeout=60,
                metadata=None if token is None else [("authorization", f"Bearer {token}")],
                compression=grpc.Compression.Gzip if gzip else grpc.Compression.NoCompression,
            )
        except grpc.RpcError as error:
            return _of_error(error)
        return _of_success(signal, RESPONSES[signal].FromString(raw), raw)


@contextmanager
def wired(name: str, collector: RunningCollector) -> Iterator[Wire]:
    wire = Wire(name, collector)
    try:
        yield wire
    finally:
        wire.close()


def _of_http(signal: str, answer: httpx2.Response) -> Reply:
    retry = answer.headers.get("retry-after")
    as_json = answer.headers["content-type"] == JSON
    if answer.status_code != 200:
        status = answer.json() if as_json else _status_of(answer.content)
        return Reply(
            answer.status_code,
            status["code"],
            answer.content,
            0,
            status["message"],
            int(retry) if retry else None,
        )
    if not as_json:
        response = RESPONSES[signal].FromString(answer.content)
        return _of_success(signal, response, answer.content)
    partial = answer.json().get("partialSuccess", {})
    rejected = next((int(partial[name]) for name in partial if name.startswith("rejected")), 0)
    return Reply(200, 0, answer.content, rejected, partial.get("errorMessage", ""), None)


def _of_success(signal: str, response: Any, raw: bytes) -> Reply:
    partial = response.partial_success
    field = {"traces": "spans", "metrics": "data_points", "logs": "log_records"}[signal]
    return Reply(200, 0, raw, getattr(partial, f"rejected_{field}"), partial.error_message, None)


def _of_error(error: Any) -> Reply:
    code = error.code().value[0]
    trailers = dict(error.trailing_metadata())
    raw = trailers.get("grpc-status-details-bin", b"")
    retry = None
    for detail in Status.FromString(raw).details:
        info = RetryInfo()
        if detail.Unpack(info):
            retry = info.retry_delay.seconds
    return Reply(_HTTP_OF_CODE.get(code, 0), code, raw, 0, error.details(), retry)


def _status_of(body: bytes) -> dict[str, Any]:
    status = Status.FromString(body)
    return {"code": status.code, "message": status.message}


def as_json(request: Message) -> dict[str, Any]:
    """A request as OTLP/JSON has it: enums as integers, ids in hex."""
    plain = MessageToDict(request, use_integers_for_enums=True)
    document = _mapped(plain, lambda text: base64.b64decode(text).hex())
    assert isinstance(document, dict)
    return document


def _mapped(value: object, change: Callable[[str], str]) -> object:
    """A document whose ids are written in another way."""
    if isinstance(value, list):
        return [_mapped(each, change) for each in value]
    if isinstance(value, dict):
        return {
            key: change(each) if key in _IDS else _mapped(each, change)
            for key, each in value.items()
        }
    return value


def spans(count: int = 1, *, first: int = 1, **fields: Any) -> ExportTraceServiceRequest:
    """A request of spans that are no calls, each with its own id."""
    request = ExportTraceServiceRequest()
    scope_spans = request.resource_spans.add().scope_spans.add()
    scope_spans.scope.name = "some.library"
    for number in range(first, first + count):
        facts = {
            "trace_id": number.to_bytes(16, "big"),
            "span_id": number.to_bytes(8, "big"),
            "name": "GET /",
            "start_time_unix_nano": START_NS,
            "end_time_unix_nano": START_NS + 10**9,
        }
        scope_spans.spans.add(**(facts | fields))
    return request


def calls_request(*documents: dict[str, Any]) -> ExportTraceServiceRequest:
    """A request of calls, from the documents that `support.call_span` makes."""
    return ParseDict(_base64ed(json_request(documents)), ExportTraceServiceRequest())


def _base64ed(value: object) -> dict[str, Any]:
    turned = _mapped(value, lambda text: base64.b64encode(bytes.fromhex(text)).decode())
    assert isinstance(turned, dict)
    return turned


def request_of(signal: str) -> Message:
    """A small request of any signal."""
    if signal == "traces":
        return spans()
    if signal == "metrics":
        metrics = ExportMetricsServiceRequest()
        metric = metrics.resource_metrics.add().scope_metrics.add().metrics.add(name="some.metric")
        metric.gauge.data_points.add(as_int=1, time_unix_nano=START_NS)
        return metrics
    logs = ExportLogsServiceRequest()
    record = logs.resource_logs.add().scope_logs.add().log_records.add(time_unix_nano=START_NS)
    record.body.string_value = "something happened"
    return logs
