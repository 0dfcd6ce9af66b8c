"""OTLP/HTTP to the letter: encodings, limits and answers, over real sockets."""

from __future__ import annotations

import gzip
import select
import socket
import zlib
from pathlib import Path

import orjson
import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from spanledger import semconv
from spanledger_collector.server import running_collector
from tests.collector.support import (
    JSON,
    PROTOBUF,
    Client,
    Document,
    call_span,
    request_of,
    settings_for,
)


def protobuf_request(count: int = 1, trace_id: bytes = b"t" * 16) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    scope_spans = request.resource_spans.add().scope_spans.add()
    scope_spans.scope.name = "some.library"
    for number in range(count):
        scope_spans.spans.add(
            trace_id=trace_id,
            span_id=(number + 1).to_bytes(8, "big"),
            name="GET /",
            start_time_unix_nano=1_790_000_000_000_000_000,
            end_time_unix_nano=1_790_000_001_000_000_000,
        )
    return request


def test_protobuf_success_is_an_empty_message(client: Client) -> None:
    """Full success in protobuf is 200 with no bytes, and the spans are stored."""
    answer = client.post(protobuf_request(3).SerializeToString(), PROTOBUF)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == PROTOBUF
    assert answer.content == b""
    assert client.health()["spans"] == 3


def test_json_success_is_an_empty_object(client: Client) -> None:
    """Full success in JSON is `{}`."""
    answer = client.post(orjson.dumps(request_of([call_span("msg_1")])))

    assert answer.status_code == 200
    assert answer.headers["content-type"] == JSON
    assert answer.json() == {}
    assert client.health()["calls"] == 1


@pytest.mark.parametrize(
    "content_type", [JSON, "application/json; charset=utf-8", "APPLICATION/JSON"]
)
@pytest.mark.parametrize("compressed", [False, True])
def test_content_type_and_gzip_spellings(
    client: Client, content_type: str, *, compressed: bool
) -> None:
    """Content types are compared without case and parameters; gzip is undone."""
    body = orjson.dumps(request_of([call_span("msg_1")]))
    headers = {"content_encoding": "gzip"} if compressed else {}
    answer = client.post(gzip.compress(body) if compressed else body, content_type, **headers)

    assert answer.status_code == 200
    assert client.health()["calls"] == 1


def test_gzip_of_several_members(client: Client) -> None:
    """A gzip body of several members is one body."""
    body = orjson.dumps(request_of([call_span("msg_1")]))
    answer = client.post(
        gzip.compress(body[:50]) + gzip.compress(body[50:]), content_encoding="gzip"
    )

    assert answer.status_code == 200
    assert client.health()["calls"] == 1


@pytest.mark.parametrize(("body", "content_type"), [(b"", PROTOBUF), (b"", JSON), (b"{}", JSON)])
def test_an_empty_request_succeeds(shared: Client, body: bytes, content_type: str) -> None:
    """A request without a span is a success like any other."""
    assert shared.post(body, content_type).status_code == 200


def test_empty_envelopes_succeed(shared: Client) -> None:
    """Resources without scopes, and scopes without spans, are tolerated."""
    body = orjson.dumps({"resourceSpans": [{}, {"scopeSpans": [{}, {"spans": []}]}]})

    assert shared.post(body).json() == {}


@pytest.mark.parametrize(
    ("body", "content_type", "encoding"),
    [
        (b"\xff\xff\xff", PROTOBUF, ""),
        (protobuf_request().SerializeToString()[:-3], PROTOBUF, ""),
        (b"{", JSON, ""),
        (b"[]", JSON, ""),
        (b'{"resourceSpans": 5}', JSON, ""),
        (b'{"resourceSpans": {}}', JSON, ""),
        (b'{"a": NaN}', JSON, ""),
        (b'{"a": "\\ud800", "b": NaN}', JSON, ""),
        (b"[" * 100_000, JSON, ""),
        (b"{}", JSON, "gzip"),
        pytest.param(gzip.compress(b"{}")[:-4], JSON, "gzip", id="gzip cut short"),
        pytest.param(gzip.compress(gzip.compress(b"{}")), JSON, "gzip", id="gzip twice"),
    ],
)
def test_a_malformed_body_is_refused(
    shared: Client, body: bytes, content_type: str, encoding: str
) -> None:
    """A body that is not what its headers promise is 400 with a Status in its own encoding."""
    headers = {"content_encoding": encoding} if encoding else {}
    answer = shared.post(body, content_type, **headers)

    assert answer.status_code == 400
    assert answer.headers["content-type"] == content_type
    if content_type == PROTOBUF:
        status = Status.FromString(answer.content)
        assert (status.code, bool(status.message)) == (3, True)
    else:
        assert answer.json()["code"] == 3
    assert "retry-after" not in answer.headers


