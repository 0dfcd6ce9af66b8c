"""Our dialect, span by span: what each attribute makes of a call, and what it costs."""

from __future__ import annotations

from typing import Any

import pytest

from spanledger import semconv
from spanledger.pricing import Usage, price, price_book
from spanledger_collector.ledger import book
from spanledger_collector.rows import CallRow
from spanledger_collector.spans import Span

START_NS = 1_790_000_000_000_000_000
NO_USAGE = {semconv.INPUT_TOKENS: None, semconv.OUTPUT_TOKENS: None}


def row(attributes: dict[str, Any] | None = None, **resource: Any) -> CallRow:
    """The ledger's row for a call with these attributes."""
    facts = {
        semconv.OPERATION_NAME: "chat",
        semconv.REQUEST_MODEL: "claude-sonnet-4-6",
        semconv.INPUT_TOKENS: 1000,
        semconv.OUTPUT_TOKENS: 100,
        **(attributes or {}),
    }
    span = Span(
        trace_id=b"t" * 16,
        span_id=b"s" * 8,
        parent_span_id=b"",
        name="chat",
        kind=3,
        start_ns=START_NS,
        end_ns=START_NS + 1,
        status=0,
        attributes={name: value for name, value in facts.items() if value is not None},
        scope=semconv.SCOPE,
        resource={name.replace("__", "."): value for name, value in resource.items()},
    )
    [entered] = book([span], START_NS, price_book()).calls
    return entered


@pytest.mark.parametrize(
    ("attributes", "status", "picodollars", "reasons"),
    [
        ({}, "priced", 4_500_000_000, []),
        ({semconv.USAGE_COMPLETE: False}, "estimated", 4_500_000_000, ["usage_incomplete"]),
        ({semconv.REQUEST_MODEL: "gpt-7"}, "unpriced", None, ["unknown_model"]),
        ({semconv.REQUEST_MODEL: None}, "unpriced", None, ["unknown_model"]),
        (NO_USAGE, "unpriced", None, ["usage_unknown"]),
        (
            {**NO_USAGE, semconv.ERROR_TYPE: "APITimeoutError", semconv.OUTCOME: "failed"},
            "unpriced",
            None,
            ["usage_unknown"],
        ),
        ({**NO_USAGE, semconv.BATCH_RESULT: "expired"}, "priced", 0, ["batch_expired"]),
        ({**NO_USAGE, semconv.BATCH_RESULT: "succeeded"}, "unpriced", None, ["usage_unknown"]),
        ({semconv.SERVICE_TIER: "batch"}, "priced", 2_250_000_000, []),
        (
            {**NO_USAGE, semconv.ERROR_TYPE: "RateLimitError", semconv.HTTP_STATUS: 429},
            "priced",
            0,
            ["request_failed"],
        ),
        (
            {**NO_USAGE, semconv.ERROR_TYPE: "ConnectError", semconv.REQUEST_SENT: False},
            "priced",
            0,
            ["not_connected"],
        ),
        ({semconv.REQUEST_SENT: False}, "priced", 4_500_000_000, []),
        (
            {**NO_USAGE, semconv.OPERATION_NAME: "count_tokens"},
            "priced",
            0,
            ["not_a_model_request"],
        ),
        ({semconv.COST_PICODOLLARS: 1}, "priced", 4_500_000_000, []),
    ],
)
def test_what_a_call_costs(
    attributes: dict[str, Any], status: str, picodollars: int | None, reasons: list[str]
) -> None:
    """The cost follows from the usage alone; what is unknown is unpriced, what is free is 0."""
    entered = row(attributes)

    assert (entered.cost_status, entered.cost_usd, entered.cost_reasons) == (
        status,
        picodollars,
        reasons,
    )


