"""The command line's side of the query API: one call, and its errors in one paragraph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import httpx2 as httpx

from spanledger.endpoint import address
from spanledger_collector.cli.trust import trusted
from spanledger_collector.settings import Settings

_TIMEOUT_S = 60.0
_HEALTH_TIMEOUT_S = 5.0


class ApiError(Exception):
    """The collector did not answer as asked; the message is one paragraph."""


class Unreachable(ApiError):
    """Nobody listens at the collector's address."""


class WrongRequest(ApiError):
    """The collector understood the question and refused it."""


@contextmanager
def client(
    settings: Settings,
    url: str | None = None,
    token: str | None = None,
    timeout_s: float = _TIMEOUT_S,
) -> Iterator[Api]:
    """A client for the collector of these settings, or for another at `url`."""
    secret = settings.collector.token
    token = token or (secret.get_secret_value() if secret else None)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    base = _one_that_answers(url or settings.collector_urls)
    with httpx.Client(
        base_url=base,
        headers=headers,
        timeout=timeout_s,
        trust_env=False,
        verify=trusted(base),
    ) as http:
        yield Api(http)


def _one_that_answers(urls: str) -> str:
    """The only collector, or the first of a lake's that answers; the first if none does."""
    addresses = [address(url) for url in urls.split(",")]
    if len(addresses) == 1:
        return addresses[0]
    return next(filter(_answers, addresses), addresses[0])


def _answers(url: str) -> bool:
    try:
        health = httpx.get(
            f"{url}/healthz", timeout=_HEALTH_TIMEOUT_S, trust_env=False, verify=trusted(url)
        )
    except httpx.HTTPError:
        return False
    return health.is_success


class Api:
    """The collector's routes by name."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    @property
    def url(self) -> str:
        """The collector's address."""
        return str(self._http.base_url).rstrip("/")

    def query(
        self, name: str, parameters: Mapping[str, Sequence[str]], accept: str
    ) -> httpx.Response:
        """Ask a named query; the answer is in the format of `accept`."""
        return self.get(f"/api/v1/query/{name}", parameters, accept)

    def queries(self) -> list[dict[str, Any]]:
        """All queries with their parameters."""
        found: list[dict[str, Any]] = self.get("/api/v1/queries").json()["queries"]
        return found

    def get(
        self,
        path: str,
        parameters: Mapping[str, Sequence[str]] | None = None,
        accept: str = "application/json",
    ) -> httpx.Response:
        """Get a route; ApiError unless it succeeds."""
        return self._send("GET", path, params=parameters, headers={"accept": accept})

    def reprice(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Have history priced anew, or see what that would change."""
        answer: dict[str, Any] = self._send("POST", "/api/v1/prices/reprice", json=wanted).json()
        return answer

    def post(self, path: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Post to a route; ApiError unless it succeeds."""
        answer: dict[str, Any] = self._send("POST", path, json=fields).json()
        return answer

    @contextmanager
    def streamed(
        self, method: str, path: str, parameters: Mapping[str, Sequence[str]] | None = None
    ) -> Iterator[httpx.Response]:
        """Get an answer of any length piece by piece; ApiError unless it comes whole."""
        try:
            with self._http.stream(method, path, params=parameters) as answer:
                if not answer.is_success:
                    answer.read()
                    raise self._refused(answer)
                yield answer
        except httpx.ConnectError as error:
            raise Unreachable(self._unreachable(error)) from error
        except httpx.HTTPError as error:
            raise ApiError(f"The answer of the collector broke off ({error}).") from error

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **request)
        except httpx.ConnectError as error:
            raise Unreachable(self._unreachable(error)) from error
        except httpx.HTTPError as error:
            raise ApiError(self._unreachable(error)) from error
        if not answer.is_success:
            raise self._refused(answer)
        if answer.headers.get("content-type", "").startswith("text/html"):
            raise ApiError(
                f"What answers at {self.url} is no SpanLedger collector but serves web pages;"
                " perhaps it is the dashboard. Name the collector with --url or"
                " dashboard.collector_url."
            )
        return answer

    def _refused(self, answer: httpx.Response) -> ApiError:
        kind = WrongRequest if 400 <= answer.status_code < 500 else ApiError
        return kind(_problem(answer))

    def _unreachable(self, error: httpx.HTTPError) -> str:
        reason = "it took too long" if isinstance(error, httpx.TimeoutException) else str(error)
        return (
            f"The collector at {self.url} does not answer ({reason}). Start it with"
            " `spanledger up`, or name another with --url or dashboard.collector_url."
        )


def _problem(answer: httpx.Response) -> str:
    if answer.status_code == 401:
        return (
            "The collector wants a token, and this was none or not the right one. Set"
            " SPANLEDGER_COLLECTOR__TOKEN or pass --token."
        )
    try:
        said = str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        said = f"The answer from {answer.url.path} is no answer of a SpanLedger collector."
    return f"{said} (HTTP {answer.status_code})"
