"""One call in full: what it cost and why, how it went, who made it, and who reported it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from spanledger_dashboard import address, call_facts, data, formats, places
from spanledger_dashboard.cards.card import card, escaped, guarded, metric
from spanledger_dashboard.data import runs
from spanledger_dashboard.layout import grid
from spanledger_dashboard.measures import Totals
from spanledger_dashboard.settings import DashboardSettings
from spanledger_dashboard.tree import Step

__all__ = ["call_detail", "span_detail"]

PAGE = "views/traces.py"
_DAYS = timedelta(days=7)
_ICONS = {"priced": ":material/verified:", "estimated": ":material/calculate:"}
_COLORS = {"priced": "green", "estimated": "gray", "unpriced": "orange"}
_OUTCOMES = {
    "completed": ("green", "completed"),
    "failed": ("red", "failed"),
    "closed": ("orange", "left early by the caller"),
    "dropped": ("orange", "never read by the caller"),
    "cancelled": ("orange", "cancelled by the caller"),
}


def call_detail(settings: DashboardSettings, call: Mapping[str, Any]) -> None:
    """Everything the ledger knows of a call."""
    _title(call)
    with guarded():
        _numbers(call, _usual(settings, call))
    with grid(2, min_column_width=330):
        _cost(call)
        _course(call, settings)
        _who(call)
        _ids(call)
    _limits_and_cache(call)
    with guarded():
        _evidence(settings, call)
    _unknown(call)


def span_detail(step: Step) -> None:
    """A span that is no call: what it said of itself."""
    with card(
        f"Span {formats.plain(step.name)}",
        f"{formats.plain(step.service)}, scope {formats.plain(step.source) or 'none'}. A span"
        " costs nothing by itself.",
    ):
        told = json.loads(step.attributes or "{}")
        rows = [{"Attribute": name, "Value": _flat(value)} for name, value in sorted(told.items())]
        if rows:
            st.dataframe(rows, hide_index=True, height="content", alt="The span's attributes")
        else:
            st.caption("It has no attributes.")
        st.code(step.span_id, language=None)


def _title(call: Mapping[str, Any]) -> None:
    color, outcome = _OUTCOMES.get(call["outcome"], ("gray", call["outcome"] or "unknown"))
    status = call["cost_status"]
    icon = _ICONS.get(status, ":material/help:")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        name = f"{call['operation'] or 'call'} {call['model'] or call['request_model'] or ''}"
        st.subheader(formats.plain(name), anchor=False, width="content")
        st.badge(formats.plain(outcome), color=color)
        st.badge(status or "unpriced", icon=icon, color=_COLORS.get(status, "orange"))  # type: ignore[arg-type]  # one of its colours


def _usual(settings: DashboardSettings, call: Mapping[str, Any]) -> Totals:
    """The calls of the same service, feature and model in the seven days before."""
    names = ("service", "feature", "model")
    same = tuple((name, (call[name] or "(none)",)) for name in names)
    at: datetime = call["start_time"]
    return data.usage(settings.source, at - _DAYS, at, "UTC", filters=same).total()


def _numbers(call: Mapping[str, Any], usual: Totals) -> None:
    many = usual.calls
    names = dict.fromkeys(call[name] for name in ("service", "feature", "model"))
    st.caption(
        f"Compared with the average of {formats.count(many, 'call')} of"
        f" {formats.plain(', '.join(name for name in names if name))} in the 7 days before"
        if many
        else "Not compared: no such call in the 7 days before"
    )
    cost, average = call["cost_usd"], usual.cost_per_call
    prompt, output = call_facts.prompt_tokens(call), int(call["output_tokens"] or 0)
    took = int(call["duration_ns"])
    with grid(4, min_column_width=200):
        metric(
            "Cost (USD)",
            f"{'~' if call['cost_status'] == 'estimated' else ''}{formats.money(cost)}",
            formats.change(cost, average) if cost is not None and average is not None else None,
            _usually(None if average is None else formats.money(average)),
            color="inverse",
        )
        _against("Took", took, usual.duration_ns // many if many else None, formats.duration)
        prompts, outputs = usual.prompt_tokens, usual.output_tokens
        _against("Prompt tokens", prompt, prompts // many if many else None, formats.quantity)
        _against("Output tokens", output, outputs // many if many else None, formats.quantity)


def _usually(average: str | None) -> str:
    return "nothing to compare with" if average is None else f"vs {average}"


def _against(label: str, now: int, usual: int | None, words: Callable[[int], str]) -> None:
    change = None if not usual else formats.relative(now, usual)
    metric(
        label,
        words(now),
        "no change" if change == "±0%" else change,
        _usually(None if usual is None else words(usual)),
        color="inverse" if label == "Took" else "off",
    )


def _cost(call: Mapping[str, Any]) -> None:
    version = formats.plain(call["prices_version"] or "none")
    with card("What it cost", f"By price book {version}; rates as they came out for this call"):
        parts = call_facts.parts(call)
        if parts:
            st.dataframe(
                [
                    {
                        "What": part.kind,
                        "Count": part.number,
                        "USD per million": None if part.rate_usd is None else float(part.rate_usd),
                        "USD": formats.money(part.usd),
                        "Share": None if part.share is None else part.share * 100,
                    }
                    for part in parts
                ],
                hide_index=True,
                placeholder="—",
                column_config={
                    "Count": st.column_config.NumberColumn(format="localized"),
                    "USD per million": st.column_config.NumberColumn(
                        format="%.4g", help="Web searches: USD for one"
                    ),
                    "USD": st.column_config.TextColumn(alignment="right"),
                    "Share": st.column_config.NumberColumn(format="%.1f%%"),
                },
                alt="Tokens of each kind with their rate, cost and share",
            )
        exact = call["cost_usd"]
        if exact is not None:
            st.caption(escaped(f"Exactly ${exact:f}. Thinking is part of the output."))
        for reason in call_facts.reasons(call):
            color = _COLORS.get(call["cost_status"], "orange")
            st.markdown(f":{color}[:material/info: {formats.plain(reason)}]")
        _otherwise(call)


def _otherwise(call: Mapping[str, Any]) -> None:
    others = call_facts.alternatives(call)
    claim, off = call["claimed_usd"], call["claim_difference_usd"]
    lines = [f"- {each.name}: **{formats.money(each.usd)}**, {each.words}" for each in others]
    if claim is not None:
        same = "the same" if not off else f"{formats.money(abs(off))} off"
        lines.append(f"- The sender reckoned {formats.money(claim)}: {same}")
    if lines:
        st.markdown(escaped("\n".join(["What it would have cost otherwise", *lines])))


def _course(call: Mapping[str, Any], settings: DashboardSettings) -> None:
    began = call["start_time"].astimezone(settings.zone)
    speed = call_facts.tokens_per_second(call)
    zone = formats.zone_name(settings.zone, began)
    facts = {
        "Began": f"{formats.day(began, year=True)}, {began:%H:%M:%S} {zone}",
        "Arrived": f"{formats.duration(_lag(call))} after its end",
        "Streamed": "yes" if call["streamed"] else "no",
        "First content after": _took(call["time_to_first_chunk_ns"]),
        "Output speed": f"{speed:.0f} tokens/s" if speed and call["output_tokens"] else None,
        "Stopped because": call["stop_reason"],
        "Error": call["error_type"],
        "HTTP status": call["http_status"],
        "Retries by the SDK": call["retries"] or None,
        "Result in its batch": call["batch_result"],
        "Asked for": call["request_model"],
        "Served by": call["response_model"],
        "Where": call["server_address"] or call["provider"],
        "Service tier": call["service_tier"],
        "Speed": call["speed"],
        "Geography": call["inference_geo"],
    }
    with card("How it went", "Times, model and place"):
        _table(facts, "Times, model and place of the call")


def _who(call: Mapping[str, Any]) -> None:
    named = {
        "Service": call["service"],
        "Version": call["service_version"],
        "Environment": call["environment"],
        "Host": call["host"],
        "Team": call["team"],
        "Feature": call["feature"],
        "User": call["user_id"],
        "Session": call["session_id"],
        "Organisation": call["organization_id"],
        "Workspace": call["workspace_id"],
    }
    others = {f"Tag {name}": value for name, value in call_facts.tags(call).items()}
    with card("Who made it", "As the service and its tags say"):
        _table(named | others, "Service, team, feature, user, session and tags")
        if call["session_id"]:
            st.page_link(
                PAGE,
                label=f"Session {formats.plain(call['session_id'][:60])}",
                icon=":material/forum:",
                query_params=address.within(
                    places.to_session(address.params(), call["session_id"], call["start_time"])
                ),
            )


def _ids(call: Mapping[str, Any]) -> None:
    ids = {
        "Message id": call["message_id"],
        "Request id, for Anthropic's support": call["request_id"],
        "Trace id": call["trace_id"],
        "Span id": call["span_id"],
    }
    with card("Ids", "The button at the right of each copies it"):
        for label, value in ids.items():
            if value:
                st.caption(label)
                st.code(value, language=None, wrap_lines=True)


def _limits_and_cache(call: Mapping[str, Any]) -> None:
    limits = call_facts.limits(call)
    missed = call["cache_miss_reason"]
    if not limits and not missed:
        return
    with grid(2, min_column_width=330):
        if limits:
            with card("Rate limits", "As the answer's headers told them"):
                st.dataframe(
                    [
                        {
                            "Limit": each.kind,
                            "A minute": each.limit,
                            "Left": each.remaining,
                            "Used": None if each.used is None else each.used * 100,
                        }
                        for each in limits
                    ],
                    hide_index=True,
                    placeholder="—",
                    column_config={
                        "A minute": st.column_config.NumberColumn(format="localized"),
                        "Left": st.column_config.NumberColumn(format="localized"),
                        "Used": st.column_config.ProgressColumn(
                            format="%.0f%%", min_value=0, max_value=100
                        ),
                    },
                    alt="Rate limits with what was left and used",
                )
        if missed:
            with card("Cache diagnosis", "Why the cache did not serve, as the API told"):
                tokens = call["cache_missed_tokens"]
                words = f"**{formats.plain(missed.replace('_', ' '))}**"
                if tokens is not None:
                    words += f": {tokens:,} tokens would have come from the cache"
                st.markdown(words)


def _evidence(settings: DashboardSettings, call: Mapping[str, Any]) -> None:
    told = runs.reports(settings.source, call["trace_id"], call["span_id"], call["start_time"])
    several = len(told) > 1
    title = "Evidence: who reported it"
    period = (
        f"{len(told)} sources report this call; it counts once, by the first"
        if several
        else "One source reports this call"
    )
    with card(title, period):
        st.dataframe(
            call_facts.evidence(told),
            hide_index=True,
            column_config={
                "Prompt": st.column_config.NumberColumn(format="localized"),
                "Output": st.column_config.NumberColumn(format="localized"),
            },
            alt="Every report of the call with its source, tokens, cost and ids",
        )
        if call["filled"]:
            st.caption(
                f"From its further reports: {formats.plain(call['filled'].replace(',', ', '))}."
            )


def _unknown(call: Mapping[str, Any]) -> None:
    lacking = call_facts.unknown(call)
    if lacking:
        st.caption(f"Not reported: {', '.join(lacking)}.")
    st.caption(
        ":material/lock: What was asked and answered is not here: the ledger keeps no prompt, no"
        " answer and no tool's arguments, even where a sender captures them."
    )


def _table(facts: Mapping[str, Any], alt: str) -> None:
    rows = [
        {"Fact": name, "Value": str(value)} for name, value in facts.items() if value is not None
    ]
    st.dataframe(rows, hide_index=True, height="content", alt=alt)


def _took(nanoseconds: int | None) -> str | None:
    return None if nanoseconds is None else formats.duration(nanoseconds)


def _lag(call: Mapping[str, Any]) -> int:
    arrived: timedelta = call["received_at"] - call["start_time"]
    whole = int(arrived / timedelta(microseconds=1)) * 1000
    return max(0, whole - int(call["duration_ns"]))


def _flat(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
