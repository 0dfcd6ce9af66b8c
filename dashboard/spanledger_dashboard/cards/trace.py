"""One trace: what it cost against others of its kind, its waterfall, and the step to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any, NamedTuple

import streamlit as st

from spanledger_dashboard import address, formats, tree, waterfall
from spanledger_dashboard.cards.card import card, metric
from spanledger_dashboard.data import runs
from spanledger_dashboard.data.runs import Run, Trace
from spanledger_dashboard.layout import grid
from spanledger_dashboard.settings import DashboardSettings
from spanledger_dashboard.tree import Branch, Costs

__all__ = ["Seen", "choose_step", "headline", "seen", "step_of", "waterfall_card"]

PAGE = "views/traces.py"
_MOST_BARS = 150
_COMPARED_WITH = 200
_DAYS = timedelta(days=7)
_PICK = "waterfall"


class Seen(NamedTuple):
    """A trace as it is shown."""

    trace_id: str
    at: datetime
    """When its first step began."""
    ends: datetime
    trees: list[Branch]
    more: bool
    first_call: dict[str, Any] | None
    """All that is known of its first call, whose names are taken for the trace's."""

    @property
    def branches(self) -> list[Branch]:
        """Every step, from top to bottom."""
        return [branch for top in self.trees for branch in top.walk()]

    @property
    def costs(self) -> Costs:
        """What the whole trace cost."""
        total = Costs()
        for top in self.trees:
            total = total.plus(top.costs)
        return total


