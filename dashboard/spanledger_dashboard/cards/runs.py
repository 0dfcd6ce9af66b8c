"""Sessions and traces as lists of links, the most expensive first or otherwise ordered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from statistics import median
from zoneinfo import ZoneInfo

import streamlit as st

from spanledger_dashboard import address, data, formats, places, run_files
from spanledger_dashboard.cards.card import download, escaped, metric
from spanledger_dashboard.cards.period import comparable, compared_with
from spanledger_dashboard.data.runs import Listed, Run
from spanledger_dashboard.filters import Scope
from spanledger_dashboard.layout import grid
from spanledger_dashboard.links import RUN_SORTS
from spanledger_dashboard.measures import Totals
from spanledger_dashboard.states import nothing_here

__all__ = ["LISTS", "choose_list", "headline", "run_list", "run_rows", "trust"]

PAGE = "views/traces.py"
LISTS = {"sessions": "Sessions", "traces": "Traces"}
_SHOWN = 20
_MOST_LETTERS = 60


def choose_list() -> tuple[str, str]:
    """Sessions or traces, and in which order."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        show = st.segmented_control(
            "Show",
            list(LISTS),
            format_func=LISTS.__getitem__,
            required=True,
            **address.control("show", after=None),  # from the top
        )
        sort = st.selectbox(
            "Order",
            list(RUN_SORTS),
            format_func=RUN_SORTS.__getitem__,
            width=230,
            **address.control("sort", after=None),
        )
    return show or "sessions", sort


def headline(here: Scope, listed: Listed, show: str) -> None:
    """What the range cost, and how much of that is in the list."""
    shown, zone = here.shown, here.shown.zone.key
    now = data.usage(here.source, shown.start, shown.end, zone, filters=here.filters).total()
    before = data.usage(
        here.source, shown.before_start, shown.before_end, zone, filters=here.filters
    ).total()
    known = comparable(here.source, shown)
    st.caption(compared_with(shown, compared=known))
    with grid(3, min_column_width=230):
        _compared("Cost (USD)", now, before, known, lambda totals: totals.known_cost_usd)
        costs = [run.cost_usd for run in listed.runs if run.cost_usd is not None]
        listed_usd = sum(costs, Decimal(0))
        share = float(listed_usd / now.cost_usd) if now.cost_usd else None
        noun = show.removesuffix("s")
        metric(
            f"In the {formats.count(len(listed.runs), noun)} below",
            formats.money(listed_usd if costs or not listed.runs else None),
            None,
            f"{formats.share(share)} of the range's cost" if costs else "no cost is known",
        )
        largest = max(costs, default=None)
        middle = median(costs) if costs else None
        metric(
            "The largest of them",
            formats.money(largest) if largest is not None else formats.UNKNOWN,
            None,
            f"{_times(largest, middle)} the median of {formats.money(middle)}"
            if largest and middle
            else "no cost is known",
        )


def run_list(here: Scope, listed: Listed, show: str) -> None:
    """The list with its pages."""
    after = st.session_state.get("after")
    if not listed.runs:
        _none(here, show, paged=bool(after))
        return
    total = sum((run.cost_usd or Decimal(0) for run in listed.runs), Decimal(0))
    with st.container(border=True, gap="small"):
        run_rows(listed.runs, show, total, here.shown.zone)
    with st.container(horizontal=True, vertical_alignment="center"):
        download("CSV", lambda: run_files.as_csv(listed.runs), here.shown)
        download("Parquet", lambda: run_files.as_parquet(listed.runs), here.shown)
        params = address.params()
        here_again = {name: value for name, value in params.items() if name not in {"after", "via"}}
        if after:
            st.page_link(
                PAGE,
                label="First page",
                icon=":material/first_page:",
                query_params=address.within(here_again),
            )
        if listed.more:
            following = {**here_again, "after": listed.runs[-1].cursor}
            st.page_link(
                PAGE,
                label="Next page",
                icon=":material/chevron_right:",
                query_params=address.within(following),
            )


