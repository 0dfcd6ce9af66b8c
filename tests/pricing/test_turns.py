"""Calls of several model requests: each is billed at its own length, model and price."""

from __future__ import annotations

from tests.pricing.support import check, cost_of, turn, usage


def test_the_step_is_judged_for_each_model_request() -> None:
    """Two turns of 60,000 stay below the step that their sum exceeds."""
    fields = usage(input_tokens=120_000, output_tokens=2000, iterations=[turn(60_000)] * 2)

    check(cost_of("claude-haiku-5-5", fields), "priced", "0.013")


def test_turns_on_both_sides_of_the_step() -> None:
    """Each turn pays the rates of its own length."""
    fields = usage(
        input_tokens=200_000, output_tokens=2000, iterations=[turn(50_000), turn(150_000)]
    )

    check(cost_of("claude-haiku-5-5", fields), "priced", "0.083")


def test_a_sum_without_its_turns_is_uncertain() -> None:
    """A server-tool loop above the step, without its turns, is an estimate."""
    fields = usage(input_tokens=120_000, server_tool_use={"web_search_requests": 1})

    check(cost_of("claude-haiku-5-5", fields), "estimated", "0.07", "long_context_uncertain")


def test_turns_that_do_not_add_up_are_doubted() -> None:
    """When the turns contradict the totals, the totals are billed as an estimate."""
    fields = usage(input_tokens=50_000, output_tokens=1000, iterations=[turn(60_000)])

    check(cost_of("claude-haiku-5-5", fields), "estimated", "0.0055", "iterations_do_not_add_up")


def test_compaction_and_advisor_are_billed_beside_the_totals() -> None:
    """What the totals leave out is added, the advisor at its own model."""
    fields = usage(
        input_tokens=1000,
        output_tokens=1000,
        iterations=[
            turn(1000),
            turn(10_000, "compaction"),
            turn(2000, "advisor_message", model="claude-opus-5-5"),
        ],
    )

    check(cost_of("claude-sonnet-5-5", fields), "priced", "0.07")


def test_a_fallback_bills_the_server_and_what_decliners_wrote() -> None:
    """A model that declined in silence is free; one that wrote first is billed at its own price."""
    silent = turn(1000, model="claude-fable-5-2", output_tokens=0)
    wrote = turn(1000, model="claude-fable-5-2")
    served = turn(1000, "fallback_message", model="claude-opus-5-5")
    totals = {"input_tokens": 1000, "output_tokens": 1000}

    check(
        cost_of("claude-opus-5-5", usage(**totals, iterations=[silent, served])),
        "priced",
        "0.024",
        "declined_attempt_not_billed",
    )
    check(
        cost_of("claude-opus-5-5", usage(**totals, iterations=[wrote, served])), "priced", "0.072"
    )


def test_an_unknown_kind_of_turn_is_unpriced() -> None:
    """A kind of model request that the rules do not know is not guessed at."""
    fields = usage(input_tokens=10, iterations=[turn(10, "telepathy")])

    check(cost_of("claude-opus-5-5", fields), "unpriced", None, "unknown_iteration_type")
