"""The page on dialects says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from spanledger import semconv
from spanledger_collector import dialects, sources
from spanledger_collector.dialects import content, names
from tests.collector.recorded import claude_code, only_call, recorded_spans, span_of, unknown

PAGE = (Path(__file__).parents[1] / "docs" / "dialects.md").read_text()
ROWS = {
    cells[0].strip("` "): cells
    for line in PAGE.splitlines()
    if line.startswith("| `") and len(cells := line.strip("| ").split(" | ")) == 5
}
CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "claude-sonnet-4-6",
    "gen_ai.usage.input_tokens": 9,
    "gen_ai.usage.cache_write.input_tokens": 5,
}


def code_in(text: str) -> set[str]:
    """Everything in backquotes."""
    return set(re.findall(r"`([^`]+)`", text))


def reported(source: str) -> set[str]:
    """What a report of a source leaves open."""
    recorded = {"anthropic_sdk": "anthropic_sdk_native"}
    signals = {
        "claude_code": "logs_2",
        "claude_code_spans": "traces_1",
        "claude_code_metrics": "metrics_1",
    }
    made_up = {"anthropic_server": "com.anthropic.claude-platform", "generic": "my.app"}
    if source in signals:
        return unknown(claude_code(signals[source]).calls[0])
    if source in made_up:
        return unknown(only_call(span_of(made_up[source], CHAT)))
    if source == "spanledger":
        return unknown(only_call(span_of(semconv.SCOPE, CHAT))) - {"ttl_split"}
    return unknown(only_call(*recorded_spans(recorded.get(source, source), "a")))


def test_every_source_in_its_order() -> None:
    """The table has the sources of the code, best first."""
    assert tuple(ROWS) == sources.PRECEDENCE


@pytest.mark.parametrize("source", sources.PRECEDENCE)
def test_what_each_source_leaves_open(source: str) -> None:
    """As its telemetry shows it."""
    always = ROWS[source][3].partition(";")[0]

    assert code_in(always) == reported(source)


def test_every_scope_is_named() -> None:
    """How sources are recognised is what the code looks for."""
    told = {cell for row in ROWS.values() for cell in code_in(row[1])}

    assert set(dialects.SCOPES) <= told


def test_every_name_of_a_person_or_team() -> None:
    """Where attribution comes from is listed, in the order in which it is looked for."""
    for row in ("team", "user_id", "session_id"):
        [line] = [line for line in PAGE.splitlines() if line.startswith(f"| `{row}` |")]
        looked_for = {"team": names.TEAM, "user_id": names.USER, "session_id": names.SESSION}[row]
        found = re.findall(r"`([^`]+)`", line)
        assert [name for name in found if name in looked_for][-len(looked_for) :] == list(
            looked_for
        )


def test_content_that_is_named_is_dropped() -> None:
    """Each name of the last section, and whatever begins like one of its prefixes."""
    section = PAGE.partition("## Content")[2]
    told = {name for name in code_in(section) if not name.endswith(".py")}
    kept = content.without_content({name.replace("*", "0.x"): "secret" for name in told})

    assert len(told) > 10
    assert kept == {}
