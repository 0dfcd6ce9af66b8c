"""What the pages ask, against the same questions answered in Python, call by call."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from spanledger.pricing import Usage, savings
from spanledger_collector.query.catalog import catalog
from spanledger_collector.query.columns import MEASURES
from spanledger_collector.server import running_collector
from tests.collector.support import Client, settings_for
from tests.collector.truth import NONE, Truth, grouped, passes, random_call, sums

BEGIN = datetime(2026, 10, 18)
DAYS = 28
EVERYTHING = {"start": "2026-10-01T00:00:00Z", "end": "2026-12-01T00:00:00Z"}
ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe")
CAUSES = ("volume_usd", "mix_usd", "tokens_usd", "cache_usd", "price_usd", "search_usd")
KINDS = {
    "instant": pa.types.is_timestamp,
    "local": pa.types.is_timestamp,
    "date": pa.types.is_date,
    "money": pa.types.is_decimal,
    "count": pa.types.is_integer,
    "number": pa.types.is_float64,
    "flag": pa.types.is_boolean,
    "text": pa.types.is_string,
    "texts": pa.types.is_list,
    "json": pa.types.is_string,
}


@pytest.fixture(scope="module")
def calls() -> list[Truth]:
    """Four weeks of calls, across the days on which Berlin and New York set their clocks."""
    dice = random.Random(52)
    moments = [BEGIN + timedelta(seconds=dice.randrange(DAYS * 86_400)) for _ in range(500)]
    return [random_call(dice, moment) for moment in moments]


@pytest.fixture(scope="module")
def client(calls: list[Truth], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A collector that was sent the calls."""
    with running_collector(settings_for(tmp_path_factory.mktemp("answers"))) as collector:
        client = Client(collector.url)
        by_resource: dict[tuple[tuple[str, str], ...], list[Truth]] = {}
        for call in calls:
            by_resource.setdefault(tuple(call.resource.items()), []).append(call)
        for resource, members in by_resource.items():
            client.send(*[call.span for call in members], **dict(resource))
        yield client
        client.close()


def iso(moment: datetime) -> str:
    return moment.isoformat() + "Z"


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text.rstrip("Z"))


def local_day(moment: datetime, zone: str) -> str:
    return moment.replace(tzinfo=timezone.utc).astimezone(ZoneInfo(zone)).date().isoformat()


def measures(row: dict[str, Any]) -> dict[str, object]:
    return {name: row[name] for name in MEASURES}


def usd(text: str | None) -> Decimal:
    return Decimal(text or 0)


def total(groups: dict[tuple[object, ...], dict[str, object]]) -> Decimal:
    return sum((Decimal(str(each["cost_usd"] or 0)) for each in groups.values()), Decimal(0))


def usage_of(call: Truth) -> Usage:
    counts = call.counts
    return Usage(
        input_tokens=counts["input_tokens"],
        output_tokens=counts["output_tokens"],
        cache_read_tokens=counts["cache_read_tokens"],
        cache_write_5m_tokens=counts["cache_write_5m_tokens"],
        cache_write_1h_tokens=counts["cache_write_1h_tokens"],
    )


def test_columns_are_as_declared(client: Client, calls: list[Truth]) -> None:
    """Each query's answer has the declared columns, of the declared types, and their nulls."""
    ids = {"trace_id": calls[0].span["traceId"], "span_id": calls[0].span["spanId"]}
    for definition in catalog().values():
        known = {parameter.name for parameter in definition.parameters}
        given = {k: v for k, v in (EVERYTHING | ids).items() if k in known}
        answer = client.http.get(
            f"/api/v1/query/{definition.name}", params=given | {"format": "arrow"}
        )
        table = pa.ipc.open_stream(answer.content).read_all()

        assert table.column_names == [column.name for column in definition.columns]
        for column, values in zip(definition.columns, table.columns, strict=True):
            assert KINDS[column.kind](values.type), (definition.name, column.name, values.type)
            assert column.nullable or not values.null_count, (definition.name, column.name)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("as_of", [datetime(2026, 10, 26, 13, 7), datetime(2026, 11, 2, 0, 30)])
def test_daily_spend(client: Client, calls: list[Truth], zone: str, as_of: datetime) -> None:
    """Every local day is there, with exactly its calls, whatever the clocks do."""
    rows = client.query("daily_spend", as_of=iso(as_of), days=20, tz=zone)
    by_day = grouped(
        (call for call in calls if call.start < as_of), lambda call: (local_day(call.start, zone),)
    )

    assert rows[-1]["day"] == local_day(as_of, zone)
    assert [row["complete"] for row in rows] == [True] * 19 + [False]
    assert [row["day_end"] for row in rows[:-1]] == [row["day_start"] for row in rows[1:]]
    for row in rows:
        expected = by_day.get((row["day"],), sums([]) | {"cost_usd": "0"})
        assert usd(row["cost_usd"]) == usd(expected["cost_usd"])  # type: ignore[arg-type]  # text
        assert {k: v for k, v in measures(row).items() if k != "cost_usd"} == {
            k: v for k, v in expected.items() if k != "cost_usd"
        }
        assert local_day(instant(row["day_start"]), zone) == row["day"]


