"""A running simulator: its own thread, its own event loop, a port that is open at once."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import uvicorn

from spanledger_demo.simulator.app import build_app
from spanledger_demo.simulator.bill import BillTotals
from spanledger_demo.simulator.directives import Directives
from spanledger_demo.simulator.exchange import World

_START_TIMEOUT_S = 10.0
_GRACE_S = 1


class Simulator:
    """A simulator that listens."""

    def __init__(self, world: World, host: str, port: int) -> None:
        self.world = world
        self.url = f"http://{host}:{port}"

    def bill(self) -> BillTotals:
        """Read the bill as it stands."""
        return self.world.bill.totals()

    def advance_clock(self, seconds: float) -> None:
        """Let time pass for cache entries, batches and rate limits."""
        self.world.clock.advance(seconds)


class _Server(uvicorn.Server):
    """A uvicorn server that another thread waits for and ends, without polling on either side."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving: Future[asyncio.AbstractEventLoop] = Future()
        self._leaving = asyncio.Event()

    async def main_loop(self) -> None:
        self.serving.set_result(asyncio.get_running_loop())
        await self._leaving.wait()
        await asyncio.sleep(0.005)  # clients just gone are noticed, not waited for at 100 ms a look

    def leave(self) -> None:
        self.serving.result().call_soon_threadsafe(self._leaving.set)


@contextmanager
def running_simulator(
    port: int = 0,
    *,
    seed: int = 0,
    error_rate: float = 0.0,
    delay_s: float = 0.0,
    chunk_delay_s: float = 0.0,
    host: str = "127.0.0.1",
) -> Iterator[Simulator]:
    """Run a simulator in a thread of this process for as long as the context lasts.

    Args:
        port: Where to listen; 0 takes any free port.
        seed: What answers and random errors are drawn from.
        error_rate: The share of message requests that fail with 429 or 529 at random.
        delay_s: How long answers take, unless a request's directives say otherwise.
        chunk_delay_s: How far the events of a stream are apart, likewise.
        host: The address to bind.

    Raises:
        OSError: The port is taken.
    """
    manners = Directives(delay_s=delay_s, chunk_delay_s=chunk_delay_s)
    world = World(seed=seed, error_rate=error_rate, manners=manners)
    listener = listen(host, port)
    server = _Server(uvicorn_config(world))
    thread = threading.Thread(
        target=lambda: asyncio.run(server.serve([listener])), name="simulator", daemon=True
    )
    thread.start()
    server.serving.result(_START_TIMEOUT_S)
    try:
        yield Simulator(world, host, listener.getsockname()[1])
    finally:
        server.leave()
        thread.join()


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket, so that a taken port fails here and not in a thread."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off for sockets that say TCP only: 40 ms an answer otherwise.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(512)
    except OSError:
        listener.close()
        raise
    return listener


def uvicorn_config(world: World) -> uvicorn.Config:
    """Configure a server that is silent and lean; deliberately cut connections are no errors."""
    return uvicorn.Config(
        build_app(world),
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="critical",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_GRACE_S,
        server_header=False,
        date_header=False,
    )
