"""Cache accounting depends on the prompt that is sent: prefixes, breakpoints, lifetimes."""

from __future__ import annotations

from typing import Any

import anthropic
import pytest
from anthropic.types import MessageParam

from spanledger_demo.simulator import Simulator

BOOK = "All work and no play. " * 400  # 8,800 bytes: 2,200 tokens
CHAPTER = "A further chapter of it. " * 320  # 8,000 bytes: 2,000 tokens
SMALL: MessageParam = {"role": "user", "content": "Why?"}  # 1 token and 4 of framing


def block(text: str, ttl: str | None = None) -> dict[str, Any]:
    """Make a text block, with a cache breakpoint when a TTL is given."""
    control = {"cache_control": {"type": "ephemeral", "ttl": ttl}} if ttl else {}
    return {"type": "text", "text": text, **control}


def spent(
    client: anthropic.Anthropic, *system: dict[str, Any], **options: Any
) -> tuple[int, int, int, int]:
    """Call, and give the uncached, read, 5-minute and 1-hour tokens of the prompt."""
    request = {"model": "claude-opus-5-5", "messages": [SMALL], "system": list(system), **options}
    usage = client.messages.create(max_tokens=5, **request).usage
    assert usage.cache_creation is not None
    assert usage.cache_read_input_tokens is not None
    split = usage.cache_creation
    assert usage.cache_creation_input_tokens == (
        split.ephemeral_5m_input_tokens + split.ephemeral_1h_input_tokens
    )
    return (
        usage.input_tokens,
        usage.cache_read_input_tokens,
        split.ephemeral_5m_input_tokens,
        split.ephemeral_1h_input_tokens,
    )


def test_a_prefix_is_written_and_then_read(client: anthropic.Anthropic) -> None:
    """The first call writes what lies before the breakpoint, the second reads it."""
    first = spent(client, block(BOOK, "5m"))
    second = spent(client, block(BOOK, "5m"))

    assert first == (5, 0, 2200, 0)
    assert second == (5, 2200, 0, 0)


def test_without_a_breakpoint_nothing_is_cached(client: anthropic.Anthropic) -> None:
    """Caching is asked for, never assumed."""
    assert [spent(client, block(BOOK)) for _ in range(2)] == [(2205, 0, 0, 0)] * 2


def test_a_longer_prompt_reads_the_known_part_and_writes_the_rest(
    client: anthropic.Anthropic,
) -> None:
    """What was cached is read although the breakpoint has moved on."""
    spent(client, block(BOOK, "5m"))

    assert spent(client, block(BOOK), block(CHAPTER, "5m")) == (5, 2200, 2000, 0)
    assert spent(client, block(BOOK), block(CHAPTER, "5m")) == (5, 4200, 0, 0)


def test_lifetimes_are_split(client: anthropic.Anthropic) -> None:
    """Each stretch is written for the time that its own breakpoint asks for."""
    both = (block(BOOK, "1h"), block(CHAPTER, "5m"))

    assert spent(client, *both) == (5, 0, 2000, 2200)
    assert spent(client, *both) == (5, 4200, 0, 0)


def test_entries_expire_after_their_own_time(
    client: anthropic.Anthropic, simulator: Simulator
) -> None:
    """After five minutes the short-lived part is written again, and the other still read."""
    both = (block(BOOK, "1h"), block(CHAPTER, "5m"))
    spent(client, *both)
    simulator.advance_clock(301)

    assert spent(client, *both) == (5, 2200, 2000, 0)
    simulator.advance_clock(3601)
    assert spent(client, *both) == (5, 0, 2000, 2200)


def test_reading_keeps_an_entry_alive(client: anthropic.Anthropic, simulator: Simulator) -> None:
    """Every read starts the five minutes anew."""
    spent(client, block(BOOK, "5m"))
    for _ in range(3):
        simulator.advance_clock(200)

        assert spent(client, block(BOOK, "5m")) == (5, 2200, 0, 0)


def test_a_change_before_the_breakpoint_misses(client: anthropic.Anthropic) -> None:
    """One letter earlier in the prompt makes it another prefix."""
    spent(client, block(BOOK, "5m"))

    assert spent(client, block("X" + BOOK[1:], "5m")) == (5, 0, 2200, 0)


def test_tools_come_before_the_system_prompt(client: anthropic.Anthropic) -> None:
    """Adding a tool changes the prefix of everything after it."""
    spent(client, block(BOOK, "5m"))
    tool = {"name": "look", "input_schema": {"type": "object"}}

    uncached, read, written, _ = spent(client, block(BOOK, "5m"), tools=[tool])

    assert (uncached, read) == (5, 0)
    assert written > 2200


def test_models_and_workspaces_do_not_share(
    client: anthropic.Anthropic, simulator: Simulator
) -> None:
    """A prefix is cached for one model of one workspace."""
    spent(client, block(BOOK, "5m"))

    assert spent(client, block(BOOK, "5m"), model="claude-opus-5")[1] == 0
    with anthropic.Anthropic(base_url=simulator.url, api_key="another") as other:
        assert spent(other, block(BOOK, "5m"))[1] == 0


def test_a_short_prefix_is_plain_input(client: anthropic.Anthropic) -> None:
    """Below the model's minimum nothing is cached, and nothing fails."""
    calls = [spent(client, block("Too short. " * 20, "5m")) for _ in range(2)]

    assert calls == [(60, 0, 0, 0)] * 2


def test_a_conversation_is_read_turn_by_turn(client: anthropic.Anthropic) -> None:
    """With a breakpoint on the newest message, each turn reads all turns before it."""
    reads = []
    for turns in range(1, 5):
        chapters = [f"{number}{CHAPTER}" for number in range(turns)]
        messages: list[dict[str, Any]] = [{"role": "user", "content": text} for text in chapters]
        messages[-1]["content"] = [block(chapters[-1], "5m")]
        reads.append(spent(client, messages=messages)[1])

    assert reads == [0, 2005, 4010, 6015]


def test_the_top_level_switch_marks_the_last_block(client: anthropic.Anthropic) -> None:
    """Automatic caching is a breakpoint at the end of the prompt."""
    automatic = {"cache_control": {"type": "ephemeral"}}

    assert spent(client, block(BOOK), **automatic) == (0, 0, 2205, 0)
    assert spent(client, block(BOOK), **automatic) == (0, 2205, 0, 0)


@pytest.mark.parametrize(
    ("ttls", "complaint"),
    [
        (("5m", "5m", "5m", "5m", "5m"), "maximum of 4 blocks"),
        (("5m", "1h"), "must not come after"),
        (("2d",), "'5m' or '1h'"),
    ],
)
def test_the_rules_of_breakpoints_are_kept(
    client: anthropic.Anthropic, ttls: tuple[str, ...], complaint: str
) -> None:
    """What the API refuses about breakpoints is refused."""
    with pytest.raises(anthropic.BadRequestError, match=complaint):
        spent(client, *(block(BOOK, ttl) for ttl in ttls))
