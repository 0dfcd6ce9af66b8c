"""The code-review service in trouble: an agent that reads a repository anew, again and again."""

from __future__ import annotations

from typing import Final

import anthropic
from opentelemetry.trace import Tracer

import spanledger
from spanledger_demo.company import SPIKE
from spanledger_demo.simulator import asking
from spanledger_demo.traffic.pace import Pace
from spanledger_demo.traffic.tracing import agent

TURNS: Final = 8
_A_WHOLE_REPOSITORY: Final = asking(usage={"input_tokens": 140_000, "output_tokens": 5_000})


def run(client: anthropic.Anthropic, pace: Pace, tracer: Tracer) -> None:
    """Start over until the pace says stop."""
    number = 0
    while pace.wait():
        session = f"{SPIKE.feature}-live-{number // TURNS:03d}"
        number += 1
        with (
            spanledger.tags(
                team="platform", feature=SPIKE.feature, user=SPIKE.user, session=session
            ),
            agent(tracer, "repo-migrator"),
        ):
            _turn(client)


def _turn(client: anthropic.Anthropic) -> None:
    try:
        client.messages.create(
            model="claude-opus-5-5",
            max_tokens=8192,
            messages=[{"role": "user", "content": "The build failed. Start over."}],
            extra_headers=_A_WHOLE_REPOSITORY,
        )
    except anthropic.APIStatusError:
        return  # it never gives up
