"""Rate limits: what was left of them, how fast they are used, and who ran into one; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from spanledger_dashboard import formats
from spanledger_dashboard.buckets import Bucket
from spanledger_dashboard.charts import Compared, Slice

__all__ = [
    "KINDS",
    "Limit",
    "Refusals",
    "Use",
    "lasts",
    "limit_rows",
    "may_grow",
    "peaks",
    "refused_by_kind",
    "soonest",
    "tightest",
    "whose",
]

KINDS = {
    "requests": "Requests",
    "input_tokens": "Input tokens",
    "output_tokens": "Output tokens",
    "tokens": "Tokens, the tightest",
}
_UNTOLD = "No limit told"
_NONE = "(none)"


class Limit(NamedTuple):
    """What was left of one limit in a stretch of time, as the API's answers told."""

    organization_id: str
    workspace_id: str
    model: str
    limit_kind: str
    limit_value: int
    remaining_min: int
    remaining_p5: int
    peak_use_share: float
    newest_time: datetime

    @property
    def of(self) -> tuple[str, str, str, str]:
        """Which limit it is."""
        return self.organization_id, self.workspace_id, self.model, self.limit_kind


class Use(NamedTuple):
    """How fast one limit is used at present."""

    organization_id: str
    workspace_id: str
    model: str
    limit_kind: str
    limit_value: int
    remaining: int | None
    used_per_minute: float
    peak_per_minute: float
    use_share: float
    exhausted_in_s: float | None
    newest_time: datetime

    @property
    def of(self) -> tuple[str, str, str, str]:
        """Which limit it is."""
        return self.organization_id, self.workspace_id, self.model, self.limit_kind


class Refusals(NamedTuple):
    """Requests answered with 429 by the limit that was tightest."""

    limit_kind: str
    organization_id: str
    workspace_id: str
    model: str
    requests: int
    newest_time: datetime
    newest_trace_id: str


def tightest(limits: Iterable[Limit]) -> Limit | None:
    """The limit of which the largest share was in use."""
    return max(limits, key=lambda limit: limit.peak_use_share, default=None)


def soonest(uses: Iterable[Use]) -> Use | None:
    """The limit that runs out first or, where none does, is used most."""
    return min(
        uses,
        key=lambda use: (
            float("inf") if use.exhausted_in_s is None else use.exhausted_in_s,
            -use.use_share,
        ),
        default=None,
    )


def lasts(use: Use) -> str:
    """How long a limit lasts at the present pace."""
    if use.exhausted_in_s is not None:
        return formats.duration(int(use.exhausted_in_s * 1e9))
    return "never" if use.used_per_minute else "not in use"


def may_grow(use: Use) -> float | None:
    """By which factor the pace may grow before it empties the limit; None while it is not used."""
    return use.limit_value / use.used_per_minute if use.used_per_minute else None


def whose(workspace_id: str, model: str) -> str:
    """A limit's owner in a few words."""
    return model if workspace_id == _NONE else f"{model}, {workspace_id}"


def peaks(found: Iterable[tuple[datetime, Limit]], steps: Sequence[Bucket]) -> list[Slice]:
    """The highest share of each kind of limit in use, by step, with whose it was."""
    labels = {step.start: step for step in steps}
    highest: dict[tuple[datetime, str], Limit] = {}
    for start, limit in found:
        place = (start, limit.limit_kind)
        if place not in highest or limit.peak_use_share > highest[place].peak_use_share:
            highest[place] = limit
    return [
        Slice(
            labels[start].label,
            KINDS.get(kind, kind),
            limit.peak_use_share,
            f"{formats.share(limit.peak_use_share)} of {formats.quantity(limit.limit_value)}, "
            f"{whose(limit.workspace_id, limit.model)}",
            labels[start].partial,
        )
        for (start, kind), limit in sorted(highest.items(), key=lambda item: item[0])
        if start in labels and kind != "tokens"
    ]


def limit_rows(limits: Iterable[Limit], uses: Iterable[Use]) -> list[dict[str, Any]]:
    """Each limit with what was left of it and how long it lasts, the tightest first."""
    present = {use.of: use for use in uses}
    ranked = sorted(limits, key=lambda limit: limit.peak_use_share, reverse=True)
    return [_row(limit, present.get(limit.of)) for limit in ranked if limit.limit_kind != "tokens"]


def refused_by_kind(now: Iterable[Refusals], before: Iterable[Refusals]) -> list[Compared]:
    """Requests answered with 429 by kind of limit, beside the period before."""
    counts, earlier = _by_kind(now), _by_kind(before)
    rows = [
        Compared(
            KINDS.get(kind, _UNTOLD if kind == _NONE else kind),
            float(counts.get(kind, 0)),
            float(earlier.get(kind, 0)),
            formats.count(counts.get(kind, 0), "request"),
            formats.count(earlier.get(kind, 0), "request"),
            formats.relative(counts.get(kind, 0), earlier.get(kind, 0)) or "new",
        )
        for kind in dict.fromkeys([*counts, *earlier])
    ]
    return sorted(rows, key=lambda row: (row.value, row.before), reverse=True)


def _row(limit: Limit, use: Use | None) -> dict[str, Any]:
    return {
        "Model": limit.model,
        "Workspace": limit.workspace_id,
        "Limit": KINDS.get(limit.limit_kind, limit.limit_kind),
        "A minute": limit.limit_value,
        "Left at least": limit.remaining_min,
        "Left in 95 of 100": limit.remaining_p5,
        "Highest use": limit.peak_use_share * 100,
        "Used a minute now": use.used_per_minute if use else 0.0,
        "Pace of limit": use.use_share * 100 if use else 0.0,
        "Runs out": lasts(use) if use else "not in use",
        "May grow": may_grow(use) if use else None,
        "Organisation": limit.organization_id,
    }


def _by_kind(refusals: Iterable[Refusals]) -> Mapping[str, int]:
    sums: dict[str, int] = {}
    for each in refusals:
        sums[each.limit_kind] = sums.get(each.limit_kind, 0) + each.requests
    return sums
