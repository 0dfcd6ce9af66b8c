"""Queries about single calls, caches and limits, each on calls made for it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from spanledger import semconv
from spanledger.pricing import Usage, savings
from spanledger_collector.server import running_collector
from tests.collector.support import Client, Document, call_span, settings_for

BEFORE_NS, AFTER_NS = 1_790_856_000 * 10**9, 1_791_720_000 * 10**9
"""Noon on October 1 and 11, 2026: between them claude-sonnet-5-5's reads became cheaper."""
BEFORE = {"before_start": "2026-10-01T00:00:00Z", "before_end": "2026-10-02T00:00:00Z"}
AFTER = {"start": "2026-10-11T00:00:00Z", "end": "2026-10-12T00:00:00Z"}
CAUSES = ("volume_usd", "mix_usd", "tokens_usd", "cache_usd", "price_usd", "search_usd")
SONNET, HAIKU = "claude-sonnet-5-5", "claude-haiku-4-5"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """One collector; every test's calls have a team of their own."""
    with running_collector(settings_for(tmp_path_factory.mktemp("details"))) as collector:
        client = Client(collector.url)
        yield client
        client.close()


def call(number: object, team: str, start_ns: int, **facts: Any) -> Document:
    """A span of a call of 1,000,000 prompt and 100,000 output tokens, unless told otherwise."""
    named = {
        "read": semconv.CACHE_READ_TOKENS,
        "written": semconv.CACHE_WRITE_5M_TOKENS,
        "prompt": semconv.INPUT_TOKENS,
        "output": semconv.OUTPUT_TOKENS,
        "searches": semconv.WEB_SEARCH_REQUESTS,
        "session": semconv.TAG_PREFIX + "session",
        "missed": semconv.CACHE_MISS_REASON,
        "missed_tokens": semconv.CACHE_MISSED_TOKENS,
        "workspace": semconv.WORKSPACE_ID,
        "status": semconv.HTTP_STATUS,
    }
    model = facts.pop("model", SONNET)
    attributes = {
        semconv.REQUEST_MODEL: model,
        semconv.RESPONSE_MODEL: model,
        semconv.INPUT_TOKENS: 1_000_000,
        semconv.OUTPUT_TOKENS: 100_000,
        semconv.TAG_PREFIX + "team": team,
        **{named.get(name, name): value for name, value in facts.items()},
    }
    return call_span(f"msg_{team}_{number}", start_ns=start_ns, attributes=attributes)


@pytest.mark.parametrize(
    ("cause", "before", "after", "difference"),
    [
        ("volume_usd", [{}], [{}, {}], "3.00"),
        ("mix_usd", [{}, {"model": HAIKU}], [{"model": HAIKU}, {"model": HAIKU}], "-1.50"),
        ("tokens_usd", [{}], [{"output": 200_000}], "1.00"),
        ("cache_usd", [{"written": 1_000_000}, {}], [{"written": 1_000_000}] * 2, "0.50"),
        ("price_usd", [{"read": 1_000_000}], [{"read": 1_000_000}], "-0.10"),
        ("search_usd", [{}], [{"searches": 3}], "0.03"),
    ],
)
def test_each_cause_is_told_from_the_others(
    client: Client,
    cause: str,
    before: list[dict[str, Any]],
    after: list[dict[str, Any]],
    difference: str,
) -> None:
    """When only one thing changes, only that cause has dollars, and all of them."""
    for moment, made in ((BEFORE_NS, before), (AFTER_NS, after)):
        client.send(*[call(f"{moment}_{i}", cause, moment, **each) for i, each in enumerate(made)])
    [row] = client.query("what_changed", group_by="team", team=cause, **BEFORE, **AFTER)

    assert {name: Decimal(row[name]) for name in CAUSES} == dict.fromkeys(CAUSES, 0) | {
        cause: Decimal(difference)
    }
    assert Decimal(row["difference_usd"]) == Decimal(difference)


def test_a_group_that_is_new_or_gone_is_volume(client: Client) -> None:
    """Where there was nothing before, or is nothing after, the whole difference is volume."""
    client.send(call(1, "new", AFTER_NS), call(1, "gone", BEFORE_NS))
    rows = client.query("what_changed", group_by="team", team=["new", "gone"], **BEFORE, **AFTER)

    assert {row["group_1"]: row["volume_usd"] for row in rows} == {
        "new": "3.000000000000",
        "gone": "-3.000000000000",
    }
    assert all(row["volume_usd"] == row["difference_usd"] for row in rows)


