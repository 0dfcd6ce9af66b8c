"""Message batches from hand-in to results, at half price."""

from __future__ import annotations

from decimal import Decimal

import anthropic
import pytest
from anthropic.types.messages.batch_create_params import Request

from spanledger_demo.simulator import Simulator, asking


def item(custom_id: str, model: str = "claude-opus-5-5") -> Request:
    """Make an item with a prompt of five tokens."""
    return {
        "custom_id": custom_id,
        "params": {
            "model": model,
            "max_tokens": 100,
            "messages": [{"role": "user", "content": "Why?"}],
        },
    }


def test_a_batch_is_handed_in_worked_off_and_read(
    client: anthropic.Anthropic, simulator: Simulator
) -> None:
    """It is in progress first; after its time every item has its own end, billed at half price."""
    created = client.messages.batches.create(
        requests=[item("good"), item("bad", "claude-nonesuch"), item("late")],
        extra_headers=asking(
            batch_s=60, items={"good": {"output_tokens": 20}, "late": {"result": "expired"}}
        ),
    )
    waiting = client.messages.batches.retrieve(created.id)
    simulator.advance_clock(61)
    ended = client.messages.batches.retrieve(created.id)
    results = {
        entry.custom_id: entry.result for entry in client.messages.batches.results(created.id)
    }

    assert waiting.processing_status == "in_progress"
    assert waiting.request_counts.processing == 3
    assert ended.processing_status == "ended"
    assert ended.request_counts.to_dict() == {
        "processing": 0,
        "succeeded": 1,
        "errored": 1,
        "canceled": 0,
        "expired": 1,
    }
    good, bad = results["good"], results["bad"]
    assert good.type == "succeeded"
    assert good.message.usage.service_tier == "batch"
    assert bad.type == "errored"
    assert bad.error.error.type == "not_found_error"
    assert results["late"].type == "expired"
    # 5 tokens in at 4 and 20 out at 20 per million, halved
    assert simulator.bill().usd() == Decimal("0.00021")


def test_results_wait_for_the_end(client: anthropic.Anthropic) -> None:
    """Reading too early is the SDK's error, as with the API."""
    batch = client.messages.batches.create(requests=[item("one")], extra_headers=asking(batch_s=60))

    with pytest.raises(anthropic.AnthropicError, match="No `results_url`"):
        client.messages.batches.results(batch.id)


def test_a_cancelled_batch_costs_nothing(client: anthropic.Anthropic, simulator: Simulator) -> None:
    """What was not worked off yet ends as cancelled, free."""
    batch = client.messages.batches.create(
        requests=[item("one"), item("two")], extra_headers=asking(batch_s=60)
    )
    cancelled = client.messages.batches.cancel(batch.id)
    ended = client.messages.batches.retrieve(batch.id)

    assert cancelled.processing_status == "canceling"
    assert ended.request_counts.canceled == 2
    assert simulator.bill().requests() == 0


def test_batches_are_listed_newest_first_and_deleted(client: anthropic.Anthropic) -> None:
    """The list belongs to the workspace."""
    first, second = (client.messages.batches.create(requests=[item("one")]) for _ in range(2))

    assert [batch.id for batch in client.messages.batches.list()] == [second.id, first.id]
    client.messages.batches.delete(first.id)
    assert [batch.id for batch in client.messages.batches.list()] == [second.id]


def test_other_workspaces_do_not_see_a_batch(
    client: anthropic.Anthropic, simulator: Simulator
) -> None:
    """A batch of another key is not found."""
    batch = client.messages.batches.create(requests=[item("one")])

    with (
        anthropic.Anthropic(base_url=simulator.url, api_key="other") as other,
        pytest.raises(anthropic.NotFoundError),
    ):
        other.messages.batches.retrieve(batch.id)


def test_custom_ids_must_be_unique(client: anthropic.Anthropic) -> None:
    """Two items of one name are refused."""
    with pytest.raises(anthropic.BadRequestError, match="custom_id"):
        client.messages.batches.create(requests=[item("same"), item("same")])
