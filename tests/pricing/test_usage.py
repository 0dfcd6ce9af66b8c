"""Reading the API's usage object: what is there, what is absent, and what cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from spanledger.pricing import Usage, UsageError, iterations_from_json, usage_from_api


def test_the_whole_usage_object() -> None:
    """Every billable field of a real usage object is read."""
    usage = usage_from_api(
        {
            "input_tokens": 25,
            "output_tokens": 321,
            "cache_creation_input_tokens": 1500,
            "cache_read_input_tokens": 4000,
            "cache_creation": {"ephemeral_5m_input_tokens": 500, "ephemeral_1h_input_tokens": 1000},
            "output_tokens_details": {"thinking_tokens": 100},
            "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 1},
            "service_tier": "standard",
            "speed": "fast",
            "inference_geo": "us",
            "a_field_of_next_year": {"anything": 1},
        }
    )

    assert usage == Usage(25, 321, 4000, 500, 1000, 2, 1, 100, "standard", "fast", "us")
    assert usage.prompt_tokens == 5525


def test_absent_and_null_are_zero() -> None:
    """The API leaves fields out or null when it has nothing to say."""
    fields: dict[str, Any] = {"cache_creation": None, "server_tool_use": None, "iterations": None}

    assert usage_from_api({"input_tokens": 1, "output_tokens": 2, **fields}) == Usage(1, 2)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"output_tokens": 1}, "usage.input_tokens is missing"),
        ({"input_tokens": -1, "output_tokens": 1}, "usage.input_tokens must lie between 0"),
        ({"input_tokens": 1.5, "output_tokens": 1}, "usage.input_tokens must be a whole number"),
        ({"input_tokens": True, "output_tokens": 1}, "usage.input_tokens must be a whole number"),
        ({"input_tokens": "7", "output_tokens": 1}, "usage.input_tokens must be a whole number"),
        ({"input_tokens": 2**64, "output_tokens": 1}, "usage.input_tokens must lie between 0"),
        (
            {"input_tokens": 1, "output_tokens": 1, "server_tool_use": 3},
            "usage.server_tool_use must be an object",
        ),
        (
            {"input_tokens": 1, "output_tokens": 1, "iterations": [{}]},
            r"usage.iterations\[0\].type must be a text",
        ),
        (
            {"input_tokens": 1, "output_tokens": 1, "speed": 3},
            "usage.speed must be a text",
        ),
    ],
)
def test_what_cannot_be_is_named(fields: dict[str, Any], message: str) -> None:
    """A wrong field is refused by name, never read as something else."""
    with pytest.raises(UsageError, match=message):
        usage_from_api(fields)


def test_iterations_survive_as_json_text() -> None:
    """Spans and the ledger keep the list as text; nothing and null mean none."""
    entry = '[{"type": "message", "input_tokens": 1, "output_tokens": 2}]'

    assert iterations_from_json(entry)[0].output_tokens == 2
    assert iterations_from_json(None) == iterations_from_json("null") == ()
    with pytest.raises(UsageError, match="not JSON"):
        iterations_from_json("[")
