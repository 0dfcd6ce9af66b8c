"""One question to the query API, answered as an Arrow table or as a named problem.

Knows HTTP and Arrow; nothing of Streamlit or of what the questions mean.
"""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import httpx2
import pyarrow as pa

from spanledger_dashboard.problems import (
    AccessDenied,
    BadQuery,
    CollectorDown,
    CollectorFailed,
    CollectorProblem,
    SlowQuery,
)
from spanledger_dashboard.settings import Source

__all__ = ["Client", "Params"]

Params: TypeAlias = Mapping[str, str | int | Sequence[str]]

_ARROW = "application/vnd.apache.arrow.stream"
# Longer than the collector's own limit, so that its answer says what was too slow.
_TIMEOUT = httpx2.Timeout(35.0, connect=3.0)


class Client:
    """Keeps connections to one collector, or to one of several that are alike.

    When the one cannot be reached, the next is asked, and stays the one until it is gone, too.
    """

    def __init__(self, source: Source) -> None:
        headers = {"Accept": _ARROW}
        if source.token:
            headers["Authorization"] = f"Bearer {source.token}"
        self._urls = deque((source.url, *source.others))
        # Proxies of the environment are for the internet, and the collector is not there.
        # An authority of one's own is named by SSL_CERT_FILE, which OpenSSL reads by itself.
        verify = (
            ssl.create_default_context()
            if any(url.startswith("https:") for url in self._urls)
            else True
        )
        self._http = httpx2.Client(
            headers=headers, timeout=_TIMEOUT, trust_env=False, verify=verify
        )

    @property
    def _url(self) -> str:
        return self._urls[0]

    def ask(self, query: str, params: Params) -> pa.Table:
        """Ask one named query.

        Raises:
            CollectorProblem: Which kind tells what happened.
        """
        return self._table(self._post(f"/api/v1/query/{query}", params, _TIMEOUT))

    def _post(
        self, path: str, fields: Mapping[str, Any], timeout: httpx2.Timeout
    ) -> httpx2.Response:
        try:
            reply = self._reach(path, fields, timeout)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol) as error:
            raise CollectorDown(", ".join(self._urls), str(error) or "no connection") from error
        except httpx2.TimeoutException as error:
            what = path.removeprefix("/api/v1/").removeprefix("query/")
            raise SlowQuery(self._url, f"no answer to {what} in {timeout.read:.0f} s") from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise CollectorDown(self._url, str(error) or type(error).__name__) from error
        if reply.status_code != httpx2.codes.OK:
            raise self._refusal(reply)
        return reply

    def _reach(
        self, path: str, fields: Mapping[str, Any], timeout: httpx2.Timeout
    ) -> httpx2.Response:
        """Post to the first collector that there is a connection to: nothing is sent twice."""
        fields = dict(fields)
        for _ in range(len(self._urls) - 1):
            url = self._url
            try:
                return self._http.post(f"{url}{path}", json=fields, timeout=timeout)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                if url == self._url:  # else another thread has moved on already
                    self._urls.rotate(-1)
        return self._http.post(f"{self._url}{path}", json=fields, timeout=timeout)

    def tell(
        self, route: str, fields: Mapping[str, Any], *, timeout_s: float | None = None
    ) -> dict[str, Any]:
        """Post to a route of the API that does something, and return what it answers.

        Raises:
            CollectorProblem: Which kind tells what happened.
        """
        timeout = _TIMEOUT if timeout_s is None else httpx2.Timeout(timeout_s, connect=3.0)
        reply = self._post(f"/api/v1/{route}", fields, timeout)
        try:
            answer = reply.json()
        except ValueError as error:
            detail = "the answer is not JSON: is another server at this address?"
            raise CollectorFailed(self._url, detail) from error
        return answer if isinstance(answer, dict) else {}

    def close(self) -> None:
        """Let the connections go."""
        self._http.close()

    def _table(self, reply: httpx2.Response) -> pa.Table:
        try:
            with pa.ipc.open_stream(reply.content) as stream:
                return stream.read_all()
        except (pa.ArrowException, OSError) as error:
            detail = "the answer is not Arrow: is another server at this address?"
            raise CollectorFailed(self._url, detail) from error

    def _refusal(self, reply: httpx2.Response) -> CollectorProblem:
        detail = f"HTTP {reply.status_code}: {_detail(reply)}"
        if reply.status_code in {401, 403}:
            return AccessDenied(self._url, detail)
        if reply.status_code in {400, 404, 422}:
            return BadQuery(self._url, detail)
        if reply.status_code in {408, 504}:
            return SlowQuery(self._url, detail)
        return CollectorFailed(self._url, detail)


def _detail(reply: httpx2.Response) -> str:
    try:
        problem = reply.json()
    except ValueError:
        return reply.reason_phrase
    told = problem.get("detail") or problem.get("title") if isinstance(problem, dict) else None
    return str(told or reply.reason_phrase)
