"""What a query binds beside its parameters, worked out from them or from the collector's state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from spanledger._version import __version__
from spanledger.pricing import PriceBook
from spanledger_collector.dimensions import FILTERS
from spanledger_collector.prices.listing import listed
from spanledger_collector.query import measures
from spanledger_collector.query.cache_rates import cache_rates
from spanledger_collector.query.parameters import Cursor, Place
from spanledger_collector.query.periods import day_edges, has_broken_hours, periods
from spanledger_collector.store import StoreState
from spanledger_collector.writer import Writer

__all__ = ["RULES", "Shown", "Sources", "bind"]

_EPOCH = datetime(1970, 1, 1)
_NO_CURSOR = Cursor(datetime(9999, 1, 1), 0)
_NO_PLACE = Place(Decimal(10**19), "")
_TWO_MONTHS = 62
_NEAR = timedelta(days=1)
_WITHIN_HOURS = frozenset({"minute", "five_minutes", "quarter_hour"})


class Shown(Protocol):
    """What queries show of alerts beside the ledger, as JSON."""

    def rules(self) -> str:
        """The rules in force."""

    def budgets(self) -> str:
        """Where the budgets stand."""

    def planned(self, start: datetime, end: datetime) -> str:
        """What planned work takes place between two instants."""


class Sources(NamedTuple):
    """The collector's state, as far as queries show it."""

    state: StoreState
    writer: Writer
    prices: PriceBook
    shown: Shown


class _Given(NamedTuple):
    values: Mapping[str, Any]
    max_rows: int
    sources: Sources


class _Rule(NamedTuple):
    """How values that are bound come out of parameters."""

    gives: tuple[str, ...]
    work_out: Callable[[_Given], tuple[object, ...]]
    instead_of: tuple[str, ...] = ()
    """Parameters that are not bound themselves."""


def bind(
    values: Mapping[str, Any], derived: Iterable[str], max_rows: int, sources: Sources
) -> dict[str, object]:
    """Add the derived values to the parameters' values."""
    bound = dict(values)
    bound.pop(measures.PARAMETER, None)
    given = _Given(values, max_rows, sources)
    for rule in {RULES[name] for name in derived}:
        for name in rule.instead_of:
            bound.pop(name, None)
        bound.update(zip(rule.gives, rule.work_out(given), strict=True))
    return bound


def _fine(given: _Given) -> tuple[bool]:
    """Whether the hourly rollup of usage is too coarse."""
    return (_needs(given.values, "user_id", "session_id") or _breaks_hours(given.values),)


def _alone(given: _Given) -> tuple[str | None]:
    """The only dimension in question, `all` for none: its totals answer with the fewest rows."""
    values = given.values
    named = {values.get("group_by", "none"), values.get("group_by_2", "none")} - {"none"}
    named |= {name for name in FILTERS if values.get(name)}
    if len(named) > 1 or named & {"user_id", "session_id"}:
        return (None,)
    return (min(named, default="all"),)


def _raw_latency(given: _Given) -> tuple[bool]:
    """Whether the rollup of latencies is too coarse."""
    places = ("service", "team", "environment", "feature", "workspace_id")
    lacks = (*places, "cost_status", "user_id", "session_id")
    return (_needs(given.values, *lacks) or _breaks_hours(given.values),)


def _raw_users(given: _Given) -> tuple[bool]:
    """Whether the rollup of users is too coarse."""
    return (_needs(given.values, "feature", "workspace_id", "outcome", "cost_status"),)


def _needs(values: Mapping[str, Any], *dimensions: str) -> bool:
    """Whether a question filters or groups by one of these."""
    groups = {values.get("group_by"), values.get("group_by_2")}
    return any(values.get(dimension) or dimension in groups for dimension in dimensions)


