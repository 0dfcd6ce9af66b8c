"""What the Health page finds to do, as data."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from spanledger_dashboard import formats, reasons
from spanledger_dashboard.findings import Finding, Reporter, State, findings

NOON = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
MINUTES = timedelta(minutes=5)
WELL = State(
    calls=1_000,
    spans=10,
    first_call=NOON - timedelta(days=3),
    newest_call=NOON,
    newest_received=NOON,
    received=1_000,
    duplicates=0,
    refused=0,
    quarantined=0,
    quarantined_last_day=0,
    delivery_lag_s=0.4,
    rollup_lag_batches=1,
    database_bytes=5 << 20,
    free_bytes=80 << 30,
    calls_keep_days=400,
    spans_keep_days=30,
    alerts_keep_days=400,
    schema_version=4,
    prices_version="2026-11-20",
    collector_version="0.1.0",
    ready=True,
    at=NOON,
)
OURS = Reporter("spanledger", 1_000, 0, 0.0, None, 10.0, 10.0, 0.0)


def found(
    state: State, *reporters: Reporter, unpriced: int = 0, estimated: int = 0
) -> list[Finding]:
    return findings(state, reporters, unpriced, estimated, 1_000)


def test_a_healthy_ledger_has_nothing_to_do() -> None:
    """No news is an empty list; a few estimates are no news."""
    assert found(WELL, OURS, estimated=10) == []


@pytest.mark.parametrize(
    ("change", "level", "words"),
    [
        ({"ready": False}, "bad", "last commit failed"),
        ({"free_bytes": 100 << 20}, "bad", "100 MiB are left"),
        ({"free_bytes": 1 << 30}, "warn", "1.0 GiB are left"),
        ({"rollup_lag_batches": 5_000}, "warn", "5,000 batches behind"),
        ({"newest_received": NOON - timedelta(hours=3)}, "warn", "No call has arrived for 3 h"),
        ({"calls": 0, "newest_received": None}, "note", "No call has arrived yet"),
        ({"delivery_lag_s": 125.0, "newest_call": NOON - MINUTES}, "warn", "2 min after they end"),
        ({"delivery_lag_s": 9e5, "newest_call": NOON}, "note", "Old calls arrive"),
        ({"quarantined_last_day": 1}, "warn", "1 span refused"),
    ],
)
def test_each_trouble_of_the_ledger_has_its_advice(
    change: dict[str, object], level: str, words: str
) -> None:
    """One finding for one trouble, with what to do."""
    (finding,) = found(WELL._replace(**change), OURS)  # type: ignore[arg-type]  # from a table

    assert finding.level == level
    assert words in finding.what
    assert len(finding.advice) > 40


def test_what_reporters_disagree_on() -> None:
    """Duplicates and claims are notes: no figure is wrong by them."""
    twice = Reporter("openllmetry", 10, 90, 0.9, None, None, None, None)
    off = Reporter("openlit", 100, 0, 0.0, None, 10.0, 12.0, -2.0)
    told = found(WELL, OURS, twice, off)

    assert [finding.level for finding in told] == ["note", "note"]
    assert "90.0% of the reports of openllmetry" in told[0].what
    assert "openlit claims another cost" in told[1].what


def test_the_worst_comes_first() -> None:
    """Whatever order it was found in."""
    told = found(WELL._replace(ready=False), unpriced=3, estimated=200)

    assert [finding.level for finding in told] == ["bad", "warn", "note"]
    assert "3 calls without a price" in told[1].what
    assert "20.0% of the calls" in told[2].what


def test_codes_are_told_in_words() -> None:
    """Known ones by a sentence, new ones as they came."""
    assert reasons.explained("unknown_model not_reported:speed new_code") == (
        "not in the price book, not reported: fast or standard speed, new code"
    )
    assert reasons.lacking_fact("not_reported:input_convention") == (
        "whether input includes cached tokens"
    )
    assert reasons.lacking_fact("usage_incomplete") is None
    assert "clock" in reasons.refusal("bad_time")
    assert "examples" in reasons.refusal("something_new")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1536, "1.5 KiB"),
        (512 << 20, "512 MiB"),
        (3 << 40, "3.0 TiB"),
    ],
)
def test_sizes(number: int, text: str) -> None:
    """As disks are measured."""
    assert formats.size(number) == text
