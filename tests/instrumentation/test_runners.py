"""Tool runners and threads: one span a turn, which together cost what the API billed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from decimal import Decimal
from typing import Any

import anthropic
import pytest

from spanledger_demo.simulator import Simulator, running_simulator
from tests.instrumentation.support import REQUEST, Spans

BetaMessages = pytest.importorskip(
    "anthropic.resources.beta.messages", reason="this SDK has no beta messages"
).Messages
HAS_RUNNERS = hasattr(anthropic, "beta_tool")
HAS_THREADS = hasattr(BetaMessages, "thread")
TRACES_ITSELF = hasattr(anthropic._base_client.BaseClient, "_tracer")

pytestmark = pytest.mark.skipif(not HAS_RUNNERS, reason="this SDK has no tool runners")

QUESTION: Any = {"role": "user", "content": "Please use look_up."}
PLAIN: Any = {"role": "user", "content": "Hello."}
ASKED: dict[str, Any] = {"model": REQUEST["model"], "max_tokens": 512}


def tool(*, asynchronous: bool) -> Any:
    """A tool that the simulated model calls once it is named, and then answers."""

    def look_up(topic: str = "") -> str:
        """Look something up."""
        return f"{topic} is 42"

    async def look_up_async(topic: str = "") -> str:
        """Look something up."""
        return f"{topic} is 42"

    if asynchronous:
        return anthropic.beta_async_tool(look_up_async, name="look_up")
    return anthropic.beta_tool(look_up)


def run(client: Any, *, stream: bool = False) -> Any:
    """Start a runner of two turns: the model calls the tool, then answers."""
    asynchronous = isinstance(client, anthropic.AsyncAnthropic)
    return client.beta.messages.tool_runner(
        **ASKED, tools=[tool(asynchronous=asynchronous)], messages=[QUESTION], stream=stream
    )


def open_thread(client: Any, **more: Any) -> Any:
    """Start a conversation that keeps its own history."""
    if not HAS_THREADS:
        pytest.skip("this SDK has no threads")
    return client.beta.messages.thread(**ASKED, **more)


def _streamed_runner(client: anthropic.Anthropic) -> None:
    for turn in run(client, stream=True):
        for _ in turn:
            pass


def _thread_sends(client: anthropic.Anthropic) -> None:
    thread = open_thread(client)
    thread.send(PLAIN)
    thread.parse(PLAIN)


def _thread_streams(client: anthropic.Anthropic) -> None:
    thread = open_thread(client)
    for _ in range(2):
        with thread.stream(PLAIN) as stream:
            stream.until_done()


def _thread_runs_tools(client: anthropic.Anthropic) -> None:
    thread = open_thread(client, tools=[tool(asynchronous=False)], messages=[QUESTION])
    thread.tool_runner().until_done()


async def _async_streamed_runner(client: anthropic.AsyncAnthropic) -> None:
    async for turn in run(client, stream=True):
        async for _ in turn:
            pass


async def _async_runner(client: anthropic.AsyncAnthropic) -> None:
    async for _ in run(client):
        pass


async def _async_thread_sends(client: anthropic.AsyncAnthropic) -> None:
    thread = open_thread(client)
    await thread.send(PLAIN)
    await thread.parse(PLAIN)


async def _async_thread_streams(client: anthropic.AsyncAnthropic) -> None:
    thread = open_thread(client)
    for _ in range(2):
        async with thread.stream(PLAIN) as stream:
            await stream.until_done()


async def _async_thread_runs_tools(client: anthropic.AsyncAnthropic) -> None:
    thread = open_thread(client, tools=[tool(asynchronous=True)], messages=[QUESTION])
    await thread.tool_runner().until_done()


ROADS: dict[str, Callable[[anthropic.Anthropic], object]] = {
    "runner": lambda client: list(run(client)),
    "runner until done": lambda client: run(client).until_done(),
    "streamed runner": _streamed_runner,
    "thread send, parse": _thread_sends,
    "thread stream": _thread_streams,
    "thread tool_runner": _thread_runs_tools,
}
ASYNC_ROADS: dict[str, Callable[[anthropic.AsyncAnthropic], Awaitable[object]]] = {
    "runner": _async_runner,
    "runner until done": lambda client: run(client).until_done(),
    "streamed runner": _async_streamed_runner,
    "thread send, parse": _async_thread_sends,
    "thread stream": _async_thread_streams,
    "thread tool_runner": _async_thread_runs_tools,
}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """A simulator whose bill holds nothing of other tests."""
    with running_simulator() as running:
        yield running


def traced(simulator: Simulator, spans: Spans) -> dict[str, Any]:
    """Options of a client whose own spans go to the same place as ours."""
    options: dict[str, Any] = {"base_url": simulator.url, "api_key": "test", "max_retries": 0}
    if TRACES_ITSELF:
        options["open_telemetry"] = {"traces": True, "tracer_provider": spans.provider}
    return options


@pytest.fixture
def traced_client(simulator: Simulator, spans: Spans) -> Iterator[anthropic.Anthropic]:
    """A client that would trace its calls by itself."""
    with anthropic.Anthropic(**traced(simulator, spans)) as client:
        yield client


@pytest.fixture
async def async_traced_client(
    simulator: Simulator, spans: Spans
) -> AsyncIterator[anthropic.AsyncAnthropic]:
    """Its async twin."""
    async with anthropic.AsyncAnthropic(**traced(simulator, spans)) as client:
        yield client


def check_two_turns(spans: Spans, billed_usd: Decimal) -> None:
    """Two turns are two spans, nothing else has tokens, and they add up to the bill."""
    with_tokens = [
        span
        for span in spans.all()
        if any(name.startswith("gen_ai.usage.") for name in span.attributes or {})
    ]
    costs: list[Any] = [
        (span.attributes or {})["spanledger.cost.picodollars"] for span in with_tokens
    ]

    assert [span.name for span in with_tokens] == [f"chat {REQUEST['model']}"] * 2
    assert Decimal(sum(costs)).scaleb(-12) == billed_usd > 0


@pytest.mark.parametrize("road", ROADS)
def test_each_turn_is_one_span(
    simulator: Simulator, traced_client: anthropic.Anthropic, spans: Spans, road: str
) -> None:
    """A runner's or thread's turns are one span each; no span sums them up again."""
    before = simulator.bill().usd()
    ROADS[road](traced_client)

    check_two_turns(spans, simulator.bill().usd() - before)


@pytest.mark.parametrize("road", ASYNC_ROADS)
async def test_each_async_turn_is_one_span(
    simulator: Simulator, async_traced_client: anthropic.AsyncAnthropic, spans: Spans, road: str
) -> None:
    """The async runners and threads are the same."""
    before = simulator.bill().usd()
    await ASYNC_ROADS[road](async_traced_client)

    check_two_turns(spans, simulator.bill().usd() - before)


@pytest.mark.skipif(not TRACES_ITSELF, reason="this SDK does not trace itself")
def test_the_runners_own_span_stays_and_holds_the_turns(
    traced_client: anthropic.Anthropic, spans: Spans
) -> None:
    """The SDK's span of the runner and of its tools stay; the turns are inside the runner's."""
    list(run(traced_client))
    by_name = {span.name: span for span in spans.all()}
    runner = by_name["anthropic.messages.tool_runner"]

    assert set(by_name) == {
        "anthropic.messages.tool_runner",
        "anthropic.custom_tool_use look_up",
        f"chat {REQUEST['model']}",
    }
    assert by_name[f"chat {REQUEST['model']}"].parent == runner.get_span_context()