def _breaks_hours(values: Mapping[str, Any]) -> bool:
    """Whether its days or buckets begin within hours of UTC."""
    if "as_of" in values:
        start = values["as_of"] - timedelta(days=values.get("days", _TWO_MONTHS))
        return has_broken_hours(values["tz"], start, values["as_of"])
    bucket = values.get("bucket", "none")
    if bucket == "none":
        return False
    if bucket in _WITHIN_HOURS:
        return True
    return has_broken_hours(values["tz"], values["start"], values["end"])


def _row_limit(given: _Given) -> tuple[int]:
    return (min(given.values["limit"], given.max_rows) + 1,)


def _before(given: _Given) -> tuple[datetime, int]:
    return given.values["before"] or _NO_CURSOR


def _after(given: _Given) -> tuple[str, str]:
    place = given.values["after"] or _NO_PLACE
    return f"{place.value:f}", place.name


def _near(given: _Given) -> tuple[datetime, datetime]:
    near = given.values["near"]
    if near is None:
        return _EPOCH, datetime(9999, 1, 1)
    return near - _NEAR, near + _NEAR


def _periods(given: _Given) -> tuple[object, ...]:
    return tuple(periods(given.values["as_of"], given.values["tz"]).values())


def _day_edges(given: _Given) -> tuple[object, object]:
    values = given.values
    edges = day_edges(values["as_of"], values["days"], values["tz"])
    return edges, edges[0]["first"]


def _health(given: _Given) -> tuple[object, ...]:
    state, writer, prices, _ = given.sources
    counters = writer.counters
    return (
        counters.calls + counters.duplicates,
        counters.duplicates,
        counters.quarantined,
        state.database_bytes,
        state.free_bytes,
        state.calls_keep_days,
        state.spans_keep_days,
        state.alerts_keep_days,
        state.newest_batch,
        state.schema_version,
        prices.version,
        __version__,
        writer.ready,
    )


def _listed_prices(given: _Given) -> tuple[str]:
    day = (given.values["at"] - _EPOCH).days
    return (listed(given.sources.prices, given.values["platform"], day),)


def _cache_rates(given: _Given) -> tuple[str]:
    return (cache_rates(given.sources.prices),)


def _alert_rules(given: _Given) -> tuple[str]:
    return (given.sources.shown.rules(),)


def _budget_states(given: _Given) -> tuple[str]:
    return (given.sources.shown.budgets(),)


def _planned_work(given: _Given) -> tuple[str]:
    values = given.values
    return (given.sources.shown.planned(values["start"], values["end"]),)


_RULES = (
    _Rule(("fine",), _fine),
    _Rule(("alone",), _alone),
    _Rule(("raw_latency",), _raw_latency),
    _Rule(("raw_users",), _raw_users),
    _Rule(("row_limit",), _row_limit, instead_of=("limit",)),
    _Rule(("before_time", "before_span"), _before, instead_of=("before",)),
    _Rule(("after_value", "after_name"), _after, instead_of=("after",)),
    _Rule(("near_first", "near_last"), _near, instead_of=("near",)),
    _Rule(
        (
            "today",
            "yesterday",
            "yesterday_now",
            "week_ago",
            "week_ago_now",
            "month",
            "last_month",
            "last_month_now",
        ),
        _periods,
        instead_of=("tz",),
    ),
    _Rule(("day_edges", "first_day"), _day_edges, instead_of=("tz", "days")),
    _Rule(
        (
            "received",
            "duplicates",
            "refused",
            "database_bytes",
            "free_bytes",
            "calls_keep_days",
            "spans_keep_days",
            "alerts_keep_days",
            "newest_batch",
            "schema_version",
            "prices_version",
            "collector_version",
            "ready",
        ),
        _health,
    ),
    _Rule(("listed_prices",), _listed_prices, instead_of=("at", "platform")),
    _Rule(("cache_rates",), _cache_rates),
    _Rule(("alert_rules",), _alert_rules),
    _Rule(("budget_states",), _budget_states),
    _Rule(("planned_work",), _planned_work, instead_of=("start", "end")),
)
RULES = {name: rule for rule in _RULES for name in rule.gives}
"""The names that `-- @derived` in a header may list, and how each is worked out."""