def test_what_misses_cost(client: Client) -> None:
    """Missed tokens cost what was paid for them less what reading them would have cost."""
    client.send(
        call(1, "miss", AFTER_NS, missed="system_changed", missed_tokens=500_000),
        call(2, "miss", AFTER_NS, missed="tools_changed", missed_tokens=1_000_000, written=10**6),
        call(3, "miss", AFTER_NS, missed="unavailable"),
        call(4, "miss", AFTER_NS),
    )
    rows = client.query("cache_misses", team="miss", **AFTER)
    told = {row["cache_miss_reason"]: (row["calls"], Decimal(row["missed_usd"])) for row in rows}

    assert told == {
        "system_changed": (1, Decimal("0.95")),  # half of 2 USD, reading it costs 0.10 a million
        "tools_changed": (1, Decimal("2.40")),
        "unavailable": (1, Decimal(0)),
    }


def test_prompts_used_again_too_late(client: Client) -> None:
    """A prompt written again seven minutes after its last use would have been read for less."""
    minute = 60 * 10**9
    uses = [(0, 10**6, 0), (2, 0, 10**6), (9, 10**6, 0), (200, 10**6, 0)]
    client.send(
        *[
            call(i, "reuse", AFTER_NS + at * minute, written=written, read=read, session="s")
            for i, (at, written, read) in enumerate(uses)
        ]
    )
    [row] = client.query("cache_reuse", team="reuse", **AFTER)

    assert (row["cached_calls"], row["reuses"], row["late_reuses"]) == (4, 2, 1)
    assert row["late_median_gap_s"] == 7 * 60
    assert row["rewritten_tokens"] == 10**6
    assert Decimal(row["rewritten_usd"]) == Decimal("2.50")
    # 2.50 - 0.10 saved on the late use; 4.00 - 2.50 more for each of the two writes that stay
    assert Decimal(row["saved_by_1h_usd"]) == Decimal("-0.60")


LIMITS = "anthropic.ratelimit.{}.{}"


def limited(kind: str, limit: int, left: int) -> dict[str, int]:
    """What an answer's headers tell of one limit."""
    return {LIMITS.format(kind, "limit"): limit, LIMITS.format(kind, "remaining"): left}


def test_headroom(client: Client) -> None:
    """The least that was left of each limit, by workspace and model, and who ran into it."""
    for number, (left, status) in enumerate([(900, 200), (250, 200), (0, 429), (600, 200)]):
        facts = {
            **limited("requests", 1000, left),
            **limited("output_tokens", 80_000, 40_000),
            semconv.ORGANIZATION_ID: "org_9",
        }
        client.send(
            call(number, "head", AFTER_NS + number, workspace="wrkspc_9", status=status, **facts)
        )
    rows = client.query("headroom", team="head", bucket="none", **AFTER)
    told = {row["limit_kind"]: row for row in rows}

    assert list(told) == ["requests", "output_tokens"]
    assert told["requests"]["workspace_id"] == "wrkspc_9"
    assert told["requests"]["organization_id"] == "org_9"
    assert told["requests"]["limit_value"] == 1000
    assert told["requests"]["remaining_min"] == 0
    assert told["requests"]["peak_use_share"] == 1
    assert told["requests"]["rate_limited_calls"] == 1
    assert told["output_tokens"]["peak_use_share"] == 0.5


def test_the_pace_at_which_limits_are_used(client: Client) -> None:
    """Use of the present by minute; only a pace above the limit has a time to its end."""
    minute = 60 * 10**9
    made = [
        call(
            number,
            "pace",
            AFTER_NS + number * minute // 2,
            prompt=3_000_000,
            read=1_000_000,
            workspace="wrkspc_8",
            **{semconv.ORGANIZATION_ID: "org_8"},
            **limited("requests", 100, 90),
            **limited("input_tokens", 2_000_000, 500_000),
        )
        for number in range(4)
    ]
    refused = call(9, "pace", AFTER_NS, workspace="wrkspc_8", status=429) | {"status": {"code": 2}}
    client.send(*made, refused)
    rows = client.query("pace", team="pace", as_of="2026-10-11T12:02:00Z", minutes=2)
    told = {row["limit_kind"]: row for row in rows if row["organization_id"] == "org_8"}

    assert list(told) == ["input_tokens", "requests"]
    inputs, requests = told["input_tokens"], told["requests"]
    assert (inputs["workspace_id"], inputs["limit_value"]) == ("wrkspc_8", 2_000_000)
    assert (inputs["remaining"], inputs["used_per_minute"]) == (500_000, 4_000_000)
    assert inputs["use_share"] == 2
    assert inputs["exhausted_in_s"] == 15  # 500,000 left, 2,000,000 a minute beyond the limit
    assert (requests["used_per_minute"], requests["peak_per_minute"]) == (2, 2)
    assert requests["exhausted_in_s"] is None


