"""One address for several collectors, as a load balancer or a service of Kubernetes gives one."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

__all__ = ["balanced"]

_PIECE = 1 << 16


@contextmanager
def balanced(ports: Sequence[int]) -> Iterator[str]:
    """Pass each connection on to one of the ports that answer; gives the address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(_open(ports), loop).result()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _open(ports: Sequence[int]) -> asyncio.Server:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for port in random.sample(ports, len(ports)):
                with suppress(OSError, asyncio.CancelledError):  # cancelled when all is over
                    from_there, there = await asyncio.open_connection("127.0.0.1", port)
                    await asyncio.gather(_pass(reader, there), _pass(from_there, writer))
                    return
        finally:
            writer.transport.abort()

    return await asyncio.start_server(connected, "127.0.0.1", 0)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes until either end is gone; the other end learns of it."""
    try:
        with suppress(OSError):
            while piece := await reader.read(_PIECE):
                writer.write(piece)
                await writer.drain()
    finally:
        writer.transport.abort()


async def _close(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0.1)  # transports end a turn of the loop later
