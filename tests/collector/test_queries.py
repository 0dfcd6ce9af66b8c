"""The queries against the same questions answered in Python, call by call."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from spanledger_collector.server import running_collector
from tests.collector.support import Client, settings_for
from tests.collector.truth import (
    COUNTS,
    MINUTES,
    MONEY,
    NONE,
    Truth,
    grouped,
    local_bucket,
    passes,
    random_call,
    sums,
)

ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe")
# Berlin sets its clocks on 2026-03-29 and 2026-10-25, New York on 2026-03-08 and 2026-11-01.
STRETCHES = (
    (datetime(2026, 3, 6), 30),
    (datetime(2026, 10, 20), 14),
)
FILTERED = (
    "model",
    "service",
    "team",
    "feature",
    "environment",
    "provider",
    "workspace_id",
    "user_id",
    "outcome",
    "cost_status",
)
GROUPS = (*FILTERED, "operation", "session_id")


@pytest.fixture(scope="module")
def calls() -> list[Truth]:
    """Calls thinly spread over both days on which clocks are set, and crowded around them."""
    dice = random.Random(20_261_120)
    moments = [
        begin + timedelta(seconds=dice.randrange(days * 86_400))
        for begin, days in STRETCHES
        for _ in range(300)
    ]
    for change in (datetime(2026, 3, 29), datetime(2026, 10, 25), datetime(2026, 11, 1)):
        moments += [change + timedelta(seconds=dice.randrange(-7200, 14_400)) for _ in range(100)]
    made = [random_call(dice, moment) for moment in moments]
    dice.shuffle(made)
    return made


@pytest.fixture(scope="module")
def client(calls: list[Truth], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A collector that was sent the calls in random order, in many requests."""
    with running_collector(settings_for(tmp_path_factory.mktemp("queries"))) as collector:
        client = Client(collector.url)
        for first in range(0, len(calls), 150):
            several = sorted(calls[first : first + 150], key=resource_of)
            for resource, members in groupby(several, resource_of):
                client.send(*[call.span for call in members], **dict(resource))
        yield client
        client.close()


def resource_of(call: Truth) -> list[tuple[str, str]]:
    return sorted(call.resource.items())


def iso(moment: datetime) -> str:
    return moment.isoformat() + "Z"


def measures(row: dict[str, Any]) -> dict[str, object]:
    return {name: row[name] for name in (*MONEY, *COUNTS)}


def some_range(dice: random.Random) -> tuple[datetime, datetime]:
    """A range that begins and ends anywhere, within an hour at times."""
    begin, days = dice.choice(STRETCHES)
    start = begin + timedelta(seconds=dice.randrange(days * 86_400))
    length = dice.choice([60, 3600, 86_400, days * 86_400])
    end = start + timedelta(seconds=dice.randrange(1, length + 1))
    if dice.random() < 0.3:
        return start.replace(minute=0, second=0), end.replace(minute=0, second=0)
    return start, end


@pytest.mark.parametrize("seed", range(60))
def test_usage_is_what_the_calls_add_up_to(client: Client, calls: list[Truth], seed: int) -> None:
    """Any range, zone, bucket, filters and two groups give exactly the sums of those calls."""
    dice = random.Random(seed)
    start, end = some_range(dice)
    zone = dice.choice(ZONES)
    bucket = dice.choice(["none", *MINUTES, "day", "week", "month"])
    first, second = dice.choice(["none", *GROUPS]), dice.choice(["none", *GROUPS])
    filters = {
        name: dice.sample(sorted({call.dimensions[name] for call in calls}), 1)
        for name in dice.sample(FILTERED, dice.choice([0, 0, 1, 2]))
    }
    rows = client.query(
        "usage",
        start=iso(start),
        end=iso(end),
        tz=zone,
        bucket=bucket,
        group_by=first,
        group_by_2=second,
        **filters,
    )

    def key(call: Truth) -> tuple[object, ...]:
        moment = local_bucket(call.start, bucket, zone)
        return (
            moment and moment.isoformat(),
            call.dimensions.get(first),
            call.dimensions.get(second),
        )

    expected = grouped(
        (call for call in calls if start <= call.start < end and passes(call, filters)), key
    )
    found = {(row["bucket"], row["group_1"], row["group_2"]): measures(row) for row in rows}
    assert len(found) == len(rows)
    assert found == expected