def test_json_leniency_that_the_protocol_asks_for(client: Client) -> None:
    """Upper-case ids, integers as numbers, unknown fields and snake_case are all accepted."""
    span = call_span("msg_1", futureField={"a": 1}, start_time_unix_nano="17")
    span["traceId"] = span["traceId"].upper()
    span["startTimeUnixNano"] = int(span["startTimeUnixNano"])
    span["attributes"] += [
        {"key": semconv.HTTP_STATUS, "value": {"intValue": 200}, "x": 1},
        {"key": "empty", "value": {}},
    ]
    client.send(span)
    [row] = client.query("latest_calls")

    assert row["trace_id"] == span["traceId"].lower()
    assert row["span_id"] == span["spanId"]
    assert row["cost_usd"] == "0.004500000000"


def test_bad_ids_are_rejected_by_count(client: Client) -> None:
    """A span with a bad id is rejected by count; the good one beside it lands."""
    answer = client.send(
        call_span("msg_1"),
        call_span("msg_2", traceId="00" * 16),
        call_span("msg_3", spanId="abc"),
        call_span("msg_4", traceId="zz" * 16),
        call_span("msg_5", parentSpanId="12"),
    )

    assert answer["partialSuccess"]["rejectedSpans"] == "4"
    assert "bad_trace_id: 2" in answer["partialSuccess"]["errorMessage"]
    assert client.health().items() >= {"calls": 1, "quarantined": 4}.items()


def test_bad_ids_are_rejected_in_protobuf(client: Client) -> None:
    """The protobuf runtime takes ids of any length; the collector does not."""
    answer = client.post(protobuf_request(2, b"abc").SerializeToString(), PROTOBUF)

    partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert answer.status_code == 200
    assert partial.rejected_spans == 2


METRICS: Document = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [
    {"name": "another", "gauge": {"dataPoints": [{"asInt": 1}]}}]}]}]}  # fmt: skip
LOGS: Document = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"eventName": "another"}]}]}]}


@pytest.mark.parametrize(("signal", "document"), [("metrics", METRICS), ("logs", LOGS)])
def test_what_is_not_kept_is_accepted_with_a_warning(
    shared: Client, signal: str, document: Document
) -> None:
    """Other metrics and logs get 200, nothing rejected, and a message that they are not kept."""
    answer = shared.post(orjson.dumps(document), path=f"/v1/{signal}")
    empty = shared.post(b"{}", path=f"/v1/{signal}")
    broken = shared.post(b"\xff", PROTOBUF, path=f"/v1/{signal}")

    assert answer.status_code == 200
    assert answer.json()["partialSuccess"]["errorMessage"].endswith("not kept: another: 1")
    assert "rejected" not in answer.text
    assert empty.json() == {}
    assert broken.status_code == 400


def test_the_warning_in_protobuf(shared: Client) -> None:
    """The warning is written in the request's encoding."""
    request = ExportLogsServiceRequest()
    request.resource_logs.add().scope_logs.add().log_records.add()
    answer = shared.post(request.SerializeToString(), PROTOBUF, path="/v1/logs")

    partial = ExportLogsServiceResponse.FromString(answer.content).partial_success
    assert (partial.rejected_log_records, "not kept" in partial.error_message) == (0, True)


@pytest.mark.parametrize("content_type", ["text/plain", "", "application/grpc"])
def test_another_content_type_is_refused(shared: Client, content_type: str) -> None:
    """What is neither protobuf nor JSON is 415."""
    assert shared.post(b"{}", content_type).status_code == 415


def test_another_encoding_is_refused(shared: Client) -> None:
    """Only gzip and identity are undone."""
    assert shared.post(b"{}", content_encoding="zstd").status_code == 415
    assert shared.post(b"{}", content_encoding="identity").status_code == 200


