"""One API call: from its start to its end, which happens exactly once, whoever sees it first.

Knows neither patching nor prices. Every method may be called from any thread or task.
"""

from __future__ import annotations

import threading
import time
from asyncio import CancelledError
from collections.abc import Mapping
from typing import Literal, Protocol

from opentelemetry.context import Context

from ._guard import guard
from .account import Account, Outcome
from .batches import BatchResults, note_batch
from .bodies import events_in, message_in
from .errors import error_type, may_have_arrived, retries_before


class Recorder(Protocol):
    """Takes the account of a call that is over, once, and makes a span of it."""

    def __call__(self, account: Account) -> None:
        """Record the call; never raises."""


class Call:
    """A call in flight. It holds no reference to the response, so that nothing keeps that alive."""

    __slots__ = (
        "_boring",
        "_ended",
        "_lock",
        "_record",
        "account",
        "body",
        "body_open",
        "current",
        "events_watched",
        "pulling",
        "replaces_native",
        "results",
    )

    def __init__(self, account: Account, record: Recorder) -> None:
        self.account = account
        self.current: Context | None = None
        """With our span as the current one, while the SDK is at work; None to leave that alone."""
        self.replaces_native = False
        """Whether the SDK would make a span for the same provider, and is kept from it."""
        self.body_open = False
        """Whether the response's body is still to be read, so that its end is the call's end."""
        self.body: bytes | None = None
        """A body that was read already, for callers that ask for the raw response."""
        self.results: BatchResults | None = None
        """What is read of a batch's results, where the call fetches those."""
        self.events_watched = False
        """Whether the SDK's event stream reads the body, and tells more than its bytes do."""
        self.pulling = False
        """Whether the SDK is reading right now: on an error it closes the body before it raises."""
        self._record = record
        self._boring: type | None = None
        self._ended = False
        self._lock = threading.Lock()

    # --- what happens on the way ----------------------------------------------------------------

    def responded(self, status: int, headers: Mapping[str, str], retries: int) -> None:
        """The API answered; after retries, the last answer stands."""
        self.account.responded(status, headers, retries)
        if self.results is not None:
            self.results.served_by(headers)

    def answer(self, result: object) -> None:
        """The SDK returned the whole answer, parsed, or as a raw response beside its body."""
        account = self.account
        if not account.is_model_request:
            if account.asked.operation.name is None:
                note_batch(result)
            else:
                account.free_answer(result)
        elif account.fold.message(result):
            account.said(getattr(result, "content", None))
        elif self.body:
            self.read_body(self.body)
        self.body = None

    def read_body(self, body: bytes) -> None:
        """Find the usage in what was read of a body by other means: a message, or events."""
        account, message = self.account, message_in(body)
        if account.fold.message(message):
            account.said(message.get("content"))
            return
        for event in events_in(body):
            account.fold.event(event)

    def event(self, event: object) -> type | None:
        """The caller is about to receive one stream event.

        Returns:
            The class of events that tell nothing new from here on, as nearly all of a stream do.
        """
        account = self.account
        with guard:
            kind = account.fold.event(event)
            if kind == "content_block_delta" and self._boring is None:
                if account.first_chunk_ns is None:
                    account.first_chunk_ns = time.time_ns()
                if account.spoken is None and not isinstance(event, dict):
                    self._boring = event.__class__
            if account.spoken is not None:
                account.spoken.event(kind, event)
        return self._boring

    # --- how it can end -------------------------------------------------------------------------

    def succeed(self) -> None:
        """The whole answer arrived."""
        self._end("completed")

    def exhausted(self) -> None:
        """The event stream ended by itself; without `message_stop` the server cut it short."""
        if self.account.fold.stopped or not self.account.is_model_request:
            self._end("completed")
        else:
            self._end("failed", error_type="api_error")

    def body_closed(self, outcome: Literal["closed", "dropped"]) -> None:
        """The caller let go of the body, perhaps after having read some or all that matters."""
        if self.pulling or self._ended:
            return
        if self.body and not self.events_watched:  # it had arrived before anybody could watch it
            with guard:
                self.read_body(self.body)
        fold = self.account.fold
        if fold.stopped:
            self._end("completed")
        else:
            self._end(outcome if fold.raw is None else "closed")

    def fail(self, error: BaseException) -> None:
        """The call ended in an exception, which goes on to the caller unchanged."""
        if not isinstance(error, Exception) or isinstance(error, CancelledError):
            self._end("cancelled")
            return
        response = getattr(error, "response", None)
        if response is not None and not self._ended:
            with guard:
                self.responded(response.status_code, response.headers, retries_before(response))
        sent = self.account.http_status is not None or may_have_arrived(error)
        self._end("failed", error_type=error_type(error), sent=sent)

    def _end(self, outcome: Outcome, *, error_type: str | None = None, sent: bool = True) -> None:
        with self._lock:
            if self._ended:
                return
            self._ended = True
        account = self.account
        account.ended_ns = time.time_ns()
        account.outcome = outcome
        account.error_type = error_type
        account.sent = sent
        self._record(account)
