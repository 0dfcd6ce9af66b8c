"""Price many stored calls at once: by column, a group of like calls at a time; pure.

Calls are alike when everything but their counts is the same, and when the same kinds of counts are
zero. One call of each group is priced by the rules themselves, which gives state, reasons and
model; the tariff's prices times the counts give the others' amounts, in integers that cannot
overflow. The rules' own amount for that one call checks the arithmetic of its group. Calls with
listed model requests, and counts too large for 64 bits, are priced one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import mul
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from spanledger.pricing import Cost, CostParts, PriceBook, Usage, iterations_from_json
from spanledger.pricing.book import NS_PER_DAY
from spanledger.pricing.tariff import NoPrice, Tariff, place_of, tariff_of
from spanledger_collector.prices.billing import StoredCall, cost_of

__all__ = ["FACTS", "Priced", "price_columns"]

Ints = npt.NDArray[np.int64]
Facts = dict[str, Any]

FACTS = (
    "operation",
    "provider",
    "request_model",
    "response_model",
    "http_status",
    "stop_reason",
    "request_sent",
    "batch_result",
    "usage_known",
    "usage_complete",
    "ttl_split_known",
    "fallback_credit_redeemed",
    "service_tier",
    "speed",
    "inference_geo",
    "server_address",
)
TOKENS = (
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
)
COUNTS = (*TOKENS, "web_search_requests", "web_fetch_requests")
MOST_TOKENS = 2**53
"""Far beyond any call; below it, sums of counts fit into 64 bits without a thought."""
_US_PER_DAY = 86_400 * 10**6
_LONG = 1 << len(COUNTS)


class Priced(NamedTuple):
    """What each call costs; amounts in picodollars."""

    costs: list[Cost]
    """The distinct outcomes; of a group's, only state, reasons and model count."""
    outcome: Ints
    """Which of them is each call's."""
    parts: Ints
    """Six parts of each call, 0 where there is no price."""
    listed: Ints

    @property
    def totals(self) -> Ints:
        """Each call's total."""
        return np.asarray(self.parts.sum(axis=1), np.int64)


def price_columns(calls: pa.Table, prices: PriceBook) -> Priced:
    """Price the rows of `calls_to_price.sql`."""
    pricing = _Pricing(calls, prices)
    pricing.run()
    return Priced(pricing.costs, pricing.outcome, pricing.parts, pricing.listed)


class _Rates(NamedTuple):
    """What one of each count costs, in the order of `CostParts`."""

    prices: tuple[int, ...]
    listed: tuple[int, ...]

    def amounts(self, counts: Ints) -> tuple[tuple[int, ...], int]:
        """The parts and the list price of some counts, in Python's unbounded integers."""
        numbers = counts.tolist()
        return tuple(map(mul, numbers, self.prices)), sum(map(mul, numbers, self.listed))

    def may_overflow(self, most: Ints) -> bool:
        """Whether a total of calls with no more than these counts could leave 64 bits."""
        parts, listed = self.amounts(most)
        return max(sum(parts), listed) >= 2**62


