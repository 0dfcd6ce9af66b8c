"""What is the matter with the ledger, and what to do about each; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from spanledger_dashboard import formats

__all__ = ["Finding", "Level", "Reporter", "State", "findings"]

Level = Literal["bad", "warn", "note"]

SILENT_AFTER = timedelta(minutes=15)
LATE_AFTER_S = 60.0
BEHIND_BATCHES = 1_000
LITTLE_ROOM = 2 << 30
FULL = 512 << 20
MANY_DUPLICATES = 0.2
FEW_ESTIMATES = 0.05
OFF_BY = 0.01


class State(NamedTuple):
    """What the collector says of its ledger."""

    calls: int
    spans: int
    first_call: datetime | None
    newest_call: datetime | None
    newest_received: datetime | None
    received: int
    duplicates: int
    refused: int
    quarantined: int
    quarantined_last_day: int
    delivery_lag_s: float | None
    rollup_lag_batches: int
    database_bytes: int
    free_bytes: int | None
    calls_keep_days: int | None
    spans_keep_days: int | None
    alerts_keep_days: int | None
    schema_version: int
    prices_version: str
    collector_version: str
    ready: bool
    at: datetime


class Reporter(NamedTuple):
    """One kind of software that reports calls, and what its reports came to."""

    source: str
    counted_calls: int
    duplicates: int
    duplicate_share: float
    matched_by: str | None
    cost_usd: float | None
    claimed_usd: float | None
    difference_usd: float | None


class Finding(NamedTuple):
    """One thing that is not as it should be, and the next step."""

    level: Level
    what: str
    advice: str


def findings(
    state: State, reporters: Sequence[Reporter], unpriced: int, estimated: int, calls: int
) -> list[Finding]:
    """What needs doing, the worst first; nothing when all is well.

    Args:
        state: what the collector says.
        reporters: who reports calls.
        unpriced: calls of late without a price.
        estimated: calls of late with an estimated one.
        calls: all calls of late.
    """
    order: dict[Level, int] = {"bad": 0, "warn": 1, "note": 2}
    found = [*_writing(state), *_arriving(state), *_reporting(reporters)]
    found += _priced(unpriced, estimated, calls)
    return sorted(found, key=lambda finding: order[finding.level])


def _writing(state: State) -> Iterator[Finding]:
    if not state.ready:
        yield Finding(
            "bad",
            "The last commit failed: nothing new is stored",
            "Senders keep their spans and send again, so nothing is lost yet. The collector's log "
            "has the reason; a full disk is the usual one.",
        )
    if state.free_bytes is not None and state.free_bytes < LITTLE_ROOM:
        yield Finding(
            "bad" if state.free_bytes < FULL else "warn",
            f"{formats.size(state.free_bytes)} are left on the ledger's disk",
            "Free some space or move `store.path`. Below `store.min_free_bytes` the collector "
            "stops writing; `store.calls_keep_days` and `store.spans_keep_days` shorten what is "
            "kept.",
        )
    if state.rollup_lag_batches > BEHIND_BATCHES:
        batches = formats.count(state.rollup_lag_batches, "batch", "batches")
        yield Finding(
            "warn",
            f"The hourly sums are {batches} behind",
            "Figures stay right, answers get slower. It catches up by itself when less arrives; if "
            "it does not, give the collector another core.",
        )


def _arriving(state: State) -> Iterator[Finding]:
    if state.newest_received is not None and state.at - state.newest_received > SILENT_AFTER:
        yield Finding(
            "warn",
            f"No call has arrived for {formats.lasting(state.at - state.newest_received)}",
            "If services do call Claude, run `spanledger doctor` where one of them runs: it checks "
            "the way from end to end.",
        )
    if not state.calls:
        yield Finding(
            "note",
            "No call has arrived yet",
            "The other pages show the line that makes a service report its calls. `spanledger "
            "doctor`, run where one of them runs, checks the way from end to end.",
        )
    if state.delivery_lag_s is not None and state.delivery_lag_s > LATE_AFTER_S:
        yield _late(state, formats.lasting(timedelta(seconds=state.delivery_lag_s)))
    if state.quarantined_last_day:
        refused = formats.count(state.quarantined_last_day, "span")
        yield Finding(
            "warn",
            f"{refused} refused in the last 24 hours",
            "They are in no sum. The reasons and examples below say which sender to mend.",
        )


def _late(state: State, late: str) -> Finding:
    newest = state.newest_call
    if newest is not None and (state.at - newest).total_seconds() < LATE_AFTER_S:
        return Finding(
            "note",
            f"Old calls arrive, half of them {late} after they ended",
            "New ones come at once, so a sender catches up after an outage, or history is being "
            "filled in. Nothing is to be done while it passes.",
        )
    return Finding(
        "warn",
        f"Calls arrive {late} after they end",
        "Senders catch up after an outage, or their clocks differ from the collector's. If it "
        "stays, look for a queue in between and at the senders' clocks.",
    )


def _reporting(reporters: Sequence[Reporter]) -> Iterator[Finding]:
    for reporter in reporters:
        if reporter.duplicates and reporter.duplicate_share > MANY_DUPLICATES:
            yield Finding(
                "note",
                f"{formats.share(reporter.duplicate_share)} of the reports of {reporter.source} "
                "are of calls that count already",
                "Two instrumentations report the same calls. Each counts once, so no figure is "
                "wrong; switching one of them off saves traffic.",
            )
        if _off(reporter):
            yield Finding(
                "note",
                f"{reporter.source} claims another cost than the ledger reckons",
                "Its price list differs, or it reads tokens in another way. The ledger counts its "
                "own price; compare a call's claim on its page.",
            )


def _priced(unpriced: int, estimated: int, calls: int) -> Iterator[Finding]:
    if unpriced:
        yield Finding(
            "warn",
            f"{formats.count(unpriced, 'call')} without a price in the last 7 days",
            "They are in no sum of dollars. The Prices page names the models; a newer release or "
            "an override has their prices, and `spanledger prices reprice` fills them in.",
        )
    if calls and estimated / calls > FEW_ESTIMATES:
        yield Finding(
            "note",
            f"{formats.share(estimated / calls)} of the calls of the last 7 days are estimates",
            "Their reports leave facts open that could change the price, listed below. Calls "
            "reported by `spanledger.instrument()` leave none.",
        )


def _off(reporter: Reporter) -> bool:
    if not reporter.claimed_usd or reporter.difference_usd is None:
        return False
    return abs(reporter.difference_usd) / abs(reporter.claimed_usd) > OFF_BY
