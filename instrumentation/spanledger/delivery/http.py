"""Posting one request to the collector; any failure is an answer, too."""

from __future__ import annotations

import requests
from urllib3.exceptions import HTTPError

from .answers import Answer
from .settings import Target

_MAX_ANSWER_BYTES = 4 * 2**20


class Connection:
    """A kept-alive connection, used by one thread."""

    def __init__(self, target: Target, timeout: float) -> None:
        self._target = target
        self._timeout = timeout
        self._session = requests.Session()
        self._session.auth = _as_it_is

    def post(self, body: bytes) -> Answer:
        """Send one request."""
        try:
            with self._session.post(
                self._target.url,
                data=body,
                headers=self._target.headers,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            ) as answer:
                content = answer.raw.read(_MAX_ANSWER_BYTES, decode_content=True)
                return Answer(answer.status_code, answer.headers, content)
        except (requests.RequestException, HTTPError, OSError):
            return Answer(0, {}, b"")


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps a netrc entry for the collector's host from replacing our Authorization header."""
    return request
