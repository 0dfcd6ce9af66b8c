"""Who asks and what is left: request identity and rate-limit headers."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Final, NamedTuple

from spanledger_demo.simulator.counts import Counts
from spanledger_demo.simulator.errors import ApiFailure, invalid

ORGANIZATION_ID: Final = "5a7e11ed-9e4b-4c5d-8f00-0000c0ffee00"
_LIMITS: Final = {"requests": 4_000, "input-tokens": 2_000_000, "output-tokens": 400_000}
_WINDOW_S: Final = 60


class Caller(NamedTuple):
    """Who sent a request; keys of one text share a workspace, and with it a prompt cache."""

    workspace: str

    def headers(self, request_id: str) -> dict[str, str]:
        """Name the request and its owner, as every answer does."""
        return {
            "request-id": request_id,
            "anthropic-organization-id": ORGANIZATION_ID,
            "anthropic-workspace-id": self.workspace,
        }


def caller_of(headers: Mapping[str, str], *, versioned: bool = True) -> Caller:
    """Identify the caller by its key: any key will do, unless empty or starting with `invalid`.

    Raises:
        ApiFailure: there is no such key, or no API version where it belongs there.
    """
    bearer = headers.get("authorization", "").removeprefix("Bearer ")
    key = (headers.get("x-api-key") or bearer).strip()
    if not key:
        raise ApiFailure(401, "x-api-key header is required")
    if key.startswith("invalid"):
        raise ApiFailure(401, "invalid x-api-key")
    if versioned and "anthropic-version" not in headers:
        raise invalid("anthropic-version: header is required")
    return Caller(f"wrkspc_01{hashlib.sha256(key.encode()).hexdigest()[:22]}")


class RateMeter:
    """Counts each workspace's use of the current minute; it reports limits, it does not enforce."""

    def __init__(self) -> None:
        self._window = 0
        self._used: dict[str, dict[str, int]] = {}

    def headers(self, workspace: str, counts: Counts | None, now: float) -> dict[str, str]:
        """Note one request and give the rate-limit headers of its answer."""
        window = int(now // _WINDOW_S)
        if window != self._window:
            self._window, self._used = window, {}
        used = self._used.setdefault(workspace, dict.fromkeys(_LIMITS, 0))
        used["requests"] += 1
        if counts is not None:  # reads from cache are free of the limit
            used["input-tokens"] += counts.prompt_tokens - counts.cache_read
            used["output-tokens"] += counts.output_tokens
        reset = datetime.fromtimestamp((window + 1) * _WINDOW_S, timezone.utc)
        left = {kind: max(0, limit - used[kind]) for kind, limit in _LIMITS.items()}
        headers: dict[str, str] = {}
        for kind, limit in _LIMITS.items():
            remaining = left[kind] if kind == "requests" else _thousands(left[kind])
            headers |= _triple(kind, limit, remaining, reset)
        tightest = min(
            ("input-tokens", "output-tokens"), key=lambda kind: left[kind] / _LIMITS[kind]
        )
        return headers | _triple("tokens", _LIMITS[tightest], _thousands(left[tightest]), reset)


def _triple(kind: str, limit: int, remaining: int, reset: datetime) -> dict[str, str]:
    prefix = f"anthropic-ratelimit-{kind}"
    return {
        f"{prefix}-limit": str(limit),
        f"{prefix}-remaining": str(remaining),
        f"{prefix}-reset": reset.isoformat().replace("+00:00", "Z"),
    }


def _thousands(tokens: int) -> int:
    return math.floor(tokens / 1000) * 1000