@pytest.mark.parametrize("seed", range(12))
def test_measures_that_are_asked_for_are_what_they_are_among_all(client: Client, seed: int) -> None:
    """Any of them, of usage and of the summary: the same rows, in order, without the others."""
    dice = random.Random(seed)
    start, end = some_range(dice)
    asked = dice.sample(sorted((*MONEY, *COUNTS)), dice.choice([1, 1, 2, 5, 21]))
    usage: dict[str, Any] = {
        "start": iso(start),
        "end": iso(end),
        "bucket": dice.choice(["none", "day"]),
        "group_by": dice.choice(["none", *GROUPS]),
    }
    for query, parameters in (("usage", usage), ("spend_summary", {"as_of": iso(end)})):
        every = client.query(query, **parameters)
        some = client.query(query, **parameters, measures=asked)
        lacking = {*MONEY, *COUNTS}.difference(asked)

        assert some == [
            {name: value for name, value in row.items() if name not in lacking} for row in every
        ]


def test_usage_is_ordered(client: Client) -> None:
    """Rows come by bucket, and the most expensive first within each; unpriced ones last."""
    rows = client.query(
        "usage", start="2026-03-01T00:00:00Z", bucket="week", group_by="model", group_by_2="team"
    )
    order = [(row["bucket"], row["cost_usd"] is None, -float(row["cost_usd"] or 0)) for row in rows]

    assert len(rows) > 20
    assert order == sorted(order)


def test_several_values_of_a_filter(client: Client, calls: list[Truth]) -> None:
    """A repeated filter passes any of its values, and `(none)` what has none."""
    wanted = ["red", NONE]
    [row] = client.query("usage", start="2026-03-01T00:00:00Z", team=wanted)

    assert measures(row) == sums(call for call in calls if passes(call, {"team": wanted}))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "as_of",
    [
        datetime(2026, 3, 29, 13, 17, 5),
        datetime(2026, 3, 30, 0, 30),
        datetime(2026, 3, 31, 23, 59, 59),
        datetime(2026, 10, 25, 0, 30),
        datetime(2026, 11, 1, 18, 0),
    ],
)
def test_spend_summary_compares_like_with_like(
    client: Client, calls: list[Truth], zone: str, as_of: datetime
) -> None:
    """Each period begins and ends where the local calendar says, and holds exactly its calls."""
    rows = client.query("spend_summary", tz=zone, as_of=iso(as_of))
    found = {row["period"]: row for row in rows}

    assert list(found) == [
        "today",
        "yesterday_to_now",
        "yesterday",
        "week_ago_to_now",
        "month",
        "last_month_to_now",
        "last_month",
    ]
    for row in rows:
        start, end = (
            datetime.fromisoformat(row[name].rstrip("Z")) for name in ("period_start", "period_end")
        )
        assert local_bucket(start, "day", zone) == local_time(start, zone)
        assert measures(row) == sums(call for call in calls if start <= call.start < end)
    assert local_bucket(as_of, "day", zone) == local_time(bound(found, "today", "start"), zone)
    assert bound(found, "yesterday", "end") == bound(found, "today", "start")
    assert bound(found, "last_month", "end") == bound(found, "month", "start")
    assert local_bucket(as_of, "month", zone) == local_time(bound(found, "month", "start"), zone)
    for period in ("today", "month"):
        assert bound(found, period, "end") == as_of


def bound(rows: dict[str, Any], period: str, edge: str) -> datetime:
    return datetime.fromisoformat(rows[period][f"period_{edge}"].rstrip("Z"))