@pytest.mark.parametrize(
    ("written", "five", "hour", "expected", "known"),
    [
        (600, None, None, (600, 0), False),
        (600, 400, 200, (400, 200), True),
        (600, None, 200, (400, 200), True),
        (600, 100, 200, (400, 200), True),
        (None, 100, 200, (100, 200), True),
        (100, 0, 200, (0, 100), True),
        (None, None, None, (0, 0), True),
    ],
)
def test_cache_writes_by_lifetime(
    written: int | None,
    five: int | None,
    hour: int | None,
    expected: tuple[int, int],
    *,
    known: bool,
) -> None:
    """The total decides; what the split leaves over was written for five minutes."""
    entered = row(
        {
            semconv.CACHE_READ_TOKENS: 50,
            semconv.CACHE_WRITE_TOKENS: written,
            semconv.CACHE_WRITE_5M_TOKENS: five,
            semconv.CACHE_WRITE_1H_TOKENS: hour,
        }
    )

    assert (entered.cache_write_5m_tokens, entered.cache_write_1h_tokens) == expected
    assert entered.ttl_split_known is known
    assert entered.input_tokens == 1000 - 50 - sum(expected)


def test_iterations_are_priced_at_their_own_model() -> None:
    """The API's own list of model requests reaches the price, and is kept as it came."""
    listed = '[{"type": "message", "input_tokens": 1000, "output_tokens": 100}]'
    entered = row({semconv.ITERATIONS: listed})

    assert entered.iterations == listed
    assert (
        entered.cost_usd == price("claude-sonnet-4-6", Usage(1000, 100), at_ns=START_NS).picodollars
    )


@pytest.mark.parametrize(
    ("attributes", "resource", "expected"),
    [
        ({semconv.TAG_PREFIX + "team": "a"}, {"spanledger__team": "b", "team": "c"}, "a"),
        ({}, {"spanledger__team": "b", "team": "c"}, "b"),
        ({}, {"team": "c"}, "c"),
        ({semconv.TAG_PREFIX + "team": ""}, {}, None),
    ],
)
def test_whose_call_it_was(
    attributes: dict[str, Any], resource: dict[str, Any], expected: str | None
) -> None:
    """The team is the tag, else what the resource says, ours first."""
    assert row(attributes, **resource).team == expected


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"spanledger.tag.user": "a", "user.id": "b", semconv.METADATA_USER_ID: "c"}, "a"),
        ({"user.id": "b", semconv.METADATA_USER_ID: "c"}, "b"),
        ({semconv.METADATA_USER_ID: "c"}, "c"),
        ({}, None),
    ],
)
def test_which_user_it_was(attributes: dict[str, Any], expected: str | None) -> None:
    """The user is the tag, else the span's user, else what was sent to the API as metadata."""
    assert row(attributes).user_id == expected


def test_where_it_ran() -> None:
    """Service and environment come from the resource, the old name of the latter included."""
    old = row(service__name="shop", deployment__environment="prod")
    new = row(deployment__environment="old", deployment__environment__name="new")

    assert (old.service, old.environment) == ("shop", "prod")
    assert (new.service, new.environment) == ("unknown_service", "new")


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({semconv.OUTCOME: "closed"}, "closed"),
        ({semconv.OUTCOME: "exploded"}, "completed"),
        ({semconv.ERROR_TYPE: "APIError"}, "failed"),
        ({}, "completed"),
    ],
)
def test_how_it_ended(attributes: dict[str, Any], expected: str) -> None:
    """The outcome is the span's, or follows from whether there was an error."""
    assert row(attributes).outcome == expected


def test_numbers_as_javascript_sends_them() -> None:
    """A double without a fraction is the integer that it was meant to be."""
    assert row({semconv.OUTPUT_TOKENS: 100.0}).output_tokens == 100


def test_the_reason_to_stop() -> None:
    """The SDK's own attribute, else the convention's list."""
    assert row({semconv.STOP_REASON: "end_turn"}).stop_reason == "end_turn"
    assert row({semconv.FINISH_REASONS: ["max_tokens"]}).stop_reason == "max_tokens"
    assert row({semconv.FINISH_REASONS: []}).stop_reason is None
