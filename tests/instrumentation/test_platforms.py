"""Calls through the cloud platforms' clients are one span each, by their provider and its price."""

from __future__ import annotations

import inspect
import socket
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import anthropic
import pytest

from spanledger_demo.simulator import Simulator, running_simulator
from tests.instrumentation import roads
from tests.instrumentation.support import Spans, ask

SEARCHES = 20_000_000_000
TOKENS = 13_965_000_000
"""The reference call in picodollars: only its tokens bear the premium of a region."""


class Platform(NamedTuple):
    """One client class, where it goes, and what that means for the price."""

    client: str
    base_url: str
    options: dict[str, Any]
    model: str
    provider: str
    regional: bool

    @property
    def picodollars(self) -> int:
        """What the reference call costs there."""
        return SEARCHES + (TOKENS * 11 // 10 if self.regional else TOKENS)

    def connect(self, simulator: Simulator, *, prefix: str = "") -> Any:
        """Make a client that reaches the simulator by the platform's own host name."""
        kind = getattr(anthropic, prefix + self.client, None)
        if kind is None:
            pytest.skip(f"this SDK has no {self.client}")
        port = simulator.url.rpartition(":")[2]
        options = {**self.options, "base_url": self.base_url.format(port=port)}
        if "api_key" not in inspect.signature(kind).parameters and "api_key" in options:
            pytest.importorskip("boto3", reason=f"this SDK's {self.client} signs with it")
            options |= {"aws_access_key": options.pop("api_key"), "aws_secret_key": "test"}
        if self.client == "AnthropicBedrock":
            pytest.importorskip("botocore", reason="the SDK decodes Bedrock's streams with it")
        if prefix and "token_provider" in options:
            options["token_provider"] = _token
        return kind(**options, max_retries=0)


async def _token() -> str:
    return "test"


AWS: dict[str, Any] = {"api_key": "test", "aws_region": "us-east-1"}
VERTEX: dict[str, Any] = {"access_token": "test", "project_id": "acme"}

PLATFORMS = {
    "Bedrock, global": Platform(
        "AnthropicBedrock",
        "http://bedrock-runtime.us-east-1.amazonaws.com:{port}",
        AWS,
        "global.anthropic.claude-sonnet-4-6",
        "aws.bedrock",
        regional=False,
    ),
    "Bedrock, regional": Platform(
        "AnthropicBedrock",
        "http://bedrock-runtime.us-east-1.amazonaws.com:{port}",
        AWS,
        "us.anthropic.claude-sonnet-4-6-v1:0",
        "aws.bedrock",
        regional=True,
    ),
    "Bedrock Mantle": Platform(
        "AnthropicBedrockMantle",
        "http://bedrock-mantle.us-east-1.api.aws:{port}/anthropic",
        AWS,
        "anthropic.claude-sonnet-4-6",
        "aws.bedrock",
        regional=True,
    ),
    "Vertex, global": Platform(
        "AnthropicVertex",
        "http://aiplatform.googleapis.com:{port}/v1",
        {**VERTEX, "region": "global"},
        "claude-sonnet-4-6",
        "gcp.vertex_ai",
        regional=False,
    ),
    "Vertex, regional": Platform(
        "AnthropicVertex",
        "http://us-east5-aiplatform.googleapis.com:{port}/v1",
        {**VERTEX, "region": "us-east5"},
        "claude-sonnet-4-6",
        "gcp.vertex_ai",
        regional=True,
    ),
    "Foundry": Platform(
        "AnthropicFoundry",
        "http://acme.services.ai.azure.com:{port}/anthropic",
        {"api_key": "test"},
        "claude-sonnet-4-6",
        "anthropic",
        regional=False,
    ),
    "Claude Platform on AWS": Platform(
        "AnthropicAWS",
        "http://aws-external-anthropic.us-east-1.api.aws:{port}",
        {**AWS, "workspace_id": "wrkspc_1"},
        "claude-sonnet-4-6",
        "anthropic",
        regional=False,
    ),
    "Claude on Google Cloud": Platform(
        "AnthropicGoogleCloud",
        "http://claude.googleapis.com:{port}",
        {"token_provider": lambda: "test", "workspace_id": "wrkspc_1"},
        "claude-sonnet-4-6",
        "anthropic",
        regional=False,
    ),
}
ROADS = ["create", "stream=True", "stream()", "beta create", "beta stream=True", "beta stream()"]


@pytest.fixture(autouse=True)
def every_host_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers every look-up of a name with this machine."""
    look_up = socket.getaddrinfo

    def here(host: object, *args: Any, **kwargs: Any) -> Any:
        return look_up("127.0.0.1", *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", here)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """A simulator whose bill holds nothing of other tests."""
    with running_simulator() as running:
        yield running


@pytest.fixture
def billed(simulator: Simulator) -> Any:
    """How much was billed since the test began, in picodollars."""
    before = simulator.bill().usd()
    return lambda: (simulator.bill().usd() - before) * Decimal(10**12)


def resource(client: Any, road: str) -> Any:
    """The resource that a road begins with, where this SDK's client has the road."""
    messages = roads.messages(client, beta=road.startswith("beta"))
    if road.endswith("stream()") and not hasattr(messages, "stream"):
        pytest.skip("this SDK's client cannot stream that way")
    return messages


def read(client: Any, model: str, road: str) -> None:
    """Take one road."""
    messages = resource(client, road)
    request = {**ask(), "model": model}
    if road.endswith("stream=True"):
        list(messages.create(**request, stream=True))
    elif road.endswith("stream()"):
        with messages.stream(**request) as stream:
            stream.until_done()
    else:
        messages.create(**request)


async def read_async(client: Any, model: str, road: str) -> None:
    """Take one road of the async client."""
    messages = resource(client, road)
    request = {**ask(), "model": model}
    if road.endswith("stream=True"):
        [event async for event in await messages.create(**request, stream=True)]
    elif road.endswith("stream()"):
        async with messages.stream(**request) as stream:
            await stream.until_done()
    else:
        await messages.create(**request)


def check(platform: Platform, attributes: dict[str, Any], billed: Decimal) -> None:
    """The one span names the provider and costs what the platform bills."""
    assert attributes["gen_ai.provider.name"] == platform.provider
    assert attributes["gen_ai.request.model"] == platform.model
    assert attributes["gen_ai.response.model"] == "claude-sonnet-4-6"
    assert attributes["server.address"] in platform.base_url
    assert attributes["spanledger.outcome"] == "completed"
    assert attributes["gen_ai.usage.input_tokens"] == 5525
    assert attributes["gen_ai.usage.output_tokens"] == 321
    assert attributes["spanledger.cost.status"] == "priced"
    assert attributes["spanledger.cost.picodollars"] == platform.picodollars == billed


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("name", PLATFORMS)
def test_a_platforms_call_is_one_span(
    simulator: Simulator, spans: Spans, billed: Any, name: str, road: str
) -> None:
    """Every platform's client on every road: one span, its provider, what it bills."""
    platform = PLATFORMS[name]
    with platform.connect(simulator) as client:
        read(client, platform.model, road)

    check(platform, spans.attributes(), billed())


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("name", PLATFORMS)
async def test_an_async_platforms_call_is_one_span(
    simulator: Simulator, spans: Spans, billed: Any, name: str, road: str
) -> None:
    """The async clients are the same."""
    platform = PLATFORMS[name]
    async with platform.connect(simulator, prefix="Async") as client:
        await read_async(client, platform.model, road)

    check(platform, spans.attributes(), billed())


@pytest.fixture
async def bedrock(simulator: Simulator) -> AsyncIterator[Any]:
    """An async client of Bedrock."""
    async with PLATFORMS["Bedrock, global"].connect(simulator, prefix="Async") as client:
        yield client


async def test_a_stream_of_bedrock_left_early(bedrock: Any, spans: Spans) -> None:
    """Bedrock's binary stream, left early, is an estimate like any other."""
    request = {**ask(), "model": "global.anthropic.claude-sonnet-4-6"}
    stream = await bedrock.messages.create(**request, stream=True)
    await stream.__anext__()
    await stream.close()
    attributes = spans.attributes()

    assert attributes["spanledger.outcome"] == "closed"
    assert attributes["spanledger.cost.reasons"] == ("usage_incomplete",)
    assert attributes["gen_ai.usage.input_tokens"] == 5525


async def test_a_stream_of_bedrock_read_as_bytes(bedrock: Any, spans: Spans) -> None:
    """Who reads Bedrock's frames as bytes gets the same span, also with the last one cut."""
    request = {**ask(), "model": "global.anthropic.claude-sonnet-4-6"}
    async with bedrock.messages.with_streaming_response.create(**request, stream=True) as response:
        async for _ in response.iter_bytes(chunk_size=50):
            pass

    assert spans.attributes()["spanledger.cost.picodollars"] == SEARCHES + TOKENS


async def test_a_failure_within_a_stream_of_bedrock(bedrock: Any, spans: Spans) -> None:
    """Bedrock's exception frame reaches the caller, and the call has failed."""
    request = {**ask(error_after_events=3), "model": "global.anthropic.claude-sonnet-4-6"}
    with pytest.raises((anthropic.APIStatusError, ValueError)):  # the latter from old SDKs
        [event async for event in await bedrock.messages.create(**request, stream=True)]
    attributes = spans.attributes()

    assert attributes["spanledger.outcome"] == "failed"
    assert attributes["spanledger.cost.status"] == "estimated"


async def test_what_bedrock_cannot_do_is_never_sent(bedrock: Any, spans: Spans) -> None:
    """Counting tokens raises in the SDK before anything is sent: it fails and costs nothing."""
    with pytest.raises(anthropic.AnthropicError):
        await bedrock.post(
            "/v1/messages/count_tokens", body={"model": "m", "messages": []}, cast_to=object
        )
    attributes = spans.attributes()

    assert attributes["spanledger.outcome"] == "failed"
    assert attributes["spanledger.cost.picodollars"] == 0