def test_requests_refused_by_the_limit_that_was_tightest(client: Client) -> None:
    """A 429 is told by the limit it left least of, or by none where it told no limits."""
    both = {**limited("requests", 100, 60), **limited("output_tokens", 80_000, 0)}
    client.send(
        call(1, "refused", AFTER_NS, status=429, **both),
        call(2, "refused", AFTER_NS + 1, status=429, **both),
        call(3, "refused", AFTER_NS, status=429),
        call(4, "refused", AFTER_NS, status=200, **both),
    )
    rows = client.query("rate_limited", team="refused", **AFTER)

    assert [(row["limit_kind"], row["requests"], row["least_share"]) for row in rows] == [
        ("output_tokens", 2, 0),
        ("(none)", 1, None),
    ]


def test_why_costs_are_estimates(client: Client) -> None:
    """Each reason by source, with its share of all calls of that source."""
    client.send(
        call(1, "doubt", AFTER_NS, **{semconv.USAGE_COMPLETE: False}),
        call(2, "doubt", AFTER_NS, model="claude-unheard-of"),
        call(3, "doubt", AFTER_NS),
        call(4, "doubt", AFTER_NS),
    )
    rows = client.query("cost_reasons", team="doubt", **AFTER)
    told = {row["cost_reason"]: row for row in rows}

    assert told["unknown_model"]["cost_status"] == "unpriced"
    assert told["unknown_model"]["cost_usd"] is None
    estimated = [row for row in rows if row["cost_status"] == "estimated"]
    assert [row["calls"] for row in estimated] == [1]
    assert {row["source_share"] for row in rows} == {0.25}


def test_a_trace_is_a_tree(client: Client) -> None:
    """Spans and calls of a trace come with ids and parents; only calls have a cost."""
    root = call_span(start_ns=AFTER_NS, duration_ns=3 * 10**9) | {
        "name": "answer",
        "attributes": [],
    }
    child = call(1, "tree", AFTER_NS + 10**6) | {
        "traceId": root["traceId"],
        "parentSpanId": root["spanId"],
    }
    client.send(root, scope="my.app")
    client.send(child)
    rows = client.query("trace", trace_id=root["traceId"], near="2026-10-11T00:00:00Z")

    assert [(row["kind"], row["span_id"], row["parent_span_id"]) for row in rows] == [
        ("span", root["spanId"], None),
        ("call", child["spanId"], root["spanId"]),
    ]
    assert [row["cost_usd"] for row in rows] == [None, "3.000000000000"]
    assert [row["name"] for row in rows] == ["answer", f"chat {SONNET}"]
    assert client.query("trace", trace_id=root["traceId"]) == rows
    assert client.query("trace", trace_id=root["traceId"], near="2026-10-01T00:00:00Z") == []


def test_all_that_is_known_of_a_call(client: Client) -> None:
    """A call's row has its facts, its parts of the cost, and how far the sender's claim is off."""
    span = call(
        1,
        "detail",
        AFTER_NS,
        searches=2,
        **{semconv.COST_PICODOLLARS: 3 * 10**12, semconv.TAG_PREFIX + "release": "7"},
    )
    client.send(span)
    [row] = client.query("call", trace_id=span["traceId"], span_id=span["spanId"])

    assert row["message_id"] == "msg_detail_1"
    assert (row["cost_usd"], row["claimed_usd"]) == ("3.020000000000", "3.000000000000")
    assert row["claim_difference_usd"] == "0.020000000000"
    assert row["web_search_usd"] == "0.020000000000"
    assert '"release":"7"' in row["tags"]
    assert row["reports"] == 0
    assert client.query("call", trace_id=span["traceId"], span_id="0" * 15 + "1") == []


