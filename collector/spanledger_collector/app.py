"""The collector in one piece: HTTP application behind a guard, gRPC service, writer, queries."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from spanledger_collector.alerts.http import alert_routes
from spanledger_collector.alerts.service import Alerting, Clock, Wanted
from spanledger_collector.alerts.shown import AlertsShown
from spanledger_collector.auth import keys_of
from spanledger_collector.backup import backup_routes
from spanledger_collector.export import export_routes
from spanledger_collector.gate import Gate
from spanledger_collector.guard import Guard
from spanledger_collector.metrics import CONTENT_TYPE, Telemetry
from spanledger_collector.prices import PricesInForce
from spanledger_collector.prices.http import price_routes
from spanledger_collector.problems import problem
from spanledger_collector.query.catalog import catalog
from spanledger_collector.query.http import query_routes
from spanledger_collector.query.runner import Runner
from spanledger_collector.receive.decoders import Decoders
from spanledger_collector.receive.grpc import GrpcService
from spanledger_collector.receive.http import otlp_routes
from spanledger_collector.receive.intake import Intake
from spanledger_collector.receive.limits import InflightBudget
from spanledger_collector.receive.wrong_port import GRPC_HEADERS
from spanledger_collector.store import Store
from spanledger_collector.writer import Writer

if TYPE_CHECKING:
    from spanledger_collector.settings import CollectorSettings

__all__ = ["Collector"]

_log = logging.getLogger(__name__)

DRAIN_S = 10.0


class Collector:
    """Everything that runs between a socket and a store.

    Args:
        store: the ledger, opened; the caller closes it.
        settings: limits and tokens.
        prices: what calls are priced by; by default the list that ships with this release.
        wanted: what is watched, and whom to tell.
        clock: the time that alerts go by.
    """

    def __init__(
        self,
        store: Store,
        settings: CollectorSettings,
        prices: PricesInForce | None = None,
        wanted: Wanted | None = None,
        clock: Clock | None = None,
    ) -> None:
        prices = prices or PricesInForce()
        wanted = wanted or Wanted()
        shown = AlertsShown(wanted.alerts, wanted.budgets, ZoneInfo(wanted.time_zone), clock)
        self.writer = Writer(store, settings.max_inflight_bytes)
        self._decoders = Decoders(prices, settings.max_body_bytes)
        self._runner = Runner(
            store, self.writer, settings.query_timeout_s, settings.query_max_rows, prices, shown
        )
        self.alerting = Alerting(
            store, self.writer, wanted, self._ask, lambda: prices.book.version, shown
        )
        budget, self.telemetry = InflightBudget(settings.max_inflight_bytes), Telemetry()
        self.telemetry.watch(self.writer, budget, store, self.alerting)
        intake = Intake(
            self.writer, budget, self._decoders, settings.max_body_bytes, prices, self.telemetry
        )
        catalog()
        application = _application(intake, self._runner, store, self.alerting)
        keys, self._gate = keys_of(settings), Gate()
        self.routes = application.routes
        self.app = Guard(application, keys, self._gate, self.telemetry, settings.max_body_bytes)
        self.grpc = GrpcService(intake, keys, self._gate)

    def start(self) -> None:
        """Start to write and to watch."""
        self.writer.start()
        self.alerting.start()

    async def drain(self) -> None:
        """Turn new requests away and answer those that are under way."""
        await self._gate.close(DRAIN_S)

    def close(self) -> None:
        """Commit what waits and let go of all threads; the store stays open."""
        self.alerting.close()
        self.writer.close()
        self._decoders.close()
        self._runner.close()

    def _ask(self, name: str, given: Mapping[str, Sequence[str]]) -> Sequence[Mapping[str, Any]]:
        rows: list[dict[str, Any]] = self._runner.now(catalog()[name], given).table.to_pylist()
        return rows


def _application(intake: Intake, runner: Runner, store: Store, alerting: Alerting) -> Starlette:
    writer = intake.writer

    async def ready(request: Request) -> Response:
        if writer.ready:
            return _json(200, {"status": "ready"})
        return _json(503, {"status": "the ledger cannot commit; it is being tried again"})

    async def metrics(request: Request) -> Response:
        told = await run_in_threadpool(intake.telemetry.exposition)
        return Response(told, media_type=CONTENT_TYPE)

    application = Starlette(
        routes=[
            *otlp_routes(intake),
            *query_routes(runner),
            *price_routes(store, writer, intake.prices),
            *alert_routes(alerting),
            *backup_routes(store),
            *export_routes(store),
            Route("/metrics", metrics, methods=["GET"]),
            Route("/healthz", _alive, methods=["GET"]),
            Route("/readyz", ready, methods=["GET"]),
        ],
        exception_handlers={HTTPException: _http_problem, Exception: _failed},
    )
    application.router.redirect_slashes = False  # senders follow no redirect, and none is needed
    return application


async def _alive(request: Request) -> Response:
    return _json(200, {"status": "alive"})


def _json(status: int, body: dict[str, str]) -> Response:
    return Response(orjson.dumps(body), status_code=status, media_type="application/json")


async def _http_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if request.headers.get("content-type", "").startswith("application/grpc"):
        return Response(headers=GRPC_HEADERS)
    if error.status_code == 404:
        detail = (
            f"There is nothing at {request.url.path[:200]}. OTLP goes to /v1/traces, /v1/metrics "
            "and /v1/logs; GET /api/v1/queries lists queries; the dashboard has a port of its own."
        )
    else:
        detail = f"{request.method} is not for {request.url.path[:200]}."
    return problem(error.status_code, detail, dict(error.headers or {}))


async def _failed(request: Request, error: Exception) -> Response:
    _log.error("a request to %s failed", request.url.path[:200], exc_info=error)
    return problem(500, "The collector failed on this request; its log says how.")
