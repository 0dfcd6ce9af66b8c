"""Run the collector: one process, one event loop, one database; until told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import NamedTuple

from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings, HTTP2Settings
from granian.server.embed import Server

from spanledger_collector.alerts.service import Clock, Wanted
from spanledger_collector.app import Collector
from spanledger_collector.listening import Ports, opened
from spanledger_collector.ports import PortInUse
from spanledger_collector.prices import PricesInForce
from spanledger_collector.receive.grpc_server import GrpcServer
from spanledger_collector.settings import CollectorSettings, Settings
from spanledger_collector.stores import open_store
from spanledger_collector.tls import TlsError

__all__ = ["PortInUse", "RunningCollector", "TlsError", "run_collector", "running_collector"]

START_PATIENCE_S = 10.0
_POLL_S = 0.01
_THREAD_END_S = 0.1
"""granian's own thread lives on for a moment after its stop; a Python that ends under it aborts the
process, which was seen once in about thirty ends."""

_log = logging.getLogger(__name__)


class RunningCollector(NamedTuple):
    """A collector that runs in this process."""

    url: str
    stop: Callable[[], None]
    """Stop it as SIGTERM would; safe from any thread, returns at once."""
    grpc: str | None
    """Where gRPC answers, as `host:port`; None when it is off."""


def run_collector(settings: Settings) -> None:
    """Run the collector in this process until SIGTERM or SIGINT.

    Raises:
        StoreError: the database cannot be opened.
        PortInUse: a port is taken.
        TlsError: the certificate files cannot be used.
        ContractError: the overrides file cannot be used.
    """
    asyncio.run(_until_signalled(settings))


@contextmanager
def running_collector(settings: Settings, clock: Clock | None = None) -> Iterator[RunningCollector]:
    """Run the collector in a thread of its own, with its own event loop.

    Args:
        settings: all of them.
        clock: the time that alerts go by; by default the machine's.

    Raises:
        StoreError: the database cannot be opened.
        PortInUse: a port is taken.
        TlsError: the certificate files cannot be used.
        ContractError: the overrides file cannot be used.
    """
    started: Future[RunningCollector] = Future()
    thread = threading.Thread(
        target=_run_in_thread, args=(settings, started, clock), name="spanledger-collector"
    )
    thread.start()
    running = started.result()
    try:
        yield running
    finally:
        running.stop()
        thread.join()


async def _until_signalled(settings: Settings) -> None:
    loop = asyncio.get_running_loop()

    def on_start(running: RunningCollector) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, running.stop)

    await _run(settings, on_start)


def _run_in_thread(
    settings: Settings, started: Future[RunningCollector], clock: Clock | None
) -> None:
    try:
        asyncio.run(_run(settings, started.set_result, clock))
    except BaseException as error:
        if started.done():
            raise
        started.set_exception(error)


async def _run(
    settings: Settings,
    on_start: Callable[[RunningCollector], None],
    clock: Clock | None = None,
) -> None:
    """Open the store, serve until stopped, then drain, commit and close, in that order."""
    prices = PricesInForce(settings.prices.overrides)
    with opened(settings.collector) as ports:
        store = open_store(settings.store)
        try:
            collector = Collector(store, settings.collector, prices, Wanted.of(settings), clock)
            collector.start()
            try:
                await _serve(collector, settings.collector, ports, on_start)
            finally:
                await asyncio.to_thread(collector.close)
        finally:
            await asyncio.to_thread(store.close)
    _log.info("the collector has stopped; everything acknowledged is in the ledger")


async def _serve(
    collector: Collector,
    settings: CollectorSettings,
    ports: Ports,
    on_start: Callable[[RunningCollector], None],
) -> None:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    server = _server(collector, settings, ports)
    serving = asyncio.create_task(server.serve())
    await _accepting(serving, ports.address, ports.port)
    grpc = GrpcServer(collector.grpc, ports.grpc, ports.tls) if ports.grpc else None
    target = settings.grpc_target(await grpc.start()) if grpc else None

    def stop() -> None:
        with suppress(RuntimeError):  # the loop is closed: it has stopped already
            loop.call_soon_threadsafe(stopping.set)

    url = settings.model_copy(update={"port": ports.port}).url
    on_start(RunningCollector(url, stop, target))
    if target is not None:
        _log.info("OTLP/gRPC is taken in on %s", target)
    _log.info("the collector listens on %s", url)
    stopped = asyncio.create_task(stopping.wait())
    await asyncio.wait({stopped, serving}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    await collector.drain()
    if grpc is not None:
        grpc.close()
    server.stop()  # type: ignore[no-untyped-call]  # granian annotates it only in part
    await serving
    await asyncio.sleep(_THREAD_END_S)


async def _accepting(serving: asyncio.Task[None], address: str, port: int) -> None:
    """Wait until the server, which does not tell, accepts connections."""
    for _ in range(round(START_PATIENCE_S / _POLL_S)):
        if serving.done():
            break
        try:
            _, writer = await asyncio.open_connection(address, port)
        except OSError:
            await asyncio.sleep(_POLL_S)
        else:
            writer.close()
            await writer.wait_closed()
            return
    raise RuntimeError(f"the server did not start to listen on {address}:{port}")


def _server(collector: Collector, settings: CollectorSettings, ports: Ports) -> Server:
    return Server(
        collector.app,
        address=ports.address,
        port=ports.port,
        interface=Interfaces.ASGINL,  # start and stop are ours, so that errors reach the caller
        http=HTTPModes.auto,
        websockets=False,
        backlog=1024,
        http1_settings=HTTP1Settings(header_read_timeout=15_000, max_buffer_size=64 * 1024),
        http2_settings=HTTP2Settings(max_concurrent_streams=100, max_headers_size=64 * 1024),
        log_enabled=False,
        ssl_cert=settings.tls_cert,
        ssl_key=settings.tls_key,
        ssl_ca=settings.tls_client_ca,
        ssl_client_verify=settings.tls_client_ca is not None,
        ssl_protocol_min=SSLProtocols.tls12,
    )
