"""What an exception of the SDK says about the call that it ended. Pure; knows classes by name."""

from __future__ import annotations

from collections.abc import Mapping

_NEVER_CONNECTED = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout"})


def error_type(error: Exception) -> str:
    """`error.type` in the vocabulary of the SDK's own spans: the API's error type where known."""
    kind = getattr(error, "type", None) or _body_error_type(getattr(error, "body", None))
    if isinstance(kind, str):
        return kind
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return str(status)
    names = _class_names(error)
    if "APITimeoutError" in names:
        return "client_timeout_error"
    return "connection_error" if "APIConnectionError" in names else "client_error"


def may_have_arrived(error: Exception) -> bool:
    """Whether the request may have reached the API, though no response came."""
    connecting = _NEVER_CONNECTED & _class_names(error.__cause__ or error)
    return "APIConnectionError" in _class_names(error) and not connecting


def retries_before(response: object) -> int:
    """How many retries the SDK took before a failed response; it counts them on the request."""
    headers = getattr(getattr(response, "request", None), "headers", {})
    count = headers.get("x-stainless-retry-count", "0")
    return int(count) if count.isdigit() else 0


def _body_error_type(body: object) -> object:
    error = body.get("error") if isinstance(body, Mapping) else None
    return error.get("type") if isinstance(error, Mapping) else None


def _class_names(error: BaseException) -> set[str]:
    return {base.__name__ for base in type(error).__mro__}
