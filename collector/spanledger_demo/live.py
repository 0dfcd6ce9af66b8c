"""Live traffic: one process a service, each with the real SDK under `spanledger.instrument()`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from spanledger_demo.company import SERVICE_VERSIONS

SERVICES: Final = ("checkout", "helpdesk", "search")
RUNAWAY, RUNAWAY_RATE = "code-review", 1.5
_STOP_TIMEOUT_S: Final = 20.0
"""For a call under way, beside the time for the last spans."""


class TrafficError(RuntimeError):
    """A service of the live traffic has failed."""


class _Service:
    """One process, and what it says."""

    def __init__(self, name: str, arguments: list[str], environment: dict[str, str]) -> None:
        self._name = name
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - `end` closes it
        self._process = subprocess.Popen(
            [sys.executable, "-m", "spanledger_demo.traffic", f"--service={name}", *arguments],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the parent, which then stops us in order
        )

    def has_ended(self, timeout_s: float) -> bool:
        """Wait until it has ended, for so long at most."""
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def check(self) -> None:
        if code := self._process.poll():
            self._output.seek(0)
            said = self._output.read()[-2000:].decode("utf-8", "replace").strip()
            raise TrafficError(f"The demo service {self._name!r} failed ({code}): {said}")

    def ask_to_end(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        self._output.close()


class Traffic:
    """The running services."""

    def __init__(self, services: list[_Service], patience_s: float) -> None:
        self._services = services
        self._patience_s = patience_s

    def wait(self, timeout_s: float) -> bool:
        """Wait until every service has ended by itself; False when the time was up first.

        Raises:
            TrafficError: a service ended with an error.
        """
        give_up_at = time.monotonic() + timeout_s
        ended = [
            service.has_ended(max(0.0, give_up_at - time.monotonic())) for service in self._services
        ]
        self.check()
        return all(ended)

    def check(self) -> None:
        """Look whether a service has failed.

        Raises:
            TrafficError: one has; its last words are in the message.
        """
        for service in self._services:
            service.check()

    def stop(self) -> None:
        """Let every service finish its calls and deliver their spans; end it if it does not."""
        for service in self._services:
            service.ask_to_end()
        give_up_at = time.monotonic() + _STOP_TIMEOUT_S + self._patience_s
        for service in self._services:
            if not service.has_ended(max(0.0, give_up_at - time.monotonic())):
                service.kill()


@contextmanager
def live(
    collector_url: str,
    token: str | None,
    simulator_url: str,
    *,
    duration_s: float | None = None,
    rate: float = 0.5,
    seed: int = 7,
    patience_s: float = 15.0,
    runaway_s: float = 0.0,
) -> Iterator[Traffic]:
    """Run the live services; leaving the context stops them after their last span is delivered.

    Args:
        collector_url: Where the spans go.
        token: The collector's token, if it has one.
        simulator_url: Whom the SDK calls.
        duration_s: After how long the services end by themselves.
        rate: Interactions per second, of all services together.
        seed: What the interactions are drawn from.
        patience_s: How long a service waits at its end for its last spans to be delivered.
        runaway_s: For how long an agent runs away, from the start on.

    Raises:
        TrafficError: a service failed.
    """
    arguments = [
        f"--simulator-url={simulator_url}",
        f"--rate={rate / len(SERVICES)}",
        f"--patience={patience_s}",
        *([f"--duration={duration_s}"] if duration_s is not None else []),
    ]
    services: list[_Service] = []
    traffic = Traffic(services, patience_s)
    with ExitStack() as stack:
        try:
            for number, name in enumerate(SERVICES):
                environment = _environment(name, collector_url, token)
                service = _Service(name, [*arguments, f"--seed={seed + number}"], environment)
                stack.callback(service.close)
                services.append(service)
            if runaway_s:
                services.append(_runaway(stack, simulator_url, runaway_s, collector_url, token))
            yield traffic
        finally:
            traffic.stop()
        traffic.check()


def _runaway(
    stack: ExitStack, simulator_url: str, seconds: float, collector_url: str, token: str | None
) -> _Service:
    """The service whose agent starts over and over."""
    arguments = [
        f"--simulator-url={simulator_url}",
        f"--rate={RUNAWAY_RATE}",
        f"--duration={seconds}",
    ]
    service = _Service(RUNAWAY, arguments, _environment(RUNAWAY, collector_url, token))
    stack.callback(service.close)
    return service


def _environment(service: str, collector_url: str, token: str | None) -> dict[str, str]:
    """Start from the parent's, without anything that would reach a real API or backend."""
    foreign = ("ANTHROPIC_", "OTEL_", "SPANLEDGER_")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(foreign)
    }
    environment |= {
        "OTEL_SERVICE_NAME": service,
        "OTEL_RESOURCE_ATTRIBUTES": (
            f"service.version={SERVICE_VERSIONS[service]},deployment.environment.name=production"
        ),
        "SPANLEDGER_ENDPOINT": collector_url,
        "NO_PROXY": "127.0.0.1,localhost,::1",
        "PYTHONUNBUFFERED": "1",
    }
    return environment | ({"SPANLEDGER_TOKEN": token} if token is not None else {})
