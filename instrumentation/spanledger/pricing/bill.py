"""Adding up a call that took several model requests, each at its own model and length. Pure.

The rules and their sources stand in `docs/pricing.md`, one section each.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import add, mul
from typing import NamedTuple

from .book import Model, PriceBook
from .cost import Cost, CostParts
from .tariff import NoPrice, Place, Tariff, tariff_of
from .usage import Iteration, Usage

_TURNS = ("message", "fallback_message")
_OUTSIDE_TOTALS = ("compaction", "advisor_message")


class UnpricedError(Exception):
    """A price that is not known."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Request(NamedTuple):
    """One model request to bill: its counts, its prices, and whether it is above the step."""

    counts: Iteration
    tariff: Tariff
    long: bool


class Bill:
    """Adds up one call: each model request at its own model and length."""

    __slots__ = (
        "book",
        "day",
        "estimates",
        "list_searches",
        "list_tokens",
        "parts",
        "place",
        "remarks",
        "searches",
        "usage",
    )

    def __init__(self, book: PriceBook, place: Place, day: int, usage: Usage) -> None:
        self.book = book
        self.place = place
        self.day = day
        self.usage = usage
        self.parts: tuple[int, ...] = (0, 0, 0, 0, 0)
        self.list_tokens = 0
        self.searches = 0
        self.list_searches = 0
        self.estimates: tuple[str, ...] = ()
        self.remarks: tuple[str, ...] = ()

    def cost(self) -> Cost:
        """The sum."""
        reasons = self.estimates + self.remarks
        return Cost(
            "estimated" if self.estimates else "priced",
            sum(self.parts) + self.searches,
            CostParts._make((*self.parts, self.searches)),
            self.place.model.id,
            self.book.version,
            tuple(dict.fromkeys(reasons)) if reasons else (),
            self.list_tokens + self.list_searches,
        )

    def add_refusal(self) -> None:
        """The tokens are free; searches that came before would not be."""
        if self.usage.web_search_requests:
            self._add_searches(self._tariff(self.place.model))
        self.remarks += ("refusal_not_billed",)

    def add_call(self, *, complete: bool) -> None:
        """Every model request of the call, and the searches."""
        usage = self.usage
        tariff = self._tariff(self.place.model)
        if not complete:
            self.estimates += ("usage_incomplete",)
        if usage.fallback_credit_redeemed:
            self.estimates += ("fallback_credit_redeemed",)
        self._add_searches(tariff)
        for request in self._requests(_as_iteration(usage)):
            self._add(request)

    def _add_searches(self, tariff: Tariff) -> None:
        count = self.usage.web_search_requests
        self.searches = count * tariff.web_search
        self.list_searches = count * tariff.list_web_search

    # --- which model requests are billed ------------------------------------------------------

    def _requests(self, whole: Iteration) -> list[_Request]:
        entries = self.usage.iterations
        if any(entry.type not in (*_TURNS, *_OUTSIDE_TOTALS) for entry in entries):
            raise UnpricedError("unknown_iteration_type")
        serving, apart = self._attempts(entries)
        return [*self._serving_requests(serving, whole), *self._judged(apart)]

    def _attempts(self, entries: Iterable[Iteration]) -> tuple[list[Iteration], list[Iteration]]:
        """The serving model's turns, and what is billed beside them.

        With a server-side fallback the totals describe the serving model only; a model that
        declined is billed for what it wrote, and free when it wrote nothing.
        """
        entries = tuple(entries)
        fallback = any(entry.type == "fallback_message" for entry in entries)
        serving: list[Iteration] = []
        apart: list[Iteration] = []
        for entry in entries:
            if entry.type in _OUTSIDE_TOTALS:
                apart.append(entry)
            elif not fallback or self._model_of(entry) is self.place.model:
                serving.append(entry)
            elif entry.output_tokens:
                apart.append(entry)
            else:
                self.remarks += ("declined_attempt_not_billed",)
        return serving, apart

    def _serving_requests(self, serving: list[Iteration], whole: Iteration) -> list[_Request]:
        """Bill turn by turn where the threshold falls between them, else by the totals.

        The totals know the lifetimes of cache writes even where the turns do not.
        """
        if not serving:
            return self._judged([whole])
        if _sums(serving) != _sums([whole]):
            self.estimates += ("iterations_do_not_add_up",)
            return self._judged([whole])
        requests = self._judged(serving)
        lengths = {request.long for request in requests}
        if len(lengths) == 1:
            return [_Request(whole, requests[0].tariff, lengths.pop())]
        if whole.cache_write_5m_tokens and whole.cache_write_1h_tokens:
            return requests
        return [
            request._replace(counts=_with_lifetime_of(whole, entry))
            for request, entry in zip(requests, serving, strict=True)
        ]

    def _judged(self, entries: list[Iteration]) -> list[_Request]:
        tariffs = [self._tariff(self._model_of(entry)) for entry in entries]
        return [
            _Request(entry, tariff, entry.prompt_tokens > tariff.above_tokens)
            for entry, tariff in zip(entries, tariffs, strict=True)
        ]

    def _model_of(self, entry: Iteration) -> Model:
        if entry.model is None:
            return self.place.model
        model = self.book.find(entry.model)
        if model is None:
            raise UnpricedError("unknown_model")
        return model

    # --- what one model request costs ----------------------------------------------------------

    def _tariff(self, model: Model) -> Tariff:
        place, usage = self.place, self.usage
        if model is not place.model:
            place = place._replace(model=model)
        tariff = tariff_of(
            self.book, place, self.day, usage.service_tier, usage.speed, usage.inference_geo
        )
        if isinstance(tariff, NoPrice):
            raise UnpricedError(tariff.reason)
        return tariff

    def _add(self, request: _Request) -> None:
        counts, tariff, long = request
        amounts = (
            counts.input_tokens,
            counts.output_tokens,
            counts.cache_read_tokens,
            counts.cache_write_5m_tokens,
            counts.cache_write_1h_tokens,
        )
        if not tariff.caching and any(amounts[2:]):
            raise UnpricedError("no_cache_price")
        prices, listed = tariff.prices[long], tariff.list_prices[long]
        costs = tuple(map(mul, prices, amounts))
        self.parts = tuple(map(add, self.parts, costs))
        self.list_tokens += sum(costs) if listed is prices else sum(map(mul, listed, amounts))
        if not counts.ttl_split_known:
            self.estimates += ("cache_ttl_split_unknown",)
        self.estimates += tariff.estimates
        self.remarks += tariff.remarks


def _as_iteration(usage: Usage) -> Iteration:
    return Iteration(
        "message",
        None,
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_read_tokens,
        usage.cache_write_5m_tokens,
        usage.cache_write_1h_tokens,
        usage.ttl_split_known,
    )


def _sums(entries: list[Iteration]) -> tuple[int, int, int, int]:
    return (
        sum(entry.input_tokens for entry in entries),
        sum(entry.output_tokens for entry in entries),
        sum(entry.cache_read_tokens for entry in entries),
        sum(entry.cache_write_5m_tokens + entry.cache_write_1h_tokens for entry in entries),
    )


def _with_lifetime_of(whole: Iteration, entry: Iteration) -> Iteration:
    """Give a turn's cache writes the one lifetime that all writes of the call have."""
    writes = entry.cache_write_5m_tokens + entry.cache_write_1h_tokens
    in_an_hour = whole.cache_write_1h_tokens > 0
    return entry._replace(
        cache_write_5m_tokens=0 if in_an_hour else writes,
        cache_write_1h_tokens=writes if in_an_hour else 0,
        ttl_split_known=whole.ttl_split_known,
    )
