"""Sending our span's trace context where the SDK would have sent that of the span ours replaces.

SDK 1.14 and newer put the trace context of their native span into each request, unless their
`propagation` option is off; suppressing that span would silently end a trace at this process.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry import propagate
from opentelemetry.context import Context


def with_trace_headers(client: Any, context: Context | None, options: Any) -> Any:
    """A copy of the request's options with our trace headers, or the options as they are.

    The SDK's callers reuse their options, so they are never changed; a header of the caller wins.
    """
    native: Mapping[str, Any] = getattr(client, "_open_telemetry", None) or {}
    if context is None or not native.get("propagation"):
        return options
    headers: dict[str, Any] = {}
    propagate.inject(headers, context)
    if not headers:
        return options
    given = options.headers
    if isinstance(given, Mapping):
        named = {name.lower() for name in given}
        ours = {name: value for name, value in headers.items() if name.lower() not in named}
        headers = {**given, **ours}
    return options.model_copy(update={"headers": headers})
