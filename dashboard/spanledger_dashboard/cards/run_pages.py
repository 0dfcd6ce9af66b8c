"""The three faces of the page on traces and sessions: the lists, a session, a trace."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median

import streamlit as st

from spanledger_dashboard import address, filters, formats, places
from spanledger_dashboard.cards import runs as listing
from spanledger_dashboard.cards import trace as tracing
from spanledger_dashboard.cards.call import call_detail, span_detail
from spanledger_dashboard.cards.card import guarded, metric
from spanledger_dashboard.data import runs
from spanledger_dashboard.data.runs import Run
from spanledger_dashboard.layout import grid
from spanledger_dashboard.settings import DashboardSettings
from spanledger_dashboard.states import nothing_here

__all__ = ["list_page", "session_page", "trace_page"]

_PAGE = 20
_MOST_TRACES = 1000


def list_page() -> None:
    """Sessions or traces of the range, by cost or otherwise."""
    here = filters.scope()
    show, sort = listing.choose_list()
    with guarded(height=480):
        question = runs.sessions if show == "sessions" else runs.traces
        listed = question(
            here.source,
            here.shown.start,
            here.shown.end,
            sort=sort,
            after=st.session_state["after"],
            limit=_PAGE,
            filters=here.filters,
        )
        if listed.runs:
            listing.headline(here, listed, show)
        listing.run_list(here, listed, show)


def session_page(session: str, at: datetime | None) -> None:
    """One session: what it cost, and its traces."""
    settings = address.settings()
    _back("sessions")
    with guarded(height=480):
        start, end = runs.reach(at or datetime.now(settings.zone))
        listed = runs.traces(
            settings.source, start, end, sort="newest", limit=_MOST_TRACES, session=session
        )
        st.subheader(f"Session {formats.plain(session)}", anchor=False)
        if not listed.runs:
            nothing_here(
                f"No call of this session between {formats.day(start, year=True)} and"
                f" {formats.day(end, year=True)}. The link's time (`at`) may be another's, or the"
                " calls are older than the ledger keeps them."
            )
            return
        _session_numbers(settings, session, listed.runs)
        st.code(session, language=None, wrap_lines=True)
        total = sum((run.cost_usd or Decimal(0) for run in listed.runs), Decimal(0))
        _session_traces(settings, listed.runs, total)
        if listed.more:
            st.markdown(
                f":small[:orange[Only the newest {_MOST_TRACES:,} traces are added up here.]]"
            )


def trace_page(trace_id: str, at: datetime | None, chosen: str | None) -> None:
    """One trace: numbers, waterfall, and the step that is looked at."""
    settings = address.settings()
    _back("traces")
    if not places.is_trace_id(trace_id):
        nothing_here("This is no trace id: it has 32 digits from 0 to 9 and a to f.")
        return
    with guarded(height=480):
        told = runs.trace(settings.source, trace_id, at)
        if not told.steps and at is not None:
            told = runs.trace(settings.source, trace_id, None)  # the link's time was another's
        if not told.steps:
            nothing_here(
                f"No call or span of the trace {trace_id} is in the ledger. Spans are kept for 30"
                " days and calls for 400 unless the collector's settings say otherwise."
            )
            return
        trace = tracing.seen(settings, trace_id, told)
        _trace_title(trace)
        tracing.headline(settings, trace)
        shown = tracing.step_of(trace, chosen)
        tracing.waterfall_card(settings, trace, shown)
        tracing.choose_step(trace, shown)
        _step(settings, trace, shown)


def _step(settings: DashboardSettings, trace: tracing.Seen, span_id: str) -> None:
    step = next(each.step for each in trace.branches if each.step.span_id == span_id)
    if step.kind == "report":
        st.caption(
            "A further report of a call that counts already; its cost stands at the call, and the"
            " call's evidence has this report."
        )
    call = runs.call(settings.source, trace.trace_id, span_id, step.start)
    if call is None:
        span_detail(step)
    else:
        call_detail(settings, call)


def _trace_title(trace: tracing.Seen) -> None:
    call = trace.first_call
    name = call and (call["feature"] or call["service"])
    st.subheader(f"Trace of {formats.plain(name)}" if name else "Trace", anchor=False)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.code(trace.trace_id, language=None, width="content")
        if call and call["session_id"]:
            st.page_link(
                tracing.PAGE,
                label=f"Session {formats.plain(call['session_id'][:60])}",
                icon=":material/forum:",
                query_params=address.within(
                    places.to_session(address.params(), call["session_id"], trace.at)
                ),
            )


def _session_numbers(settings: DashboardSettings, session: str, traces: Sequence[Run]) -> None:
    newest, oldest = traces[0], min(traces, key=lambda run: run.oldest)
    same = (
        ("service", (newest.service or "(none)",)),
        ("feature", (newest.feature or "(none)",)),
    )
    others = runs.sessions(
        settings.source,
        oldest.oldest - timedelta(days=7),
        oldest.oldest,
        sort="newest",
        after=None,
        limit=200,
        filters=same,
    ).runs
    kind = newest.feature or newest.service or "its kind"
    costs = [run.cost_usd for run in others if run.cost_usd is not None and run.id != session]
    usd = sum((run.cost_usd or Decimal(0) for run in traces), Decimal(0))
    unpriced = sum(run.unpriced for run in traces)
    calls = sum(run.calls for run in traces)
    middle = median(costs) if costs else None
    missing = f" + {unpriced} unpriced" if unpriced and unpriced < calls else ""
    known = usd if any(run.cost_usd is not None for run in traces) else None
    st.caption(
        f"Compared with the median of {formats.count(len(costs), 'session')} of"
        f" {formats.plain(kind)} in the 7 days before"
        if costs
        else f"Not compared: no other session of {formats.plain(kind)} in the 7 days before"
    )
    ends = max(run.oldest + timedelta(microseconds=run.elapsed_ns // 1000) for run in traces)
    elapsed = ends - oldest.oldest
    with grid(4, min_column_width=200):
        metric(
            "Cost (USD)",
            formats.money(known) + missing,
            formats.change(usd, middle) if known is not None and middle is not None else None,
            "nothing to compare with" if middle is None else f"vs {formats.money(middle)}",
            color="inverse",
        )
        metric("Calls", formats.quantity(calls), None, f"in {formats.count(len(traces), 'trace')}")
        failed = sum(run.errors for run in traces)
        metric(
            "Failed calls",
            formats.quantity(failed),
            None,
            f"{formats.share(failed / calls if calls else None)} of its calls",
        )
        metric(
            "From first to last",
            formats.duration(int(elapsed / timedelta(microseconds=1)) * 1000),
            None,
            f"working for {formats.duration(sum(run.elapsed_ns for run in traces))} of it",
        )


def _session_traces(settings: DashboardSettings, traces: Sequence[Run], total: Decimal) -> None:
    after = st.session_state["after"]
    first = next((i + 1 for i, run in enumerate(traces) if run.cursor == after), 0)
    page = traces[first : first + _PAGE]
    with st.container(border=True, gap="small"):
        of = f"{first + 1} to {first + len(page)} of {len(traces):,}"
        st.markdown(f"**Its traces**, newest first · {of}")
        listing.run_rows(page, "traces", total, settings.zone)
    if first + _PAGE < len(traces):
        params = {
            name: value for name, value in address.params().items() if name not in {"after", "via"}
        }
        st.page_link(
            tracing.PAGE,
            label="Next page",
            icon=":material/chevron_right:",
            query_params=address.within({**params, "after": page[-1].cursor}),
        )


def _back(show: str) -> None:
    st.page_link(
        tracing.PAGE,
        label=f"All {show}",
        icon=":material/arrow_back:",
        query_params=address.within(places.to_list(address.params(), show)),
    )
