"""Run a named query: a bounded number at once, each within its time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

from spanledger_collector.prices import PricesInForce
from spanledger_collector.query.definition import Definition
from spanledger_collector.query.derived import Shown, Sources, bind
from spanledger_collector.store import Answer, QueryStopped, Running, Store, StoreUnavailable
from spanledger_collector.writer import Writer

__all__ = ["QueryTimeout", "Runner", "TooManyQueries"]

CONCURRENCY = 4
WAITING = 64
STOP_EVERY_S = 0.05
"""How often a query is told to stop: DuckDB forgets an interrupt that comes before the query."""


class QueryTimeout(Exception):
    """A query was stopped because it took too long."""


class TooManyQueries(Exception):
    """So many queries wait already that another would only time out."""


class Runner:
    """Answers named queries from a store.

    Args:
        store: what to ask.
        writer: whose counters the health query shows.
        timeout_s: after this long a query is stopped.
        max_rows: rows of one answer at most.
        prices: what the queries on prices show.
        shown: what the queries on alerts show beside the ledger.
    """

    def __init__(
        self,
        store: Store,
        writer: Writer,
        timeout_s: float,
        max_rows: int,
        prices: PricesInForce,
        shown: Shown,
    ) -> None:
        self._store = store
        self._writer = writer
        self._timeout_s = timeout_s
        self._max_rows = max_rows
        self._prices = prices
        self._shown = shown
        self._threads = ThreadPoolExecutor(CONCURRENCY, thread_name_prefix="spanledger-query")
        self._pending = 0
        self._closing = False
        self._running: set[Running] = set()
        self._stopping: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> int:
        """How many queries the database works on, those included that nobody waits for."""
        return len(self._running)

    async def run(self, definition: Definition, given: Mapping[str, Sequence[str]]) -> Answer:
        """Answer a query.

        Raises:
            BadParameter: a parameter is unknown or does not fit.
            QueryTimeout: it took too long.
            TooManyQueries: too many are waiting.
            StoreUnavailable: the store does not answer now.
        """
        now = datetime.now(timezone.utc).replace(tzinfo=None)
        values = definition.values(given, now)
        limit = values.get("limit") if "row_limit" in definition.derived else None
        rows = min(limit, self._max_rows) if isinstance(limit, int) else self._max_rows
        if self._pending >= WAITING:
            raise TooManyQueries
        self._pending += 1
        try:
            return await self._within_time(definition, values, rows)
        finally:
            self._pending -= 1

    def now(self, definition: Definition, given: Mapping[str, Sequence[str]]) -> Answer:
        """Answer a query of the collector's own on this thread, however long it takes.

        Raises:
            BadParameter: a parameter is unknown or does not fit.
            StoreUnavailable: the store does not answer now.
        """
        values = definition.values(given, datetime.now(timezone.utc).replace(tzinfo=None))
        bound = self._bound(definition, values)
        return self._store.query().run(definition.statement(values), bound, self._max_rows)

    def _bound(self, definition: Definition, values: Mapping[str, object]) -> dict[str, object]:
        state, book = self._store.state(), self._prices.book
        sources = Sources(state, self._writer, book, self._shown)
        return bind(values, definition.derived, self._max_rows, sources)

    async def _within_time(
        self, definition: Definition, values: Mapping[str, object], rows: int
    ) -> Answer:
        running = self._store.query()

        def work() -> Answer:
            self._running.add(running)
            try:
                if self._closing:
                    running.stop()
                return running.run(
                    definition.statement(values), self._bound(definition, values), rows
                )
            finally:
                self._running.discard(running)

        task = asyncio.get_running_loop().run_in_executor(self._threads, work)
        done, _ = await asyncio.wait({task}, timeout=self._timeout_s)
        if not done:
            stopping = asyncio.create_task(_stop(running, task))
            self._stopping.add(stopping)
            stopping.add_done_callback(self._stopping.discard)
            raise QueryTimeout(
                f"The query was stopped after {self._timeout_s:g} s (collector.query_timeout_s). "
                "Ask for a shorter range or fewer groups."
            )
        try:
            return task.result()
        except QueryStopped as error:
            raise StoreUnavailable("The collector is stopping.") from error

    def close(self) -> None:
        """Stop what still runs, and let go of the threads."""
        self._closing = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        while running := tuple(self._running):
            for each in running:
                each.stop()
            time.sleep(STOP_EVERY_S)
        self._threads.shutdown(wait=True)


async def _stop(running: Running, task: asyncio.Future[Answer]) -> None:
    """Stop a query for which nobody waits any more."""
    while not task.done():
        running.stop()
        await asyncio.wait({task}, timeout=STOP_EVERY_S)
    if not task.cancelled():
        task.exception()
