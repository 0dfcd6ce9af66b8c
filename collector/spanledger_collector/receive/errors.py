"""What can be wrong with a request; each error knows its HTTP status and its gRPC code."""

from __future__ import annotations

__all__ = [
    "BodyTooLarge",
    "Broken",
    "HeadersTooLarge",
    "MalformedBody",
    "MethodNotAllowed",
    "NotPermitted",
    "Overloaded",
    "RequestRefused",
    "Unauthenticated",
    "UnknownMethod",
    "UnsupportedBody",
    "UnsupportedCompression",
]


class RequestRefused(Exception):
    """A request that is answered with an error; the message is for its sender.

    The frames of its traceback hold what was read of the request. Where one of them held the error,
    too, as those of `asyncio.wait_for` do, only a garbage collection would free the bytes.
    """

    status: int = 400
    code: int = 3  # INVALID_ARGUMENT
    retry_after_s: int | None = None


class MalformedBody(RequestRefused):
    """The body is not what its content type promises; sending it again changes nothing."""


class UnsupportedBody(RequestRefused):
    """A content type or encoding that OTLP does not have."""

    status = 415


class UnsupportedCompression(UnsupportedBody):
    """A compression of messages that gRPC may have, but OTLP has not."""

    code = 12  # UNIMPLEMENTED


class MethodNotAllowed(RequestRefused):
    """OTLP is sent by POST."""

    status = 405
    code = 12  # UNIMPLEMENTED


class UnknownMethod(RequestRefused):
    """No service of that name is here."""

    status = 404
    code = 12  # UNIMPLEMENTED


class BodyTooLarge(RequestRefused):
    """The body is over the limit, as sent or after decompression; never to be retried."""

    status = 413
    code = 8  # RESOURCE_EXHAUSTED


class HeadersTooLarge(RequestRefused):
    """Headers that no exporter sends."""

    status = 431


class Unauthenticated(RequestRefused):
    """No token, or none that is known."""

    status = 401
    code = 16  # UNAUTHENTICATED


class NotPermitted(RequestRefused):
    """A token that is known, for something that it does not open."""

    status = 403
    code = 7  # PERMISSION_DENIED


class Overloaded(RequestRefused):
    """Nothing is wrong with the request: it has to be sent again in a moment."""

    status = 503
    code = 14  # UNAVAILABLE
    retry_after_s = 1


class Broken(RequestRefused):
    """A fault of ours; the log says which."""

    status = 500
    code = 13  # INTERNAL
