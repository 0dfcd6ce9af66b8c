"""Links to sessions, traces and calls; pure.

A link to a trace carries about when it was: without that the collector looks through everything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone

from spanledger_dashboard.links import carried

Link = dict[str, "str | list[str]"]
Params = Mapping[str, Sequence[str]]

_TRACE = re.compile(r"[0-9a-f]{32}")


def to_list(params: Params, show: str) -> Link:
    """The list of sessions or of traces, with time range and filters as they are."""
    kept = {name: params[name][-1] for name in ("sort",) if params.get(name)}
    return {**carried(params), **({} if show == "sessions" else {"show": show}), **kept}


def to_session(params: Params, session: str, at: datetime) -> Link:
    """One session, wherever the page is."""
    return {**carried(params), "session": session, "at": written(at)}


def to_trace(params: Params, trace: str, at: datetime, call: str | None = None) -> Link:
    """One trace, and in it one call."""
    chosen = {"call": call} if call else {}
    return {**carried(params), "trace": trace, "at": written(at), **chosen}


def written(at: datetime) -> str:
    """A moment as links have it."""
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str | None) -> datetime | None:
    """What a link says of the time; None when it says nothing that can be read."""
    try:
        told = datetime.fromisoformat((text or "").replace("Z", "+00:00"))
    except ValueError:
        return None
    return told if told.tzinfo else told.replace(tzinfo=timezone.utc)


def is_trace_id(text: str) -> bool:
    """Whether it is what OpenTelemetry calls a trace id."""
    return _TRACE.fullmatch(text) is not None
