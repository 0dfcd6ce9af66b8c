"""The case table of `docs/telemetry.md`: what every road's span says, however the call ends.

`python -m tests.instrumentation.case_table` runs every case and writes the table anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import anthropic
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from spanledger import AnthropicInstrumentor
from spanledger_demo.simulator import Simulator, running_simulator
from tests.instrumentation import async_roads, roads
from tests.instrumentation.support import REFERENCE_USAGE, Spans, ask

PAGE = Path(__file__).parents[2] / "docs" / "telemetry.md"
BEGIN, END = "<!-- cases: begin -->", "<!-- cases: end -->"
CLIENTS = ("sync", "async")
ENDINGS = ("read", "API error", "left early")
USAGE = {key: value for key, value in REFERENCE_USAGE.items() if key != "output_tokens"}
"""Without a length of its own, the answer keeps the form that some roads ask for."""


class Case(NamedTuple):
    """One road, by one client, to one end."""

    road: str
    client: str
    ending: str

    @property
    def request(self) -> dict[str, Any]:
        """The request that comes to this end."""
        if self.ending == "API error":
            return ask(status=529)
        waits = self.ending == "left early" and self._steps.leave.__qualname__.startswith("answer")
        return ask(usage=USAGE, delay_s=30 if waits else 0)

    @property
    def _steps(self) -> roads.Road:
        return (roads.ROADS if self.client == "sync" else async_roads.ROADS)[self.road]

    def run(self, simulator: Simulator) -> None:
        """Make the call and bring it to its end."""
        step: Callable[..., Any] = (
            self._steps.leave if self.ending == "left early" else self._steps.read
        )
        try:
            if self.client == "sync":
                self._run(simulator, step)
            else:
                asyncio.run(self._run_async(simulator, step))
        except anthropic.APIStatusError:
            if self.ending != "API error":
                raise

    def _run(self, simulator: Simulator, step: Callable[..., Any]) -> None:
        with anthropic.Anthropic(base_url=simulator.url, api_key="test", max_retries=0) as client:
            step(client, self.request)

    async def _run_async(self, simulator: Simulator, step: Callable[..., Any]) -> None:
        async with anthropic.AsyncAnthropic(
            base_url=simulator.url, api_key="test", max_retries=0
        ) as client:
            await step(client, self.request)


CASES = [Case(road, client, end) for road in roads.ROADS for client in CLIENTS for end in ENDINGS]


def told(attributes: dict[str, Any]) -> str:
    """What a span says about its call's end and cost, in two words."""
    free = attributes.get("spanledger.cost.picodollars") == 0
    cost = "free" if free else attributes["spanledger.cost.status"]
    return f"{attributes['spanledger.outcome']}, {cost}"


def documented() -> dict[Case, str]:
    """The cells of the page's table."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    rows = [line.strip("| ").split(" | ") for line in rest.partition(END)[0].splitlines()[3:]]
    columns = [(client, ending) for client in CLIENTS for ending in ENDINGS]
    return {
        Case(row[0], *column): cell
        for row in rows
        if len(row) > 1
        for column, cell in zip(columns, row[1:], strict=True)
    }


def _write(cells: dict[Case, str]) -> None:
    head = ["Road", *(f"{client}: {ending}" for client in CLIENTS for ending in ENDINGS)]
    rows = [[road, *(cells[case] for case in CASES if case.road == road)] for road in roads.ROADS]
    lines = [head, ["---"] * len(head), *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


def main() -> None:
    """Run every case and write the table."""
    cells = {}
    with running_simulator() as simulator:
        for case in CASES:
            exporter, provider = InMemorySpanExporter(), TracerProvider()
            provider.add_span_processor(SimpleSpanProcessor(exporter))
            instrumentor = AnthropicInstrumentor()
            instrumentor.instrument(tracer_provider=provider)
            case.run(simulator)
            instrumentor.uninstrument()
            cells[case] = told(Spans(provider, exporter).attributes())
    _write(cells)


if __name__ == "__main__":
    main()
