"""The work that calls of the history are part of: requests, jobs, agents and tools; pure.

Everything follows from the calls themselves, ids included, so that no drawn number changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import pairwise
from typing import Final, Literal, NamedTuple

from spanledger_demo.arrivals import Arrival
from spanledger_demo.history import DemoCall

__all__ = ["Step", "parent_of", "steps"]

Kind = Literal["server", "internal"]

_MS: Final = 1_000_000
_BEFORE_NS, _AFTER_NS, _BETWEEN_NS = 18 * _MS, 11 * _MS, 40 * _MS
_SHORTEST_TOOL_NS: Final = 300 * _MS
_TOOL_FAILS: Final = 29
"""One tool in so many fails."""
_TURNS_OF_A_WORKER: Final = 3

_ROOTS: Final = {
    "fraud-check": ("POST /orders/{id}/check", "server"),
    "invoice-extraction": ("POST /invoices", "server"),
    "product-descriptions": ("job product-descriptions", "internal"),
    "ticket-triage": ("POST /tickets", "server"),
    "reply-drafts": ("POST /tickets/{id}/draft", "server"),
    "pull-request-review": ("POST /webhooks/pull-request", "server"),
    "repo-migration": ("job repo-migration", "internal"),
}
_AGENTS: Final = {"pull-request-review": "reviewer", "repo-migration": "migrator"}
_TOOLS: Final = {
    "fraud-check": ("lookup_order",),
    "invoice-extraction": ("store_invoice",),
    "ticket-triage": ("assign_queue",),
    "pull-request-review": ("git_diff", "read_file", "search_code", "run_tests"),
    "repo-migration": ("list_modules", "edit_files", "run_tests", "read_file"),
}


class Step(NamedTuple):
    """A span around or between calls."""

    arrival: Arrival
    span_id: int
    parent_span_id: int | None
    name: str
    kind: Kind
    start_ns: int
    end_ns: int
    failed: bool = False

    @property
    def operation(self) -> tuple[str, str] | None:
        """The operation of the GenAI conventions, and the agent's or tool's name."""
        operation, _, name = self.name.partition(" ")
        return (operation, name) if operation in {"invoke_agent", "execute_tool"} else None


def parent_of(call: DemoCall) -> int | None:
    """The span that the call was made in; None where nothing was traced but the call."""
    arrival = call.arrival
    feature = arrival.feature.name
    if feature not in _ROOTS:
        return None
    if feature not in _AGENTS or arrival.operation != "chat":
        return _id(arrival.trace_id, "root")
    worker = _worker(arrival)
    return _id(arrival.trace_id, "agent" if worker is None else f"worker {worker}")


def steps(calls: Iterable[DemoCall]) -> Iterator[Step]:
    """Everything that was traced besides the calls."""
    traces: defaultdict[int, list[DemoCall]] = defaultdict(list)
    for call in calls:
        if call.arrival.feature.name in _ROOTS:
            traces[call.arrival.trace_id].append(call)
    for made in traces.values():
        yield from _of_trace(made)


def _of_trace(calls: Sequence[DemoCall]) -> Iterator[Step]:
    first = calls[0].arrival
    feature, trace = first.feature.name, first.trace_id
    chats = [call for call in calls if call.arrival.operation == "chat"]
    tools = list(_tools(chats))
    name, kind = _ROOTS[feature]
    root = _id(trace, "root")
    around = _around([*calls], tools, root, name)
    yield around._replace(parent_span_id=None, kind="server" if kind == "server" else "internal")
    yield from tools
    if feature not in _AGENTS or not chats:
        return
    workers: defaultdict[int, list[DemoCall]] = defaultdict(list)
    for call in chats:
        if (worker := _worker(call.arrival)) is not None:
            workers[worker].append(call)
    agent = _id(trace, "agent")
    yield _around(chats, tools, agent, f"invoke_agent {_AGENTS[feature]}")._replace(
        parent_span_id=root, start_ns=chats[0].arrival.at_ns - 6 * _MS
    )
    for number, made in workers.items():
        own = _id(trace, f"worker {number}")
        inside = [tool for tool in tools if tool.parent_span_id == own]
        step = _around(made, inside, own, f"invoke_agent module-worker-{number + 1}")
        yield step._replace(parent_span_id=agent, start_ns=made[0].arrival.at_ns - 2 * _MS)


def _around(calls: Sequence[DemoCall], tools: Sequence[Step], span_id: int, name: str) -> Step:
    ends = [*(_end(call) for call in calls), *(tool.end_ns for tool in tools)]
    return Step(
        calls[0].arrival,
        span_id,
        None,
        name,
        "internal",
        calls[0].arrival.at_ns - _BEFORE_NS,
        max(ends) + _AFTER_NS,
        failed=calls[-1].failure is not None,
    )


def _tools(chats: Sequence[DemoCall]) -> Iterator[Step]:
    """What the model asked for, until the next call; after the last call as long as a look-up."""
    names = _TOOLS.get(chats[0].arrival.feature.name, ()) if chats else ()
    if not names:
        return
    for call, following in pairwise([*chats, None]):
        if call is None or call.stop_reason != "tool_use":
            continue
        start = _end(call) + _BETWEEN_NS // 2
        end = start + (call.span_id % 900 + 40) * _MS
        if following is not None:
            end = following.arrival.at_ns - _BETWEEN_NS
            if end - start < _SHORTEST_TOOL_NS:
                continue  # the next call was made meanwhile
        yield Step(
            call.arrival,
            _id(call.span_id, "tool"),
            parent_of(call),
            f"execute_tool {names[call.span_id % len(names)]}",
            "internal",
            start,
            end,
            failed=call.span_id % _TOOL_FAILS == 0,
        )


def _worker(arrival: Arrival) -> int | None:
    """Which of the migrator's helpers makes a call; the first call plans, others are of none."""
    if arrival.feature.name != "repo-migration" or arrival.turn == 0:
        return None
    return (arrival.turn - 1) // _TURNS_OF_A_WORKER


def _end(call: DemoCall) -> int:
    return call.arrival.at_ns + call.duration_ns


def _id(number: int, label: str) -> int:
    digest = blake2b(f"{number:x}/{label}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") | 1
