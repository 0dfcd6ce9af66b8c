"""Checks of the running parts: collector, token, the way in for spans, clock, dashboard."""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import httpx2 as httpx

from spanledger.endpoint import address
from spanledger_collector.cli.findings import Finding, failure, ok, warning
from spanledger_collector.cli.trust import authority_file, trusted
from spanledger_collector.settings import Settings

TEST_SPAN = "spanledger doctor"

_TIMEOUT_S = 5.0
_SKEW_S = 5.0
_START = "Start it: spanledger up"


class RunningParts:
    """What answers where the settings point; asked once, then reported."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        secret = settings.collector.token
        self._headers = {"authorization": f"Bearer {secret.get_secret_value()}"} if secret else {}
        self._collector = settings.collector_url
        self._health = self._get(f"{self._collector}/healthz")
        self._dashboard = self._get(f"{settings.dashboard.url}/_stcore/health")

    @property
    def answering(self) -> dict[str, bool]:
        """Whether each part answers its health check."""
        return {"collector": _succeeded(self._health), "dashboard": _succeeded(self._dashboard)}

    def findings(self) -> Iterator[Finding]:
        """The report, in the order in which to mend."""
        yield from self._check_collector()
        yield self._check_dashboard()
        yield from self._check_service()

    def _check_collector(self) -> Iterator[Finding]:
        if not _succeeded(self._health):
            yield failure("Collector", f"{self._collector} {_why(self._health)}", _START)
            return
        yield ok("Collector", f"answers at {self._collector}")
        ready = self._get(f"{self._collector}/readyz")
        if not _succeeded(ready):
            cure = "Read its log: most often the disk is full or the data folder not writable."
            yield failure("Ready", f"it cannot commit: /readyz {_why(ready)}", cure)
        else:
            yield ok("Ready", "it can commit")
        yield from self._check_clock()
        yield from self._check_way_in()

    def _check_clock(self) -> Iterator[Finding]:
        date = self._health.headers.get("date") if self._health else None
        if not date:
            return
        skew = abs((dt.datetime.now(dt.timezone.utc) - parsedate_to_datetime(date)).total_seconds())
        if skew > _SKEW_S:
            cure = "Synchronise the clocks (NTP): calls land in the wrong hour or day otherwise."
            yield warning("Clock", f"differs from the collector's by {skew:.0f} s", cure)
        else:
            yield ok("Clock", "agrees with the collector's")

    def _check_way_in(self) -> Iterator[Finding]:
        answer = self._get(f"{self._collector}/api/v1/queries")
        if answer is not None and answer.status_code == httpx.codes.UNAUTHORIZED:
            cure = "Set SPANLEDGER_COLLECTOR__TOKEN here to the token the collector runs with."
            yield failure("Token", "the collector refuses it", cure)
            return
        yield ok("Token", "accepted" if self._headers else "none wanted")
        if _export_test_span(self._collector, self._headers):
            yield ok("Test span", "exported over OTLP/HTTP and accepted")
        else:
            cure = "Read the collector's log; a proxy in between may block POST /v1/traces."
            yield failure("Test span", "was not accepted at /v1/traces", cure)

    def _check_dashboard(self) -> Finding:
        url = self._settings.dashboard.url
        if _succeeded(self._dashboard):
            return ok("Dashboard", f"answers at {url}")
        detail = f"{url} {_why(self._dashboard)}"
        return warning("Dashboard", detail, "Start it: spanledger up, or spanledger dashboard")

    def _check_service(self) -> Iterator[Finding]:
        """Where a service with this environment would send its calls."""
        if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
            cure = "Unset OTEL_SDK_DISABLED where the service starts."
            yield warning("Services here", "send nothing: OTEL_SDK_DISABLED is set", cure)
        endpoint = os.environ.get("SPANLEDGER_ENDPOINT")
        if not endpoint:
            return
        url = address(endpoint)
        token = os.environ.get("SPANLEDGER_TOKEN")
        headers = {"authorization": f"Bearer {token}"} if token else {}
        if _export_test_span(url, headers):
            yield ok("Services here", f"reach {url}, as SPANLEDGER_ENDPOINT says")
        else:
            cure = "Set SPANLEDGER_ENDPOINT to the collector's address for OTLP over HTTP"
            cure += f" ({self._collector}?) and SPANLEDGER_TOKEN to its token, if it has one."
            detail = f"cannot deliver to {url}, which SPANLEDGER_ENDPOINT names"
            yield failure("Services here", detail, cure)

    def _get(self, url: str) -> httpx.Response | None:
        try:
            return httpx.get(
                url,
                headers=self._headers,
                timeout=_TIMEOUT_S,
                trust_env=False,
                verify=trusted(url),
            )
        except httpx.HTTPError:
            return None


def _export_test_span(collector: str, headers: dict[str, str]) -> bool:
    """Send one span that is no API call, by the exporter that services use."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import SpanExportResult

    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    provider = TracerProvider(
        shutdown_on_exit=False, resource=Resource({"service.name": TEST_SPAN})
    )
    span = provider.get_tracer(TEST_SPAN).start_span(TEST_SPAN)
    span.end()
    exporter = OTLPSpanExporter(
        f"{collector}/v1/traces",
        certificate_file=authority_file(),
        headers=headers,
        timeout=_TIMEOUT_S,
    )
    try:
        return isinstance(span, ReadableSpan) and (
            exporter.export([span]) is SpanExportResult.SUCCESS
        )
    finally:
        exporter.shutdown()  # type: ignore[no-untyped-call]  # not annotated there


def _succeeded(answer: httpx.Response | None) -> bool:
    return answer is not None and answer.is_success


def _why(answer: httpx.Response | None) -> str:
    return "does not answer" if answer is None else f"answers HTTP {answer.status_code}"
