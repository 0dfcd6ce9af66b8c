"""The `x-simulator` request header: a JSON object by which a caller asks for one exact case.

| Key | Effect |
|---|---|
| `status` | answer with this error status; `error_type`, `error_code`, `message` shape the body |
| `retry_after` | seconds for the `retry-after` header (429: 1 unless `null`) |
| `attempts` | fail only while the SDK's retry count is below this number |
| `delay_s` | wait before answering |
| `chunk_delay_s` | wait between the events of a stream |
| `cut_after_events` | break the connection after so many events |
| `end_after_events` | end the body cleanly after so many events, without `message_stop` |
| `error_after_events` | send `event: error` after so many events (`error_type` shapes it) |
| `text`, `output_tokens`, `thinking_tokens` | what the model answers, and how much of it |
| `stop_reason` | the stop reason; `refusal` with `output_tokens` 0 is given free, as by the API |
| `web_searches`, `web_fetches` | how often the server tools run |
| `usage` | merged into the usage object, which is then also what is billed |
| `usage_start`, `usage_delta` | merged into the usage of one stream event; the delta's is billed |
| `model` | the model named in the answer, when another one served it; billed as that model |
| `headers` | further response headers; `null` takes one away |
| `batch_s` | how long a batch takes |
| `items` | `custom_id` → directives of one item of a batch (`result` forces how it ends) |
"""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from spanledger_demo.simulator.errors import ApiFailure, invalid

HEADER = "x-simulator"


class Directives(BaseModel):
    """What the caller asked for; see the table in the module docstring."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: int | None = None
    error_type: str | None = None
    error_code: str | None = None
    message: str | None = None
    retry_after: float | None = 1
    attempts: int | None = None
    delay_s: float = 0
    chunk_delay_s: float = 0
    cut_after_events: int | None = None
    end_after_events: int | None = None
    error_after_events: int | None = None
    text: str | None = None
    output_tokens: int | None = None
    thinking_tokens: int | None = None
    stop_reason: str | None = None
    web_searches: int | None = None
    web_fetches: int | None = None
    usage: dict[str, Any] = {}
    usage_start: dict[str, Any] = {}
    usage_delta: dict[str, Any] = {}
    model: str | None = None
    headers: dict[str, str | None] = {}
    batch_s: float = 0.2
    items: dict[str, Directives] = {}
    result: Literal["errored", "canceled", "expired"] | None = None

    def failure(self, retry_count: int = 0) -> ApiFailure | None:
        """Give the error that was asked for, unless enough attempts have met it."""
        if self.status is None or (self.attempts is not None and retry_count >= self.attempts):
            return None
        headers = {}
        if self.status == 429 and self.retry_after is not None:
            headers["retry-after"] = f"{self.retry_after:g}"
        return ApiFailure(
            self.status,
            self.message,
            error_type=self.error_type,
            error_code=self.error_code,
            headers=headers,
        )


def parse_directives(header: str | None) -> Directives | None:
    """Read the header's text; None when there is none.

    Raises:
        ApiFailure: it is not a JSON object of known keys.
    """
    if not header:
        return None
    try:
        return Directives.model_validate(json.loads(header))
    except (json.JSONDecodeError, ValidationError) as error:
        raise invalid(f"{HEADER}: {error}") from error


def asking(**directives: Any) -> dict[str, str]:
    """Make the request headers that ask for a case: `extra_headers=asking(status=529)`."""
    Directives.model_validate(directives)
    return {HEADER: json.dumps(directives)}
