"""What others say of how a call failed → the API's words for it; pure."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from spanledger import semconv
from spanledger_collector.dialects import names
from spanledger_collector.dialects.reading import MAX_SMALL, count_of, text
from spanledger_collector.spans import Span

__all__ = ["ERROR", "Failure", "failure_of"]

ERROR: Final = 2
"""The status code of a span that failed."""
_CANCELLED = frozenset({"CancelledError", "GeneratorExit", "KeyboardInterrupt"})
_BY_CLASS: Final = {
    "BadRequestError": ("invalid_request_error", 400),
    "AuthenticationError": ("authentication_error", 401),
    "PaymentRequiredError": ("billing_error", 402),
    "PermissionDeniedError": ("permission_error", 403),
    "NotFoundError": ("not_found_error", 404),
    "RequestTimeoutError": ("timeout_error", 408),
    "ConflictError": ("conflict_error", 409),
    "ContentTooLargeError": ("request_too_large", 413),
    "RequestTooLargeError": ("request_too_large", 413),
    "UnprocessableEntityError": ("invalid_request_error", 422),
    "RateLimitError": ("rate_limit_error", 429),
    "InternalServerError": ("api_error", 500),
    "ServiceUnavailableError": ("api_error", 503),
    "GatewayTimeoutError": ("timeout_error", 504),
    "DeadlineExceededError": ("timeout_error", 504),
    "OverloadedError": ("overloaded_error", 529),
    "APITimeoutError": ("client_timeout_error", None),
    "APIConnectionError": ("connection_error", None),
}
_STATUS: Final = re.compile(r"[1-5][0-9]{2}")
_MESSAGE: Final = re.compile(
    r"(?:(\w+): )?Error code: ([1-5][0-9]{2})\b(?:.{0,80}?'type': '(\w+_error)')?"
)
"""The text of the Python SDK's exceptions, to which some put the class in front."""


class Failure(NamedTuple):
    """How a call ended that did not end well; all None, and completed, for one that did."""

    outcome: str = "completed"
    error_type: str | None = None
    http_status: int | None = None


def failure_of(span: Span) -> Failure:
    """Read how a call failed: from its attributes, else from the text of the exception.

    Raises:
        Absurd: its HTTP status is no number.
    """
    told = text(span.attributes, semconv.ERROR_TYPE)
    http_status = count_of(span.attributes, *names.HTTP_STATUS, limit=MAX_SMALL)
    failed = told is not None or span.status == ERROR or (http_status or 0) >= 400
    if not failed:
        return Failure(http_status=http_status)
    message = _MESSAGE.search(span.status_message[:256])
    name = (told or (message and message[1]) or "").rsplit(".", 1)[-1]
    if name in _CANCELLED:
        return Failure("cancelled", None, http_status)
    kind, usual_status = _BY_CLASS.get(name, (None, None))
    kind = kind or (message and message[3]) or (None if told == "_OTHER" else told)
    if http_status is None:
        spelt = message[2] if message else name
        http_status = int(spelt) if _STATUS.fullmatch(spelt) else usual_status
    return Failure("failed", kind or "client_error", http_status)