class _Pricing:
    def __init__(self, calls: pa.Table, prices: PriceBook) -> None:
        self.calls = calls.combine_chunks()
        self.prices = prices
        self.costs: list[Cost] = []
        rows = calls.num_rows
        self.outcome = np.zeros(rows, np.int64)
        self.parts = np.zeros((rows, len(CostParts._fields)), np.int64)
        self.listed = np.zeros(rows, np.int64)
        self.starts = _integers(calls["start_time"])
        self.counts = np.column_stack([_integers(calls[name]) for name in COUNTS])
        self.most = np.zeros(len(COUNTS), np.int64)
        self.prompts = self.counts[:, [0, 2, 3, 4]].sum(axis=1)
        self.shapes = (self.counts > 0) @ (1 << np.arange(len(COUNTS)))
        self.rates: list[_Rates] = []
        self.tariff = np.full(rows, -1)

    def run(self) -> None:
        if not self.calls.num_rows:
            return
        alone = self._alone()
        self._price_each(np.flatnonzero(alone))
        together = np.flatnonzero(~alone)
        self.most = self.counts[together].max(axis=0, initial=0)
        groups = list(_groups(self._fact_codes()[together], together))
        facts = self._facts([int(group[0]) for group in groups])
        for group, known in zip(groups, facts, strict=True):
            self._price_group(group, known)
        self._multiply()

    def _alone(self) -> npt.NDArray[np.bool_]:
        """Calls that are not to be priced together with others."""
        listed = np.asarray(pc.is_valid(self.calls["iterations"]))
        large = np.asarray((self.counts > MOST_TOKENS).any(axis=1))
        return np.asarray(listed | large, np.bool_)

    def _fact_codes(self) -> Ints:
        """A number for each call, the same for calls whose facts are the same."""
        codes = self.starts // _US_PER_DAY
        columns = [self.calls[name] for name in FACTS]
        columns.append(pc.is_valid(self.calls["message_id"]))
        for column in columns:
            if column.null_count < len(column) and (found := _codes(column)) is not None:
                codes = _dense(codes) * (int(found.max()) + 1) + found
        return codes

    def _price_group(self, group: Ints, facts: Facts) -> None:
        """Calls with the same facts: apart by length and by which counts they have."""
        lead = int(group[0])
        tariff = self._tariff(self._stored(lead, facts), lead)
        shape = self.shapes[group]
        if tariff is not None:
            shape = shape + _LONG * (self.prompts[group] > tariff.above_tokens)
        for alike in _groups(shape, group) if len(group) > 1 else (group,):
            self._price_alike(alike, facts, tariff)

    def _price_alike(self, rows: Ints, facts: Facts, tariff: Tariff | None) -> None:
        lead = int(rows[0])
        cost = self._cost(lead, facts)
        if cost.parts is not None and tariff is not None:
            rates = _rates(cost, tariff, long=int(self.prompts[lead]) > tariff.above_tokens)
            agreed = rates.amounts(self.counts[lead]) == (cost.parts, cost.list_picodollars)
            if not agreed or (
                rates.may_overflow(self.most) and rates.may_overflow(self.counts[rows].max(axis=0))
            ):
                self._price_each(rows)
                return
            self.tariff[rows] = len(self.rates)
            self.rates.append(rates)
        self.outcome[rows] = len(self.costs)
        self.costs.append(cost)

    def _multiply(self) -> None:
        """Counts times prices, for all calls of all groups that have prices."""
        if not self.rates:
            return
        rows = np.flatnonzero(self.tariff >= 0)
        counts, tariff = self.counts[rows, :6], self.tariff[rows]
        self.parts[rows] = counts * np.array([rates.prices for rates in self.rates])[tariff]
        listed = counts * np.array([rates.listed for rates in self.rates])[tariff]
        self.listed[rows] = listed.sum(axis=1)

    def _price_each(self, rows: Ints) -> None:
        for row, facts in zip(rows.tolist(), self._facts(rows), strict=True):
            self._price_alone(row, facts)

    def _price_alone(self, row: int, facts: Facts) -> None:
        cost = self._cost(row, facts)
        self.outcome[row] = len(self.costs)
        self.costs.append(cost)
        if cost.parts is not None:
            self.parts[row] = cost.parts
            self.listed[row] = cost.list_picodollars or 0

    def _cost(self, row: int, facts: Facts) -> Cost:
        return cost_of(self._stored(row, facts), int(self.starts[row]) * 1000, self.prices)

    def _tariff(self, call: StoredCall, row: int) -> Tariff | None:
        model, usage = call.response_model or call.request_model, call.usage
        if model is None or usage is None:
            return None
        place = place_of(self.prices, model, call.request_model, call.provider, call.server_address)
        if place is None:
            return None
        day = int(self.starts[row]) * 1000 // NS_PER_DAY
        tariff = tariff_of(
            self.prices, place, day, usage.service_tier, usage.speed, usage.inference_geo
        )
        return None if isinstance(tariff, NoPrice) else tariff

    def _facts(self, rows: Ints | list[int]) -> list[Facts]:
        """What decides the price of some calls, apart from their counts."""
        columns = self.calls.select([*FACTS, "message_id", "iterations"])
        found: list[Facts] = columns.take(pa.array(rows, pa.int64())).to_pylist()
        return found

    def _stored(self, row: int, facts: Facts) -> StoredCall:
        usage = None
        if facts["usage_known"]:
            counts = dict(zip(COUNTS, self.counts[row].tolist(), strict=True))
            usage = Usage(
                **counts,
                service_tier=facts["service_tier"],
                speed=facts["speed"],
                inference_geo=facts["inference_geo"],
                iterations=iterations_from_json(facts["iterations"]),
                ttl_split_known=facts["ttl_split_known"],
                fallback_credit_redeemed=facts["fallback_credit_redeemed"],
            )
        return StoredCall(
            operation=facts["operation"],
            provider=facts["provider"],
            request_model=facts["request_model"],
            response_model=facts["response_model"],
            http_status=facts["http_status"],
            stop_reason=facts["stop_reason"],
            message_id=facts["message_id"],
            sent=facts["request_sent"],
            batch_result=facts["batch_result"],
            usage_complete=facts["usage_complete"],
            server_address=facts["server_address"],
            usage=usage,
        )


def _rates(cost: Cost, tariff: Tariff, *, long: bool) -> _Rates:
    tokens: tuple[int, ...] = tariff.prices[long]
    listed: tuple[int, ...] = tariff.list_prices[long]
    if "refusal_not_billed" in cost.reasons:
        tokens = listed = (0,) * len(TOKENS)
    return _Rates((*tokens, tariff.web_search), (*listed, tariff.list_web_search))


def _groups(codes: Ints, rows: Ints) -> Iterator[Ints]:
    """The rows of each code."""
    if not len(rows):
        return iter(())
    order = np.argsort(codes, kind="stable")
    cuts = np.flatnonzero(np.diff(codes[order])) + 1
    return iter(np.split(rows[order], cuts))


def _dense(codes: Ints) -> Ints:
    """The same groups, numbered from 0, so that products of numbers stay small."""
    if int(codes.max()) - int(codes.min()) < 1 << 20:
        return codes - int(codes.min())
    return np.unique(codes, return_inverse=True)[1].reshape(-1)


def _codes(column: pa.ChunkedArray) -> Ints | None:
    """A number for each distinct value; None where there is but one."""
    encoded = pc.dictionary_encode(column, null_encoding="encode").combine_chunks()
    array = encoded.chunk(0) if isinstance(encoded, pa.ChunkedArray) else encoded
    if len(array.dictionary) == 1:
        return None
    return np.asarray(array.indices.to_numpy(zero_copy_only=False)).astype(np.int64)


def _integers(column: pa.ChunkedArray) -> Ints:
    return np.asarray(column.cast(pa.int64()).to_numpy())
