"""The history is repeatable, believable, and has the spike of yesterday."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import pytest

from spanledger import semconv
from spanledger_demo.arrivals import Arrival
from spanledger_demo.history import DemoCall, History, charge
from spanledger_demo.simulator import Bill
from spanledger_demo.simulator.rates import cost_usd
from spanledger_demo.spans import export_request

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=timezone.utc)  # a Friday
YESTERDAY = NOW.date() - timedelta(days=1)


@pytest.fixture(scope="module")
def calls() -> list[DemoCall]:
    """The history before one afternoon."""
    return list(History(now=NOW).calls())


def moment(arrival: Arrival) -> datetime:
    return datetime.fromtimestamp(arrival.at_ns / 1e9, timezone.utc)


def usd(calls: Iterable[DemoCall]) -> Fraction:
    billed = (call for call in calls if call.counts is not None)
    return sum(
        (cost_usd(call.served_model, call.counts) for call in billed if call.counts), Fraction()
    )


def test_the_same_seed_and_moment_give_the_same_history(calls: list[DemoCall]) -> None:
    """Everything is drawn from the seed, ids included; another seed is another company."""
    again = History(now=NOW)

    assert len(again) == len(calls)
    assert list(again.calls()) == calls
    assert len(History(now=NOW, seed=8)) != len(calls)


def test_it_is_as_large_as_a_mid_size_company(calls: list[DemoCall]) -> None:
    """Some 50 to 60 thousand requests, and 150 to 400 dollars on a working day."""
    by_day = defaultdict(list)
    for call in calls:
        by_day[moment(call.arrival).date()].append(call)
    quiet = [day for day in by_day if YESTERDAY - timedelta(days=28) < day < YESTERDAY]
    working = [float(usd(by_day[day])) for day in quiet if day.weekday() < 5]
    weekend = [float(usd(by_day[day])) for day in quiet if day.weekday() >= 5]

    assert 50_000 < len(calls) < 65_000
    assert all(130 < spent < 400 for spent in working)
    assert max(weekend) < min(working) / 2


def test_it_covers_teams_services_models_and_users(calls: list[DemoCall]) -> None:
    """Four teams, eight services, five models, two environments, many users and sessions."""
    features = {call.arrival.feature for call in calls}

    assert len({feature.team for feature in features}) == 4
    assert len({feature.service for feature in features}) == 8
    assert {call.served_model for call in calls} == {
        "claude-fable-5-1",
        "claude-haiku-4-5-20251001",
        "claude-haiku-5-5",
        "claude-opus-5-5",
        "claude-sonnet-5-5",
    }
    assert {call.arrival.environment for call in calls} == {"production", "staging"}
    assert len({call.arrival.user for call in calls}) > 500
    assert len({call.arrival.session for call in calls}) > 1000


def test_days_have_office_hours(calls: list[DemoCall]) -> None:
    """A working day's afternoon is several times busier than its night."""
    hours = Counter(
        moment(call.arrival).hour for call in calls if moment(call.arrival).weekday() < 5
    )

    assert hours[14] > 5 * hours[3]
    assert hours[10] > hours[12]  # lunch


def test_yesterdays_spike_has_one_cause(calls: list[DemoCall]) -> None:
    """One feature of one team on one model makes the difference to the days before."""
    spent: defaultdict[tuple[bool, str], Fraction] = defaultdict(Fraction)
    for call in calls:
        day = moment(call.arrival).date()
        if day in (YESTERDAY, YESTERDAY - timedelta(days=1)):
            spent[day == YESTERDAY, call.arrival.feature.name] += usd([call])
    names = {name for _, name in spent}
    risen = {name: float(spent[True, name] - spent[False, name]) for name in names}

    assert risen.pop("repo-migration") > 250
    assert all(abs(difference) < 60 for difference in risen.values())
    causes = [
        call for call in calls if call.arrival.runaway and moment(call.arrival).date() == YESTERDAY
    ]
    assert {(call.arrival.feature.team, call.served_model) for call in causes} == {
        ("platform", "claude-opus-5-5")
    }


def test_caching_grows_warm(calls: list[DemoCall]) -> None:
    """A feature that turns caching on reads nearly all of its instructions from then on."""

    def share_read(part: Iterable[DemoCall]) -> float:
        counts = [call.counts for call in part if call.counts is not None]
        return sum(count.cache_read for count in counts) / sum(
            count.prompt_tokens for count in counts
        )

    drafts = [call for call in calls if call.arrival.feature.name == "reply-drafts"]

    assert share_read(call for call in drafts if call.arrival.progress < 0.3) == 0
    assert share_read(call for call in drafts if call.arrival.progress > 0.5) > 0.7