@pytest.mark.parametrize(
    ("used", "told"),
    [
        (Usage(1_000_000, 100_000), {}),
        (Usage(10_000, 5_000, 700_000, 290_000), {"read": 700_000, "written": 290_000}),
        (Usage(10_000, 5_000, 990_000, inference_geo="us"), {"read": 990_000}),
        (Usage(10_000, 5_000, 990_000, service_tier="batch"), {"read": 990_000}),
        (Usage(2_000, 900, 0, 0, 0, 4), {"searches": 4}),
    ],
    ids=["uncached", "cached", "us", "batch", "searches"],
)
def test_what_a_call_would_have_cost(client: Client, used: Usage, told: dict[str, Any]) -> None:
    """Without caching and in a batch, as the price book's own second pricing says, exactly."""
    known = {semconv.SERVICE_TIER: used.service_tier, semconv.INFERENCE_GEO: used.inference_geo}
    told |= {name: value for name, value in known.items() if value}
    facts = {"prompt": used.prompt_tokens, "output": used.output_tokens, **told}
    span = call("-".join(map(str, used[:9])), "if", AFTER_NS, **facts)
    client.send(span)
    [row] = client.query("call", trace_id=span["traceId"], span_id=span["spanId"])
    expected = savings(SONNET, used, at_ns=AFTER_NS)

    assert Decimal(row["cost_usd"]) == expected.actual.usd
    assert Decimal(row["without_caching_usd"]) == expected.without_caching.usd
    assert Decimal(row["in_batch_usd"]) == expected.in_batch.usd


def test_what_would_have_been_is_not_guessed(client: Client) -> None:
    """No price, no alternative; rate limits stand beside what was left of them."""
    unknown = call(1, "guess", AFTER_NS, model="claude-unheard-of")
    limited = call(
        2,
        "guess",
        AFTER_NS,
        **{"anthropic.ratelimit.requests.limit": 50, "anthropic.ratelimit.requests.remaining": 49},
    )
    client.send(unknown, limited)
    rows = [
        client.query("call", trace_id=span["traceId"], span_id=span["spanId"])[0]
        for span in (unknown, limited)
    ]

    assert rows[0]["without_caching_usd"] is rows[0]["in_batch_usd"] is None
    assert (rows[1]["requests_limit"], rows[1]["requests_remaining"]) == (50, 49)
    assert rows[1]["tokens_limit"] is None


def test_evidence_of_a_call(client: Client) -> None:
    """Another source's report of the same call is shown beside it and is in no sum."""
    span = call(1, "twice", AFTER_NS)
    other = call_span("msg_twice_1", start_ns=AFTER_NS) | {"traceId": span["traceId"]}
    client.send(span)
    client.send(other, scope="opentelemetry.instrumentation.anthropic")
    reports = client.query("call_reports", trace_id=span["traceId"], span_id=span["spanId"])
    [row] = client.query("call", trace_id=span["traceId"], span_id=span["spanId"])
    [total] = client.query("usage", team="twice", **AFTER)

    assert [report["counted"] for report in reports] == [True, False]
    assert reports[0]["source"] == "spanledger"
    assert reports[1]["matched_by"] == "message_id"
    assert row["reports"] == 1
    assert total["calls"] == 1
    assert [each["kind"] for each in client.query("trace", trace_id=span["traceId"])] == [
        "call",
        "report",
    ]


def test_duplicates_by_source(client: Client) -> None:
    """A source's counted calls and its claims are compared."""
    client.send(call(1, "claim", AFTER_NS, **{semconv.COST_PICODOLLARS: 10**12}))
    [row] = client.query("duplicates", team="claim", **AFTER)

    assert (row["source"], row["counted_calls"], row["duplicates"]) == ("spanledger", 1, 0)
    assert row["claim_difference_usd"] == "2.000000000000"


def test_quarantine(client: Client) -> None:
    """Refused spans are listed, the newest first, page by page, and counted by reason."""
    for _ in range(3):
        client.send(call_span(start_ns=1) | {"name": "too early"})
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    rows = client.query("quarantine", end=now)
    first = client.query("quarantine", end=now, limit=1)
    rest = client.query("quarantine", end=now, before=first[0]["cursor"])
    reasons = client.query("quarantine_reasons", end=now)

    assert [row["reason"] for row in rows] == ["bad_time"] * 3
    assert "too early" in rows[0]["span"]
    assert first + rest == rows
    assert [(row["reason"], row["refused_spans"]) for row in reasons] == [("bad_time", 3)]
    assert client.query("quarantine", end=now, reason="other") == []
    assert client.health()["quarantined_last_day"] == 3