def test_wrong_method_and_path(shared: Client) -> None:
    """Another method is 405; a path that is not there, profiles among them, is 404."""
    assert shared.http.get("/v1/traces").status_code == 405
    assert shared.http.put("/v1/traces", content=b"").status_code == 405
    assert shared.post(b"{}", path="/v1development/profiles").status_code == 404
    assert shared.post(b"{}", path="/v1/traces/x").status_code == 404


def test_body_limits_before_and_after_decompression(tmp_path: Path) -> None:
    """A body over the limit is 413 without Retry-After, as sent and unpacked; at it, it passes."""
    with running_collector(settings_for(tmp_path, max_body_bytes=4096)) as collector:
        client = Client(collector.url)
        padding = b" " * (4096 - len(b"{}"))
        exact = client.post(b"{}" + padding)
        over = client.post(b"{}" + padding + b" ")
        chunked = client.http.post(
            "/v1/traces", content=iter([b" " * 4000] * 2), headers={"content-type": JSON}
        )
        bomb = client.post(gzip.compress(b" " * 50_000), content_encoding="gzip")
        client.close()

    assert exact.status_code == 200
    for answer in (over, chunked, bomb):
        assert answer.status_code == 413
        assert "retry-after" not in answer.headers
        assert answer.json()["code"] == 8


def test_a_gzip_bomb_is_stopped_early(shared: Client) -> None:
    """A megabyte that unpacks to a gigabyte is refused once it passes the limit."""
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(1 << 20)
    bomb = b"".join(packer.compress(zeros) for _ in range(1024)) + packer.flush()
    answer = shared.post(bomb, content_encoding="gzip")

    assert answer.status_code == 413
    assert shared.http.get("/readyz").status_code == 200


def test_a_body_beyond_the_byte_budget(tmp_path: Path) -> None:
    """A body that the budget of bytes in flight would never hold is 413, with what to do."""
    with running_collector(settings_for(tmp_path, max_inflight_bytes=1000)) as collector:
        client = Client(collector.url)
        over = client.post(b" " * 2000)
        within = client.post(b"{}")
        client.close()

    assert over.status_code == 413
    assert "retry-after" not in over.headers
    assert "Export smaller batches" in over.json()["message"]
    assert within.status_code == 200


def test_large_headers_are_refused(shared: Client) -> None:
    """Headers over 16 KiB together are 431."""
    answer = shared.http.get("/healthz", headers={f"x-{i}": "a" * 1000 for i in range(17)})

    assert answer.status_code == 431
    assert shared.http.get("/healthz").status_code == 200


def test_no_cors(shared: Client) -> None:
    """No other site's page may read the ledger: there are no CORS headers, and no preflight."""
    headers = {"origin": "https://evil.example", "access-control-request-method": "GET"}
    preflight = shared.http.options("/api/v1/query/health", headers=headers)
    plain = shared.http.get("/api/v1/query/health", headers=headers)

    assert preflight.status_code == 405
    assert not [name for name in plain.headers if name.startswith("access-control")]


def test_protobuf_nesting_is_bounded(shared: Client) -> None:
    """A value nested deeper than the decoder goes is a malformed body."""
    request = protobuf_request()
    value = request.resource_spans[0].scope_spans[0].spans[0].attributes.add(key="deep").value
    for _ in range(200):
        value = value.array_value.values.add()
    value.int_value = 1

    assert shared.post(request.SerializeToString(), PROTOBUF).status_code == 400


def test_a_good_request_passes_stalled_ones(shared: Client) -> None:
    """Connections that stall within headers or body hold nobody up."""
    host, _, port = str(shared.http.base_url).removeprefix("http://").strip("/").partition(":")
    beginnings = [
        b"POST /v1/traces HTTP/1.1\r\nHost: x\r\n",
        b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 1000\r\n\r\n{",
    ]
    stalled = [socket.create_connection((host, int(port))) for _ in range(200)]
    for number, connection in enumerate(stalled):
        connection.sendall(beginnings[number % 2])
    answer = shared.post(b"{}")
    waiting, _, _ = select.select(stalled, (), (), 0)  # readable: answered or hung up on
    for connection in stalled:
        connection.close()

    assert answer.status_code == 200
    assert len(waiting) < len(stalled)  # it gives up on them after fifteen seconds and more