def test_days_of_23_and_25_hours(client: Client) -> None:
    """In Berlin the day on which clocks are set back has 25 hours, others 24."""
    rows = client.query("daily_spend", as_of="2026-10-27T12:00:00Z", days=4, tz="Europe/Berlin")
    hours = [
        (instant(row["day_end"]) - instant(row["day_start"])) / timedelta(hours=1) for row in rows
    ]

    assert hours == [24, 25, 24, 24]


@pytest.mark.parametrize("seed", range(12))
def test_the_causes_make_up_the_difference(client: Client, calls: list[Truth], seed: int) -> None:
    """Each group's six causes add up to its difference, and the groups to the whole, exactly."""
    dice = random.Random(seed)
    group = dice.choice(["model", "service", "team", "feature", "user_id", "outcome", "none"])
    first, middle, last = sorted(
        BEGIN + timedelta(seconds=dice.randrange(DAYS * 86_400)) for _ in range(3)
    )
    filters = dice.choice([{}, {"team": ["red"]}, {"user_id": ["ann", NONE]}])
    limit = dice.choice([1, 2, 50])
    rows = client.query(
        "what_changed",
        before_start=iso(first),
        start=iso(middle),
        end=iso(last),
        group_by=group,
        limit=limit,
        **filters,
    )
    wanted = [call for call in calls if passes(call, filters)]
    before = grouped(
        (call for call in wanted if first <= call.start < middle),
        lambda call: (call.dimensions.get(group),),
    )
    after = grouped(
        (call for call in wanted if middle <= call.start < last),
        lambda call: (call.dimensions.get(group),),
    )
    whole = total(after) - total(before)

    for row in rows:
        assert sum(Decimal(row[cause]) for cause in CAUSES) == Decimal(row["difference_usd"])
        assert usd(row["after_usd"]) - usd(row["before_usd"]) == Decimal(row["difference_usd"])
        if not row["rest"]:
            nothing = {"cost_usd": None}
            assert row["before_usd"] == before.get((row["group_1"],), nothing)["cost_usd"]
            assert row["after_usd"] == after.get((row["group_1"],), nothing)["cost_usd"]
    assert sum(Decimal(row["difference_usd"]) for row in rows) == whole
    assert len(rows) <= limit + 1


def test_before_is_as_long(client: Client, calls: list[Truth]) -> None:
    """Without an earlier stretch, it is the one of the same length that ends at the start."""
    start, end = BEGIN + timedelta(days=20), BEGIN + timedelta(days=27)
    [row] = client.query("what_changed", start=iso(start), end=iso(end), group_by="none")
    earlier = sums(call for call in calls if start - timedelta(days=7) <= call.start < start)

    assert row["before_usd"] == earlier["cost_usd"]


def test_what_caching_saved(client: Client, calls: list[Truth]) -> None:
    """Net savings are those that pricing every call without a cache gives."""
    rows = {row["group_1"]: row for row in client.query("cache", group_by="model", **EVERYTHING)}
    saved: dict[str, int] = {}
    for call in calls:
        at_ns = int(call.span["startTimeUnixNano"])
        model = call.dimensions["model"]
        by_caching = savings(model, usage_of(call), at_ns=at_ns).by_caching
        saved[model] = saved.get(model, 0) + (by_caching or 0)
    billed = [call for call in calls if call.dimensions["cost_status"] != "unpriced"]
    [whole] = client.query("cache", **EVERYTHING)
    read = sum(call.counts["cache_read_tokens"] for call in billed)
    prompt = sum(usage_of(call).prompt_tokens for call in billed)

    for model, picodollars in saved.items():
        assert math.isclose(float(rows[model]["net_saved_usd"]), picodollars / 1e12, abs_tol=1e-8)
        assert usd(rows[model]["net_saved_usd"]) == usd(rows[model]["reads_saved_usd"]) - usd(
            rows[model]["write_premium_usd"]
        )
    assert math.isclose(whole["hit_share"], read / prompt)
    assert whole["unknown_savings_usd"] == "0.000000000000"


@pytest.mark.parametrize("filters", [{}, {"feature": ["search"]}])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_percentiles_are_within_two_percent(
    client: Client, calls: list[Truth], zone: str, filters: dict[str, list[str]]
) -> None:
    """From the rollup and from calls, by local week and model."""
    rows = client.query(
        "latency", tz=zone, bucket="month", group_by="model", **EVERYTHING, **filters
    )
    checked = 0
    for row in rows:
        took = sorted(
            call.counts["duration_ns"]
            for call in calls
            if passes(call, filters)
            and call.dimensions["model"] == row["group_1"]
            and local_day(call.start, zone)[:7] == row["bucket"][:7]
        )
        assert row["requests"] == len(took)
        for share in (0.5, 0.95, 0.99):
            exact = took[math.ceil(share * len(took)) - 1]
            told = row[f"duration_p{round(share * 100)}_ns"]
            assert abs(told / exact - 1) <= 0.0201
        checked += len(took)
    assert checked == sum(passes(call, filters) for call in calls)


