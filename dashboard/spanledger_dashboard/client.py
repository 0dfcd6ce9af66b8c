"""One question to the query API, answered as an Arrow table or as a named problem.

Knows HTTP and Arrow; nothing of Streamlit or of what the questions mean.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from typing import TypeAlias

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
    """Keeps connections to one collector."""

    def __init__(self, source: Source) -> None:
        headers = {"Accept": _ARROW}
        if source.token:
            headers["Authorization"] = f"Bearer {source.token}"
        self._url = source.url
        # Proxies of the environment are for the internet, and the collector is not there.
        # An authority of one's own is named by SSL_CERT_FILE, which OpenSSL reads by itself.
        verify = ssl.create_default_context() if source.url.startswith("https:") else True
        self._http = httpx2.Client(
            base_url=source.url, headers=headers, timeout=_TIMEOUT, trust_env=False, verify=verify
        )

    def ask(self, query: str, params: Params) -> pa.Table:
        """Ask one named query.

        Raises:
            CollectorProblem: Which kind tells what happened.
        """
        try:
            reply = self._http.post(f"/api/v1/query/{query}", json=dict(params))
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol) as error:
            raise CollectorDown(self._url, str(error) or "no connection") from error
        except httpx2.TimeoutException as error:
            raise SlowQuery(self._url, f"no answer to {query} in 35 s") from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise CollectorDown(self._url, str(error) or type(error).__name__) from error
        if reply.status_code != httpx2.codes.OK:
            raise self._refusal(reply)
        return self._table(reply)

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
