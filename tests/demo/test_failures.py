"""Failures reach the caller as the SDK's own exceptions, and cost nothing."""

from __future__ import annotations

import socket
from typing import Any

import anthropic
import httpx2
import pytest
from anthropic.types import MessageParam

from spanledger_demo.simulator import Simulator, asking, running_simulator

HELLO: list[MessageParam] = [{"role": "user", "content": "Hello there, ledger!"}]


def call(client: anthropic.Anthropic, **options: Any) -> anthropic.types.Message:
    """Make a plain call, with some of its parts exchanged."""
    request = {"model": "claude-opus-5-5", "max_tokens": 50, "messages": HELLO, **options}
    message = client.messages.create(**request)
    assert isinstance(message, anthropic.types.Message)
    return message


def status_of(client: anthropic.Anthropic) -> int:
    """Make a plain call and give the status it ends with."""
    try:
        call(client)
    except anthropic.APIStatusError as error:
        return error.status_code
    return 200


@pytest.mark.parametrize(
    ("status", "exception", "kind"),
    [
        (400, anthropic.BadRequestError, "invalid_request_error"),
        (401, anthropic.AuthenticationError, "authentication_error"),
        (403, anthropic.PermissionDeniedError, "permission_error"),
        (404, anthropic.NotFoundError, "not_found_error"),
        (409, anthropic.ConflictError, "conflict_error"),
        (429, anthropic.RateLimitError, "rate_limit_error"),
        (500, anthropic.InternalServerError, "api_error"),
        (529, anthropic.OverloadedError, "overloaded_error"),
    ],
)
def test_any_status_can_be_asked_for(
    client: anthropic.Anthropic,
    simulator: Simulator,
    status: int,
    exception: type[anthropic.APIStatusError],
    kind: str,
) -> None:
    """Each status raises the SDK's class for it, with type and request id, and is not billed."""
    with pytest.raises(exception) as caught:
        call(client, extra_headers=asking(status=status))

    assert (caught.value.status_code, caught.value.type) == (status, kind)
    assert caught.value.request_id is not None
    assert caught.value.request_id.startswith("req_01")
    assert simulator.bill().requests() == 0


def test_a_rate_limit_says_when_to_come_back(client: anthropic.Anthropic) -> None:
    """429 carries `retry-after`; a spend cap carries a code instead."""
    with pytest.raises(anthropic.RateLimitError) as limited:
        call(client, extra_headers=asking(status=429, retry_after=7))
    with pytest.raises(anthropic.RateLimitError) as capped:
        call(
            client,
            extra_headers=asking(
                status=429, retry_after=None, error_code="enforced_spend_limit_reached"
            ),
        )

    assert limited.value.response.headers["retry-after"] == "7"
    assert "retry-after" not in capped.value.response.headers
    assert capped.value.error_code == "enforced_spend_limit_reached"


def test_the_sdk_retries_until_the_asked_attempts_are_over(simulator: Simulator) -> None:
    """With `attempts` the first tries fail and the next succeeds: one answer, billed once."""
    with anthropic.Anthropic(base_url=simulator.url, api_key="test", max_retries=2) as client:
        raw = client.messages.with_raw_response.create(
            model="claude-opus-5-5",
            max_tokens=50,
            messages=HELLO,
            extra_headers=asking(status=429, retry_after=0.01, attempts=2),
        )

    assert raw.retries_taken == 2
    assert simulator.bill().requests() == 1


def test_an_invalid_key_is_refused(simulator: Simulator) -> None:
    """A key that starts with `invalid` is answered with 401."""
    with (
        anthropic.Anthropic(base_url=simulator.url, api_key="invalid-key") as client,
        pytest.raises(anthropic.AuthenticationError, match="invalid x-api-key"),
    ):
        call(client)


@pytest.mark.parametrize(
    ("headers", "status", "complaint"),
    [
        ({}, 401, "x-api-key header is required"),
        ({"x-api-key": ""}, 401, "x-api-key header is required"),
        ({"x-api-key": "any"}, 400, "anthropic-version: header is required"),
    ],
)
def test_missing_headers_are_refused(
    simulator: Simulator, headers: dict[str, str], status: int, complaint: str
) -> None:
    """Without key or version nothing is answered."""
    response = httpx2.post(f"{simulator.url}/v1/messages", headers=headers, json={})

    assert response.status_code == status
    assert response.json()["error"]["message"] == complaint


def test_an_unknown_model_is_not_found(client: anthropic.Anthropic) -> None:
    """404 names the model."""
    with pytest.raises(anthropic.NotFoundError, match="claude-nonesuch"):
        call(client, model="claude-nonesuch")


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"extra_body": {"max_tokens": None}}, "max_tokens: Field required"),
        ({"max_tokens": -1}, "max_tokens: Input should be"),
        ({"messages": []}, "at least one message"),
        ({"messages": [{"role": "system", "content": "Hi"}]}, "role: Input should be"),
        ({"messages": [{"role": "user", "content": ""}]}, "non-empty"),
        ({"messages": [{"role": "user", "content": 7}]}, "list of content blocks"),
        ({"model": "claude-sonnet-5-5", "speed": "fast"}, "fast mode"),
        ({"model": "claude-haiku-4-5", "inference_geo": "us"}, "inference_geo"),
        ({"extra_headers": {"x-simulator": '{"stauts": 529}'}}, "stauts"),
        ({"extra_headers": asking(usage={"iterations": [{"type": "odd"}]})}, "cannot bill"),
    ],
)
def test_invalid_requests_are_refused_by_name(
    client: anthropic.Anthropic, wrong: dict[str, Any], complaint: str
) -> None:
    """400 says which field is wrong."""
    with pytest.raises(anthropic.BadRequestError, match=complaint):
        call(client, **wrong)


def test_a_path_that_is_not_simulated_is_not_found(client: anthropic.Anthropic) -> None:
    """Other paths are answered in the API's shape too."""
    with pytest.raises(anthropic.NotFoundError):
        client.get("/v1/nothing", cast_to=object)


def test_random_errors_follow_their_rate_and_seed() -> None:
    """The same seed gives the same run of failures, of both kinds, near the asked rate."""

    def statuses() -> list[int]:
        with (
            running_simulator(seed=3, error_rate=0.3) as simulator,
            anthropic.Anthropic(base_url=simulator.url, api_key="k", max_retries=0) as client,
        ):
            return [status_of(client) for _ in range(60)]

    first = statuses()

    assert first == statuses()
    assert set(first) == {200, 429, 529}
    assert 8 <= len([status for status in first if status != 200]) <= 28


def test_a_taken_port_is_an_os_error() -> None:
    """A second simulator on the same port fails at once, in the caller."""
    with (
        running_simulator() as simulator,
        pytest.raises(OSError, match="in use"),
        running_simulator(int(simulator.url.rpartition(":")[2])),
    ):
        pass


def test_the_port_is_free_again_afterwards() -> None:
    """Leaving the context closes the listening socket."""
    with running_simulator() as simulator:
        port = int(simulator.url.rpartition(":")[2])

    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
