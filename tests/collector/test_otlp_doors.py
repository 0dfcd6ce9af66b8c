"""OTLP's checklist, points 26 to 30: tokens, other sites, TLS, addresses, the end."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import httpx2
import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from spanledger_collector.server import RunningCollector, TlsError, running_collector
from spanledger_collector.settings import CollectorSettings
from tests.collector.certificates import Authority, Pair
from tests.collector.processes import started
from tests.collector.support import Client, settings_for
from tests.collector.wires import METHODS, SIGNALS, WIRES, request_of, spans, wired

TOKEN = "correct-horse"


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCollector]:
    """A collector that wants a token."""
    with running_collector(settings_for(tmp_path_factory.mktemp("l"), token=TOKEN)) as collector:
        yield collector


@pytest.mark.parametrize("name", WIRES)
@pytest.mark.parametrize("signal_name", SIGNALS)
def test_otlp_26_every_way_in_wants_the_token(
    locked: RunningCollector, name: str, signal_name: str
) -> None:
    """Without the token or with another one it is 401 or UNAUTHENTICATED, which nobody retries."""
    with wired(name, locked) as wire:
        request = request_of(signal_name)
        replies = [wire.export(signal_name, request, token=token) for token in (None, "x", TOKEN)]

    assert [reply.http for reply in replies] == [401, 401, 200]
    assert [reply.code for reply in replies] == [16, 16, 0]
    assert {reply.retry_after_s for reply in replies} == {None}


@pytest.mark.parametrize("transport", ["http", "grpc"])
def test_otlp_26_the_exporters_own_variable(
    locked: RunningCollector, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token comes through OTEL_EXPORTER_OTLP_HEADERS, where its space is written %20."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"Authorization=Bearer%20{TOKEN}")
    exporter: SpanExporter = (
        HttpExporter(f"{locked.url}/v1/traces")
        if transport == "http"
        else GrpcExporter(f"http://{locked.grpc}")
    )
    span = TracerProvider(shutdown_on_exit=False).get_tracer("t").start_span("s")
    span.end()
    assert isinstance(span, ReadableSpan)
    result = exporter.export([span])
    exporter.shutdown()

    assert result is SpanExportResult.SUCCESS


def test_otlp_27_no_other_site_may_read(collector: RunningCollector) -> None:
    """CORS is off: a preflight is refused and no answer has a header that lets a site read it."""
    asked = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    with httpx2.Client(base_url=collector.url, headers=asked) as http:
        answers = [
            http.request(method, path)
            for method, path in (
                ("OPTIONS", "/v1/traces"),
                ("OPTIONS", "/api/v1/query/health"),
                ("GET", "/api/v1/query/health"),
                ("GET", "/metrics"),
            )
        ]

    assert [answer.status_code for answer in answers] == [405, 405, 200, 200]
    names = {name for answer in answers for name in answer.headers}
    assert not [name for name in names if name.startswith("access-control")]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs the certificates that are good."""
    return Authority(tmp_path_factory.mktemp("good"), "good")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs certificates that nobody knows."""
    return Authority(tmp_path_factory.mktemp("bad"), "bad")


@pytest.fixture(scope="module")
def mutual(
    authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningCollector]:
    """A collector that speaks TLS with those alone who have a certificate."""
    pair = authority.issue("server")
    settings = settings_for(
        tmp_path_factory.mktemp("mutual"),
        tls_cert=pair.cert,
        tls_key=pair.key,
        tls_client_ca=authority.cert,
    )
    with running_collector(settings) as collector:
        yield collector


def reaches(collector: RunningCollector, trusted: Path, pair: Pair | None) -> tuple[bool, bool]:
    """Whether a client with these files gets through, by HTTP and by gRPC."""
    context = ssl.create_default_context(cafile=str(trusted))
    if pair is not None:
        context.load_cert_chain(pair.cert, pair.key)
    with httpx2.Client(verify=context, timeout=60) as http:
        try:
            by_http = http.get(f"{collector.url}/healthz").status_code == 200
        except httpx2.TransportError:
            by_http = False
    credentials = grpc.ssl_channel_credentials(
        trusted.read_bytes(),
        None if pair is None else pair.key.read_bytes(),
        None if pair is None else pair.cert.read_bytes(),
    )
    with grpc.secure_channel(collector.grpc or "", credentials) as channel:
        try:
            by_grpc = bool(channel.unary_unary(METHODS["traces"])(b"", timeout=60) == b"")
        except grpc.RpcError:
            by_grpc = False
    return by_http, by_grpc


def test_otlp_28_client_certificates(
    mutual: RunningCollector, authority: Authority, stranger: Authority
) -> None:
    """A certificate of the right authority opens both ports; no other one, no old one, none."""
    good, old = authority.issue("client"), authority.issue("old", expired=True)
    foreign = stranger.issue("client")

    assert mutual.url.startswith("https://")
    assert reaches(mutual, authority.cert, good) == (True, True)
    assert reaches(mutual, authority.cert, None) == (False, False)
    assert reaches(mutual, authority.cert, old) == (False, False)
    assert reaches(mutual, authority.cert, foreign) == (False, False)
    assert reaches(mutual, stranger.cert, good) == (False, False)


@pytest.mark.parametrize("wrong", ["expired", "foreign"])
def test_otlp_28_clients_refuse_a_bad_server(
    tmp_path: Path, authority: Authority, stranger: Authority, wrong: str
) -> None:
    """A collector with an expired certificate, or one of an unknown authority, is not believed."""
    pair = authority.issue("x", expired=True) if wrong == "expired" else stranger.issue("x")
    settings = settings_for(tmp_path, tls_cert=pair.cert, tls_key=pair.key)
    with running_collector(settings) as collector:
        assert reaches(collector, authority.cert, None) == (False, False)


def test_otlp_28_no_clear_text_beside_tls(mutual: RunningCollector) -> None:
    """A port that speaks TLS speaks nothing else."""
    with pytest.raises(httpx2.TransportError):
        httpx2.get(mutual.url.replace("https", "http") + "/healthz", timeout=60)


@pytest.mark.parametrize("broken", ["absent", "not PEM", "other key"])
def test_otlp_28_unusable_certificate_files(
    tmp_path: Path, authority: Authority, broken: str
) -> None:
    """A certificate that cannot be used stops the start, with its name; no data folder is made."""
    pair, other = authority.issue("a"), authority.issue("b")
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("no certificate")
    files = {
        "absent": (tmp_path / "absent.pem", pair.key),
        "not PEM": (nonsense, pair.key),
        "other key": (pair.cert, other.key),
    }
    cert, key = files[broken]
    settings = settings_for(tmp_path / "data", tls_cert=cert, tls_key=key)
    with pytest.raises(TlsError, match=str(cert)), running_collector(settings):
        pass

    assert not (tmp_path / "data").exists()


def test_otlp_29_this_machine_only() -> None:
    """By default both ports are open to this machine alone."""
    settings = CollectorSettings()

    assert (settings.host, settings.port, settings.grpc_asked) == ("127.0.0.1", 4318, 4317)


def test_otlp_30_what_grpc_acknowledged_is_there(tmp_path: Path) -> None:
    """SIGTERM amid gRPC exports: it exits with 0, and every span that was acknowledged is kept."""
    acknowledged: list[int] = []
    refused: list[grpc.StatusCode] = []
    with started(tmp_path) as collector_process:

        def send() -> None:
            with grpc.insecure_channel(collector_process.running.grpc or "") as channel:
                export = channel.unary_unary(METHODS["traces"])
                for number in range(1, 100_000):
                    try:
                        export(spans(1, first=number).SerializeToString(), timeout=60)
                    except grpc.RpcError as error:
                        refused.append(error.code())
                        return
                    acknowledged.append(number)

        thread = threading.Thread(target=send)
        thread.start()
        while len(acknowledged) < 20:
            thread.join(0.01)
        code = collector_process.end()
        thread.join()
    with running_collector(settings_for(tmp_path)) as collector:
        client = Client(collector.url)
        stored = client.health()["spans"]
        client.close()

    assert code == 0
    assert refused == [grpc.StatusCode.UNAVAILABLE]
    assert stored >= len(acknowledged)