def seen(settings: DashboardSettings, trace_id: str, told: Trace) -> Seen:
    """Make the tree of a trace that has steps."""
    steps = told.steps
    begins = min(step.start for step in steps)
    ends = max(step.start + timedelta(microseconds=step.duration_ns // 1000) for step in steps)
    first = next((step for step in steps if step.kind == "call"), None)
    call = (
        None if first is None else runs.call(settings.source, trace_id, first.span_id, first.start)
    )
    return Seen(trace_id, begins, ends, tree.planted(steps), told.more, call)


def headline(settings: DashboardSettings, trace: Seen) -> None:
    """Cost, time, calls and failures, beside the usual ones of the same feature."""
    costs = trace.costs
    others = _others(settings, trace)
    kind = _kind(trace.first_call)
    elapsed = int((trace.ends - trace.at) / timedelta(microseconds=1)) * 1000
    failed = sum(branch.step.failed for branch in trace.branches)
    usd = [run.cost_usd for run in others if run.cost_usd is not None]
    last = "the last trace" if len(others) == 1 else f"the median of the last {len(others)} traces"
    st.caption(
        f"Compared with {last} of {kind} in the 7 days before"
        if others
        else f"Not compared: no other trace of {kind} in the 7 days before"
    )
    with grid(4, min_column_width=200):
        middle = median(usd) if usd else None
        metric(
            "Cost (USD)",
            waterfall.told(costs),
            formats.change(costs.usd, middle) if middle is not None else None,
            _usually(None if middle is None else formats.money(middle)),
            color="inverse",
            note="The sum of its calls, each counted once. Spans around them cost nothing.",
        )
        times = [run.elapsed_ns for run in others]
        usual = int(median(times)) if times else None
        metric(
            "Took",
            formats.duration(elapsed),
            _longer(elapsed, usual),
            _usually(None if usual is None else formats.duration(usual)),
            color="inverse",
        )
        counts = [run.calls for run in others]
        many = round(median(counts)) if counts else None
        metric(
            "Calls",
            formats.quantity(costs.calls),
            None if many is None else formats.change(costs.calls, many),
            _usually(None if many is None else str(many)),
        )
        metric(
            "Failed steps",
            formats.quantity(failed),
            None,
            f"of {formats.count(len(trace.branches), 'step')}",
        )


def waterfall_card(settings: DashboardSettings, trace: Seen, chosen: str) -> None:
    """The bars; choosing one makes it an entry of the browser's history."""
    branches = trace.branches
    few = len(branches) <= _MOST_BARS
    zone = formats.plain(formats.zone_name(settings.zone, trace.at))
    begins = trace.at.astimezone(settings.zone)
    when = f"{formats.day(begins, year=True)}, {begins:%H:%M:%S}"
    with card("Waterfall", f"Began {when}, {zone}. The sum up to each step stands at its right."):
        if not few:
            branches = _fewer(branches)
        bars = waterfall.as_bars(branches)
        st.altair_chart(
            waterfall.chart(bars, f"{begins:%H:%M:%S}", chosen),
            key=_PICK,
            on_select=lambda: _picked(trace),
            selection_mode=waterfall.PICK,
            alt=_alt(trace),
        )
        for words in _notes(trace, branches):
            st.caption(words)


def step_of(trace: Seen, asked: str | None) -> str:
    """The span id of the step that is asked for; the costliest call where there is none such."""
    branches = trace.branches
    if asked and any(each.step.span_id == asked for each in branches):
        return asked
    return _costliest(branches)


def choose_step(trace: Seen, shown: str) -> None:
    """Another step to look at, also without a mouse."""
    labels = {each.step.span_id: _option(each) for each in trace.branches}
    st.selectbox(
        "Look at",
        list(labels),
        format_func=labels.__getitem__,
        **address.control("call", shown),
    )


def _costliest(branches: Sequence[Branch]) -> str:
    calls = [branch.step for branch in branches if branch.step.kind == "call"]
    most = max(calls, key=lambda step: step.cost_usd or Decimal(-1), default=None)
    return (most or branches[0].step).span_id


def _option(branch: Branch) -> str:
    cost = waterfall.cost_of(branch)
    told = [waterfall.name_of(branch), cost, formats.duration(branch.step.duration_ns)]
    return "\u2003" * min(branch.depth, 8) + " · ".join(part for part in told if part)


def _picked(trace: Seen) -> None:
    """A click on a bar; what the browser sends is looked up among the steps that there are."""
    event: Mapping[str, Any] = st.session_state.get(_PICK) or {}
    points = (event.get("selection") or {}).get(waterfall.PICK) or []
    known = {branch.step.span_id for branch in trace.branches}
    picked = next((point.get("span_id") for point in points if isinstance(point, Mapping)), None)
    if picked in known:
        address.choose(call=picked)


def _others(settings: DashboardSettings, trace: Seen) -> list[Run]:
    """The newest traces of the same service and feature in the seven days before."""
    call = trace.first_call
    if call is None:
        return []
    same = (("service", (call["service"],)), ("feature", (call["feature"] or "(none)",)))
    listed = runs.traces(
        settings.source,
        trace.at - _DAYS,
        trace.at,
        sort="newest",
        limit=_COMPARED_WITH,
        filters=same,
    )
    return [run for run in listed.runs if run.id != trace.trace_id]


def _kind(call: Mapping[str, Any] | None) -> str:
    return formats.plain((call and (call["feature"] or call["service"])) or "its kind")


def _usually(usual: str | None) -> str:
    return "nothing to compare with" if usual is None else f"vs {usual}"


def _longer(now: int, usual: int | None) -> str | None:
    if usual is None or now == usual:
        return None if usual is None else "no change"
    sign = "+" if now > usual else "-"
    return formats.relative(now, usual) or f"{sign}{formats.duration(abs(now - usual))}"


def _fewer(branches: Sequence[Branch]) -> list[Branch]:
    """So many that they can be drawn: first the steps that lead to calls."""
    return [each for each in branches if each.costs.calls][:_MOST_BARS]


def _notes(trace: Seen, drawn: Sequence[Branch]) -> list[str]:
    """What the picture does not show, and what is odd about the trace."""
    branches, words = trace.branches, []
    if len(drawn) < len(branches):
        words.append(
            f"{formats.count(len(drawn), 'step')} of {len(branches):,} drawn: the first that lead"
            " to calls. “Look at” below has all of them."
        )
    if trace.more:
        words.append(
            f":orange[The trace has more than {runs.MOST_STEPS:,} steps: the sums are those of the"
            " earliest.]"
        )
    orphans = sum(branch.orphan for branch in branches)
    if orphans:
        those = "1 step has a parent" if orphans == 1 else f"{orphans} steps have parents"
        words.append(
            f"{those} that did not arrive: services send calls by SpanLedger, and the spans around"
            " them only if their own tracing sends them here, too."
        )
    if any(branch.step.kind == "report" for branch in branches):
        words.append(
            "Grey calls are further reports of calls that count already: they are in no sum."
        )
    return words


def _alt(trace: Seen) -> str:
    costs = trace.costs
    return (
        f"Waterfall of {formats.count(len(trace.branches), 'step')} with"
        f" {formats.count(costs.calls, 'call')}, {waterfall.told(costs)} in all; the list"
        " “Look at” below names each step with its cost and time"
    )
