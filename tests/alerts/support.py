"""A ledger with four weeks of usual calls, a collector that watches it, and one who is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from spanledger import semconv
from spanledger_collector.server import running_collector
from spanledger_collector.settings import (
    AlertsSettings,
    Budget,
    Channel,
    CollectorSettings,
    DashboardSettings,
    Settings,
    StoreSettings,
)
from tests.collector.support import Client, Document, call_span
from tests.conftest import PATIENCE_S

TEAMS = {"search": "finder", "support": "helpdesk"}
"""Each team's service."""
SECRET_VARIABLE = "TEST_HOOK_SECRET"
SECRET = "not so secret"
DAYS = 21
EVER = {"start": "2020-01-01T00:00:00Z", "end": "2100-01-01T00:00:00Z"}


def usual_calls(now: datetime, days: int = DAYS) -> Iterator[tuple[str, Document]]:
    """Two calls an hour of each team, by service."""
    hours = days * 24
    for back in range(hours):
        for number, (team, service) in enumerate(TEAMS.items()):
            for minute in (20, 50):
                at = now - timedelta(hours=back, minutes=minute + number)
                yield service, call(at, team)


def call(
    at: datetime,
    team: str,
    *,
    feature: str = "usual",
    user: str = "ann",
    tokens: int = 20_000,
    cached: int = 0,
) -> Document:
    """A call of a team; 20,000 tokens cost 6.15 cents."""
    facts = {
        semconv.TAG_PREFIX + "team": team,
        semconv.TAG_PREFIX + "feature": feature,
        semconv.TAG_PREFIX + "user": user,
        semconv.INPUT_TOKENS: tokens,
        semconv.CACHE_READ_TOKENS: cached,
    }
    start = int(at.replace(tzinfo=timezone.utc).timestamp() * 1e9)
    return call_span(f"msg_{at.isoformat()}_{team}_{feature}", start_ns=start, attributes=facts)


def runaway(
    now: datetime, calls: int = 60, tokens: int = 150_000, user: str = "eve"
) -> list[Document]:
    """A loop of the search team in the last twenty minutes: about 45 cents a call."""
    step = timedelta(minutes=20) / calls
    return [
        call(
            now - number * step - timedelta(seconds=1),
            "search",
            feature="loop",
            user=user,
            tokens=tokens,
        )
        for number in range(calls)
    ]


def send_all(client: Client, calls: Sequence[tuple[str, Document]]) -> None:
    """Send calls, each from its service."""
    by_service: dict[str, list[Document]] = {}
    for service, span in calls:
        by_service.setdefault(service, []).append(span)
    for service, spans in by_service.items():
        for first in range(0, len(spans), 500):
            client.send(*spans[first : first + 500], **{"service.name": service})


class Clock:
    """A time that goes on when it is told to."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


class Received(NamedTuple):
    """What a webhook was posted."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Document:
        found: Document = json.loads(self.body)
        return found


class Sink:
    """A webhook that remembers."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.refuse_with: int | None = None
        """A status instead of 200; what is refused is not remembered."""
        self.refused = 0
        self._changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    @property
    def reasons(self) -> list[str]:
        return [each.document["reason"] for each in self.received]

    def wait_for(self, count: int) -> list[Received]:
        """Wait until so many messages came."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.received) >= count, PATIENCE_S)
        assert came, f"{len(self.received)} of {count} messages came"
        return self.received

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                with sink._changed:
                    status = sink.refuse_with or 200
                    if status == 200:
                        headers = {name.lower(): value for name, value in self.headers.items()}
                        sink.received.append(Received(headers, body))
                    else:
                        sink.refused += 1
                    sink._changed.notify_all()
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        return Handler


def hook(url: str, name: str = "hook", **keys: Any) -> Channel:
    """A channel to a webhook of this machine."""
    return Channel.model_validate(
        {"name": name, "webhook": url, "allow_private": True, "allow_http": True, **keys}
    )


def settings_of(
    folder: Path,
    channels: Sequence[Channel] = (),
    budgets: Sequence[Budget] = (),
    port: int = 0,
    **alerts: Any,
) -> Settings:
    """A collector that judges only when it is asked to."""
    wanted = {"interval_s": 3600.0, "defaults": False, **alerts}
    return Settings(
        collector=CollectorSettings(port=port, grpc_port="off"),
        store=StoreSettings(path=folder),
        dashboard=DashboardSettings(time_zone="Europe/Berlin"),
        alerts=AlertsSettings(channels=tuple(channels), **wanted),
        budgets=tuple(budgets),
    )


class Watched:
    """A collector that watches, and the clock that its alerts go by."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self.client = client
        self.clock = clock

    def judge(self) -> Document:
        """Judge now."""
        return self.post("evaluate")

    def post(self, path: str, status: int = 200, **fields: Any) -> Document:
        answer = self.client.http.post(f"/api/v1/alerts/{path}", json=fields)
        assert answer.status_code == status, answer.text
        document: Document = answer.json()
        return document

    def alerts(self, **parameters: Any) -> list[Document]:
        return self.client.query("alerts", **EVER, **parameters)

    def events(self, **parameters: Any) -> list[str]:
        """What happened, oldest first."""
        rows = self.client.query("alert_events", **EVER, **parameters)
        return [row["event"] for row in reversed(rows)]


@contextmanager
def watching(settings: Settings, clock: Clock) -> Iterator[Watched]:
    """Run a collector that goes by a clock."""
    with running_collector(settings, clock) as collector:
        client = Client(collector.url)
        try:
            yield Watched(client, clock)
        finally:
            client.close()


def until(holds: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Wait for something that another thread does."""
    deadline = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)
