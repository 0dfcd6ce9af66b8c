"""Every price is compared with `genai-prices`; each disagreement is known and explained."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from spanledger.pricing.book import day_number
from tests.pricing.second_opinion import KINDS, Opinions, Probe, opinions, probes

ALLOWED: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("disagreements.json").read_text(encoding="utf-8")
)


def explains(entry: dict[str, Any], probe: Probe, kind: str) -> bool:
    """Whether an entry of the list speaks of a kind of token in a probe."""
    return (
        any(fnmatchcase(probe.platform, glob) for glob in entry.get("platform", "*").split("|"))
        and any(fnmatchcase(probe.model, glob) for glob in entry.get("model", "*").split("|"))
        and entry.get("variant", probe.variant) == probe.variant
        and ("before" not in entry or probe.day < day_number(entry["before"]))
        and kind in entry.get("kinds", KINDS)
    )


def disagreements() -> list[tuple[Probe, str, Opinions]]:
    """Each kind of token that both sides price differently."""
    return [
        (probe, kind, said)
        for probe in probes()
        for said in [opinions(probe)]
        for kind, ours, theirs in zip(KINDS, *said, strict=True)
        if ours != theirs
    ]


@pytest.fixture(scope="module")
def found() -> list[tuple[Probe, str, Opinions]]:
    return disagreements()


def test_both_agree_but_where_the_list_says_why(found: list[tuple[Probe, str, Opinions]]) -> None:
    """A new difference is a mistake on one side, and is looked into before it is listed."""
    unexplained = [
        f"{probe} {kind}: {said}"
        for probe, kind, said in found
        if not any(explains(entry, probe, kind) for entry in ALLOWED)
    ]

    assert unexplained == []


@pytest.mark.parametrize("entry", ALLOWED, ids=lambda entry: entry["why"][:50])
def test_no_explanation_outlives_its_difference(
    entry: dict[str, Any], found: list[tuple[Probe, str, Opinions]]
) -> None:
    """What both sides agree on by now must not stay on the list, where it could hide a mistake."""
    assert any(explains(entry, probe, kind) for probe, kind, _ in found)


def test_most_prices_are_compared() -> None:
    """The comparison covers every model, and agreement is the rule on the Claude API today."""
    asked = list(probes())
    today = [
        probe
        for probe in asked
        if probe.platform == "anthropic" and probe.variant == "standard" and probe.day > 20_700
    ]
    agreed = [probe for probe in today if opinions(probe).ours == opinions(probe).theirs]

    assert len(asked) > 500
    assert len(agreed) > 15