def run_rows(listed: Sequence[Run], show: str, total: Decimal, zone: ZoneInfo) -> None:
    """A link, what it cost, and the facts below it; for each run."""
    params = address.params()
    for run in listed:
        link = (
            places.to_session(params, run.id, run.newest)
            if show == "sessions"
            else places.to_trace(params, run.id, run.oldest)
        )
        with st.container(gap=None):
            with st.container(
                horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
            ):
                st.page_link(
                    PAGE,
                    label=_label(run, show),
                    query_params=address.within(link),
                    icon=_ICONS[show],
                )
                cost = f"**{escaped(trust(run))}**{_share(run, total)}"
                st.markdown(cost, width="content")
            st.markdown(_facts(run, show, zone))


def trust(run: Run) -> str:
    """A cost that says what it lacks."""
    if run.cost_usd is None:
        return formats.money(None)
    more = f" + {run.unpriced} unpriced" if run.unpriced else ""
    return f"{'~' if run.estimated else ''}{formats.money(run.cost_usd)}{more}"


_ICONS = {"sessions": ":material/forum:", "traces": ":material/account_tree:"}


def _label(run: Run, show: str) -> str:
    if show == "sessions":
        return formats.plain(_short(run.id))
    return f"{formats.plain(_short(run.feature or run.service or 'trace'))} · {run.id[:8]}"


def _short(text: str) -> str:
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 1]}…"


def _share(run: Run, total: Decimal) -> str:
    if run.cost_usd is None:
        return ""
    share = float(run.cost_usd / total) if total else None
    return f" :small[:gray[{formats.share(share)} of these]]"


def _facts(run: Run, show: str, zone: ZoneInfo) -> str:
    local = run.oldest.astimezone(zone)
    day = "" if local.date() == datetime.now(zone).date() else f"{formats.day(local)} "
    names = (run.service, run.team, run.feature if show == "sessions" else None, run.user)
    told = [formats.plain(_short(name)) for name in dict.fromkeys(names) if name]
    told.append(formats.count(run.calls, "call"))
    if show == "sessions":
        told.append(formats.count(run.traces, "trace"))
    if run.errors:
        told.append(f":red[{run.errors} failed]")  # not in a caption, which pales its colours
    told.append(
        f"{formats.quantity(run.prompt_tokens)} in, {formats.quantity(run.output_tokens)} out"
    )
    told.append(", ".join(formats.plain(model.removeprefix("claude-")) for model in run.models))
    told.append(f"{day}{local:%H:%M:%S} for {formats.duration(run.elapsed_ns)}")
    return f":small[:gray[{' · '.join(part for part in told if part)}]]"


def _none(here: Scope, show: str, *, paged: bool) -> None:
    where = formats.plain(formats.zone_name(here.shown.zone, here.now))
    if paged:
        nothing_here("There are no more. “Back” leads to the page before.")
        return
    nothing_here(
        f"No {show[:-1]} in {'these filters' if here.filters else 'this range'}: "
        f"{here.shown.describe()}, {where}. Choose a longer range or fewer filters."
    )
    if show == "sessions":
        st.markdown(
            "A session is whatever your service says it is: a conversation, a ticket, a job."
            " Name it around the calls, and every one of them adds up here:"
        )
        st.code(
            'with spanledger.tags(session="ticket-4711"):\n    client.messages.create(...)',
            language="python",
        )


def _compared(
    label: str,
    now: Totals,
    before: Totals,
    known: bool,
    of: Callable[[Totals], Decimal | None],
) -> None:
    value, earlier = of(now), of(before)
    comparing = known and value is not None and earlier is not None
    missing = formats.count(now.unpriced_calls, "unpriced call") if now.unpriced_calls else None
    compared = f"vs {formats.money(earlier)} before" if known else "no earlier data"
    metric(
        f"{label} + {missing}" if missing else label,
        formats.money(value),
        formats.change(value or 0, earlier or 0) if comparing else None,
        compared,
        color="inverse",
    )


def _times(most: Decimal, middle: Decimal) -> str:
    return f"{float(most / middle):.1f} times"