def test_reliability(client: Client, calls: list[Truth]) -> None:
    """Requests are told apart by how they ended, and failures have a share."""
    rows = client.query("reliability", group_by="service", **EVERYTHING)

    for row in rows:
        own = [call for call in calls if call.dimensions["service"] == row["group_1"]]
        failed = sum(call.counts["errors"] for call in own)
        assert (row["requests"], row["errors"]) == (len(own), failed)
        assert row["completed"] == len(own) - failed
        assert row["retries"] == sum(call.counts["retries"] for call in own)
        assert math.isclose(row["error_share"], failed / len(own))


def test_errors(client: Client, calls: list[Truth]) -> None:
    """Errors are listed by type and status, with the newest one to look at."""
    rows = client.query("errors", group_by="none", **EVERYTHING)
    failed = [call for call in calls if call.counts["errors"]]
    newest = max(failed, key=lambda call: call.start)
    [row] = [row for row in rows if row["outcome"] == "failed"]
    [retried] = [row for row in rows if row["outcome"] == "completed"]

    assert (row["error_type"], row["http_status"]) == ("OverloadedError", 529)
    assert row["requests"] == len(failed)
    assert row["newest_trace_id"] == newest.span["traceId"]
    assert row["rate_limited"] is False
    assert retried["requests"] == sum(
        call.counts["retries"] > 0 and not call.counts["errors"] for call in calls
    )


@pytest.mark.parametrize("filters", [{}, {"feature": ["chat"]}])
def test_users(client: Client, calls: list[Truth], filters: dict[str, list[str]]) -> None:
    """Users have exactly their measures, from the rollup and from calls."""
    rows = client.query("users", **EVERYTHING, **filters)
    expected = grouped(
        (call for call in calls if passes(call, filters)), lambda c: (c.dimensions["user_id"],)
    )

    assert {(row["user_id"],): measures(row) for row in rows} == expected


def test_spend_by_scope(client: Client, calls: list[Truth]) -> None:
    """Every dimension's values, and all together."""
    rows = client.query("spend_by_scope", **EVERYTHING)
    teams = grouped(calls, lambda call: (call.dimensions["team"],))
    [everything] = [row for row in rows if row["dimension"] == "all"]

    assert everything["cost_usd"] == sums(calls)["cost_usd"]
    assert {(row["value"],): row["cost_usd"] for row in rows if row["dimension"] == "team"} == {
        key: each["cost_usd"] for key, each in teams.items()
    }


def pages(client: Client, query: str, size: int, **parameters: Any) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = []
    page: dict[str, Any] = {}
    while rows := client.query(query, limit=size, **EVERYTHING, **parameters, **page):
        seen += rows
        page = {"after": rows[-1]["cursor"]}
    return seen


@pytest.mark.parametrize("sort", ["cost", "newest", "calls", "errors", "duration"])
def test_traces_page_by_page(client: Client, calls: list[Truth], sort: str) -> None:
    """Pages follow one another without gap or overlap, in the order asked for."""
    rows = pages(client, "traces", 97, sort=sort)
    order = [Decimal(row["cursor"].split("/")[0]) for row in rows]

    assert order == sorted(order, reverse=True)
    assert len(rows) == len(calls)
    assert {row["trace_id"] for row in rows} == {call.span["traceId"] for call in calls}


@pytest.mark.parametrize("query", ["sessions", "users"])
def test_lists_of_groups_page_by_page(client: Client, calls: list[Truth], query: str) -> None:
    """One row a page gives the same rows as all at once."""
    assert pages(client, query, 1, sort="cost") == client.query(query, sort="cost", **EVERYTHING)


def test_sessions(client: Client, calls: list[Truth]) -> None:
    """A session has its calls' sums, from its first call's start to its last one's end."""
    rows = {row["session_id"]: row for row in client.query("sessions", **EVERYTHING)}
    expected = grouped(calls, lambda call: (call.dimensions["session_id"],))

    assert set(rows) == {"s1", "s2"}
    for name, row in rows.items():
        own = [call for call in calls if call.dimensions["session_id"] == name]
        first = min(call.start for call in own)
        last = max(
            call.start + timedelta(microseconds=call.counts["duration_ns"] // 1000) for call in own
        )
        for column in ("calls", "requests", "errors", "cost_usd", "output_tokens", "duration_ns"):
            assert row[column] == expected[name,][column]
        assert row["elapsed_ns"] // 1000 == (last - first) // timedelta(microseconds=1)
        assert row["models"] == sorted({call.dimensions["model"] for call in own})
        assert row["traces"] == len(own)


def test_calls_of_a_session(client: Client, calls: list[Truth]) -> None:
    """Calls and traces can be asked for by session."""
    own = {call.span["traceId"] for call in calls if call.dimensions["session_id"] == "s1"}
    found = client.query("latest_calls", session_id="s1", limit=1000, **EVERYTHING)
    traces = client.query("traces", session_id="s1", limit=1000, **EVERYTHING)

    assert {row["trace_id"] for row in found} == {row["trace_id"] for row in traces} == own