def local_time(instant: datetime, zone: str) -> datetime | None:
    utc = instant.replace(tzinfo=ZoneInfo("UTC"))
    return utc.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def test_spend_summary_filters(client: Client, calls: list[Truth]) -> None:
    """Filters hold for each period, those that need the single calls too."""
    rows = client.query("spend_summary", as_of="2026-03-20T10:11:12Z", user_id="ann", team=NONE)
    month = next(row for row in rows if row["period"] == "month")

    assert measures(month) == sums(
        call
        for call in calls
        if datetime(2026, 3, 1) <= call.start < datetime(2026, 3, 20, 10, 11, 12)
        and passes(call, {"user_id": ["ann"], "team": [NONE]})
    )


def test_dimension_values(client: Client, calls: list[Truth]) -> None:
    """Every filterable dimension lists its values, the most expensive first."""
    start, end = datetime(2026, 3, 10, 1, 2, 3), datetime(2026, 10, 28, 4, 5, 6)
    rows = client.query("dimension_values", start=iso(start), end=iso(end))
    inside = [call for call in calls if start <= call.start < end]

    for name in FILTERED:
        expected = grouped(inside, lambda call, name=name: (call.dimensions[name],))  # type: ignore[misc]  # a lambda's default has no annotation
        listed = [row for row in rows if row["dimension"] == name]
        costs = [float(row["cost_usd"] or -1) for row in listed]
        assert {(row["value"],): (row["calls"], row["cost_usd"]) for row in listed} == {
            key: (sums["calls"], sums["cost_usd"]) for key, sums in expected.items()
        }
        assert costs == sorted(costs, reverse=True)
    assert {row["dimension"] for row in rows} == set(FILTERED)


def test_latest_calls_page_by_page(client: Client, calls: list[Truth]) -> None:
    """Pages follow one another without gap or overlap, newest first, down to the oldest."""
    seen: list[dict[str, Any]] = []
    page: dict[str, Any] = {}
    span = {"start": "2026-03-01T00:00:00Z", "end": "2026-12-01T00:00:00Z", "team": ["red", NONE]}
    while rows := client.query("latest_calls", limit=97, **span, **page):
        seen += rows
        page = {"before": rows[-1]["cursor"]}
    expected = [call for call in calls if passes(call, {"team": ["red", NONE]})]
    starts = [row["start_time"] for row in seen]

    assert starts == sorted(starts, reverse=True)
    assert {row["span_id"] for row in seen} == {call.span["spanId"] for call in expected}
    assert len(seen) == len(expected)


def test_the_rows_of_latest_calls(client: Client, calls: list[Truth]) -> None:
    """A row tells ids, names, counts, cost and reasons of its call."""
    newest = max(calls, key=lambda call: (call.start, int(call.span["spanId"], 16)))
    [row] = client.query("latest_calls", limit=1)

    assert row["trace_id"] == newest.span["traceId"]
    assert row["span_id"] == newest.span["spanId"]
    assert row["start_time"].rstrip("Z") == newest.start.isoformat()
    assert row["team"] == (None if newest.dimensions["team"] == NONE else newest.dimensions["team"])
    assert row["model"] == newest.dimensions["model"]
    assert row["duration_ns"] == newest.counts["duration_ns"]
    assert row["cost_usd"] == sums([newest])["cost_usd"]


def test_health(client: Client, calls: list[Truth]) -> None:
    """Health tells how much is stored and by which versions."""
    health = client.health()

    assert health["calls"] == len(calls)
    assert health["first_call_time"].rstrip("Z") == min(call.start for call in calls).isoformat()
    assert health["newest_call_time"].rstrip("Z") == max(call.start for call in calls).isoformat()
    assert health["quarantined"] == health["duplicates_since_start"] == 0
    assert health["received_since_start"] == len(calls)
    assert health["refused_since_start"] == 0
    assert health["database_bytes"] > 0
    assert health["free_bytes"] > 0
    kept = [health[f"{what}_keep_days"] for what in ("calls", "spans", "alerts")]
    assert kept == [400, 30, 400]
    assert health["ready"] is True