def test_everything_that_happens_to_calls_happens(calls: list[DemoCall]) -> None:
    """Streams, tools, searches, thinking, batches, retries, failures and early ends all occur."""
    made = [call for call in calls if call.counts is not None]
    counts = [call.counts for call in made if call.counts is not None]

    assert {call.failure for call in calls} == {
        None,
        (429, "rate_limit_error"),
        (529, "overloaded_error"),
    }
    assert 50 < sum(call.outcome == "closed" for call in calls) < 600
    assert sum(call.retries == 1 for call in made) > 100
    assert sum(call.stop_reason == "tool_use" for call in made) > 1000
    assert sum(count.web_searches for count in counts) > 1000
    assert sum(count.thinking_tokens > 0 for count in counts) > 1000
    assert sum(count.cache_write_1h > 0 for count in counts) > 100
    assert sum(count.service_tier == "batch" for count in counts) > 1000
    assert sum(count.inference_geo == "us" for count in counts) > 1000
    assert {call.arrival.operation for call in calls} == {
        "chat",
        "count_tokens",
        "batches.create",
    }


def test_times_are_plausible_and_past(calls: list[DemoCall]) -> None:
    """In order, within the thirty days, and the first chunk before the end."""
    starts = [call.arrival.at_ns for call in calls]

    assert starts == sorted(starts)
    assert NOW - moment(calls[0].arrival) <= timedelta(days=30)
    assert moment(calls[-1].arrival) <= NOW
    assert all(1_000_000 <= call.duration_ns < 600 * 10**9 for call in calls)
    assert all(
        0 < call.first_chunk_ns < call.duration_ns
        for call in calls
        if call.first_chunk_ns is not None
    )
    assert len({call.span_id for call in calls}) == len(calls)
    messages = [call.message_id for call in calls if call.message_id is not None]
    assert len(set(messages)) == len(messages)


def test_the_bill_is_by_what_was_made(calls: list[DemoCall]) -> None:
    """Failures are not billed, early ends are billed as partial, the rest as complete."""
    bill = Bill()
    for call in calls:
        charge(bill, call)
    totals = bill.totals()

    made = [call for call in calls if call.counts is not None]
    assert totals.requests("complete") == sum(call.outcome == "completed" for call in made)
    assert totals.requests("partial") == sum(call.outcome == "closed" for call in made)
    assert totals.usd() == Decimal(str(float(usd(made)))).quantize(Decimal("1e-9"))


def test_spans_keep_the_contract(calls: list[DemoCall]) -> None:
    """A finished call's span says everything under the table's names, and claims no cost."""
    call = next(
        call
        for call in calls
        if call.outcome == "completed"
        and call.arrival.feature.name == "reply-drafts"
        and call.counts is not None
        and call.counts.cache_read
    )
    counts = call.counts
    assert counts is not None
    request = export_request([call])
    (group,) = request.resource_spans
    (span,) = group.scope_spans[0].spans
    told = {
        pair.key: getattr(pair.value, str(pair.value.WhichOneof("value")))
        for pair in (*group.resource.attributes, *span.attributes)
    }

    assert group.scope_spans[0].scope.name == semconv.SCOPE
    assert (span.name, span.kind) == ("chat claude-sonnet-5-5", 3)
    assert span.end_time_unix_nano - span.start_time_unix_nano == call.duration_ns
    assert told["service.name"] == "helpdesk"
    assert told["gen_ai.operation.name"] == "chat"
    assert told["gen_ai.usage.input_tokens"] == counts.prompt_tokens
    assert told["gen_ai.usage.cache_read.input_tokens"] == counts.cache_read
    assert told["gen_ai.usage.output_tokens"] == counts.output_tokens
    assert told["spanledger.tag.team"] == "support"
    assert told["spanledger.tag.session"] == call.arrival.session
    assert told["spanledger.usage.complete"] is True
    assert not [name for name in told if name.startswith("spanledger.cost")]


def test_a_stream_left_early_tells_only_its_first_counts(calls: list[DemoCall]) -> None:
    """Its span has the placeholder of `message_start`, and says that the usage is incomplete."""
    call = next(call for call in calls if call.outcome == "closed")
    (span,) = export_request([call]).resource_spans[0].scope_spans[0].spans
    told = {pair.key: pair.value for pair in span.attributes}

    assert told["gen_ai.usage.output_tokens"].int_value == 1
    assert told["spanledger.outcome"].string_value == "closed"
    assert told["spanledger.usage.complete"].bool_value is False
    assert "anthropic.message.stop_reason" not in told


def test_answers_tell_what_is_left_of_the_limits(calls: list[DemoCall]) -> None:
    """Mostly the runaway comes near them; batches tell nothing."""
    told = [call for call in calls if call.left is not None and call.failure is None]
    near = [call for call in told if call.left and call.left.input_tokens < 200_000]

    assert len(told) > 40_000
    assert not any(call.arrival.feature.batched for call in told)
    assert near
    assert sum(call.arrival.runaway for call in near) / len(near) > 0.7


def test_the_runaway_misses_its_cache(calls: list[DemoCall]) -> None:
    """It changes what was said before, and so writes again what the cache has."""
    missing = [call for call in calls if call.missed_tokens]

    assert missing
    assert all(call.arrival.runaway and call.arrival.turn for call in missing)
    assert all(call.counts and call.missed_tokens <= call.counts.cache_write_5m for call in missing)
