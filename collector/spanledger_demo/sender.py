"""Sends export requests to a collector over OTLP/HTTP: gzip, a few in flight, retried when told."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Final

import httpx2
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

_RETRYABLE: Final = frozenset({429, 502, 503, 504})
_PATIENCE_S: Final = 60.0
_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 5.0


class DeliveryError(RuntimeError):
    """The collector did not take an export request."""


class Sender:
    """Sends requests from a few threads; leaving the context waits for all of them."""

    def __init__(self, collector_url: str, token: str | None, *, in_flight: int = 4) -> None:
        headers = {"content-type": "application/x-protobuf", "content-encoding": "gzip"}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        # A proxy of the environment has no business between the demo and its own collector.
        self._client = httpx2.Client(
            base_url=collector_url, headers=headers, timeout=30.0, trust_env=False
        )
        self._in_flight = in_flight

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def send_all(self, requests: Iterable[ExportTraceServiceRequest]) -> Iterable[int]:
        """Send requests as they come and tell, one by one, how many spans each delivered.

        Raises:
            DeliveryError: the collector refused one, or could not be reached for a minute.
        """
        with ThreadPoolExecutor(self._in_flight, thread_name_prefix="sender") as pool:
            pending: set[Future[int]] = set()
            for request in requests:
                pending.add(pool.submit(self._send, request))
                if len(pending) >= self._in_flight:
                    done, pending = wait(pending, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            yield from (future.result() for future in pending)

    def _send(self, request: ExportTraceServiceRequest) -> int:
        body = gzip.compress(request.SerializeToString(), 1)
        give_up_at = time.monotonic() + _PATIENCE_S
        pause_s = _FIRST_PAUSE_S
        while True:
            response = self._post(body, last=time.monotonic() >= give_up_at)
            if response is not None:
                return _delivered(request, response)
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _post(self, body: bytes, *, last: bool) -> httpx2.Response | None:
        """Post once; None means that it is worth trying again."""
        try:
            response = self._client.post("/v1/traces", content=body)
        except httpx2.TransportError as error:
            if last:
                url = self._client.base_url
                raise DeliveryError(f"The collector at {url} cannot be reached: {error}") from error
            return None
        if response.status_code in _RETRYABLE and not last:
            time.sleep(_asked_pause_s(response))
            return None
        return response


def _asked_pause_s(response: httpx2.Response) -> float:
    text = response.headers.get("retry-after", "")
    return min(float(text), _LONGEST_PAUSE_S) if text.isdecimal() else 0.0


def _delivered(request: ExportTraceServiceRequest, response: httpx2.Response) -> int:
    if response.status_code != 200:
        said = response.content[:300].decode("utf-8", "replace")
        raise DeliveryError(f"The collector answered {response.status_code} to spans: {said}")
    answer = ExportTraceServiceResponse.FromString(response.content)
    if answer.partial_success.rejected_spans:
        raise DeliveryError(f"The collector rejected spans: {answer.partial_success}")
    return sum(len(scope.spans) for group in request.resource_spans for scope in group.scope_spans)
