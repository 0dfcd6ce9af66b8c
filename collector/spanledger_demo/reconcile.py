"""Does the ledger say what the simulator billed? To the picodollar, model by model."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any, Final, NamedTuple

import httpx2

from spanledger_demo.simulator.bill import BillTotals

_OUTCOMES: Final = ("completed", "closed", "dropped", "cancelled")
_EVER: Final = {"start": "2020-01-01T00:00:00Z", "end": "2100-01-01T00:00:00Z"}
_TIMEOUT_S: Final = 60.0


class Sum(NamedTuple):
    """Some calls and what they cost."""

    calls: int = 0
    usd: Decimal = Decimal(0)

    def plus(self, calls: int, usd: Decimal) -> Sum:
        """Add some more."""
        return Sum(self.calls + calls, self.usd + usd)


class Comparison(NamedTuple):
    """One model, in the ledger and on the bill."""

    model: str
    ledger: Sum
    billed: Sum

    @property
    def equal(self) -> bool:
        """Whether calls and dollars are the same, exactly."""
        return self.ledger == self.billed


class Reconciliation(NamedTuple):
    """The result of comparing the ledger with the bill.

    Streams that were left early are listed apart: the client was told their prompt but not their
    final output, so the ledger's estimate is lower than the bill. Only their number is compared.
    """

    exact: tuple[Comparison, ...]
    partial: tuple[Comparison, ...]
    failed: Sum
    """Calls that the API refused; they must have cost nothing."""
    unpriced_calls: int

    @property
    def equal(self) -> bool:
        """Whether the ledger is right."""
        return (
            all(line.equal for line in self.exact)
            and all(line.ledger.calls == line.billed.calls for line in self.partial)
            and self.failed.usd == 0
            and self.unpriced_calls == 0
        )

    @property
    def text(self) -> str:
        """The comparison as a table to print."""
        return "\n".join(_report(self))


def reconcile(collector_url: str, token: str | None, *bills: BillTotals) -> Reconciliation:
    """Compare a ledger that holds nothing but the demo's calls with what was billed for them.

    Raises:
        httpx2.HTTPError: the collector does not answer the query.
    """
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    with httpx2.Client(
        base_url=collector_url, headers=headers, timeout=_TIMEOUT_S, trust_env=False
    ) as client:
        answered = _usage(client, _OUTCOMES)
        failed = _usage(client, ("failed",))
    return Reconciliation(
        exact=_compare(_by_model(answered, "priced"), _billed(bills, "complete")),
        partial=_compare(_by_model(answered + failed, "estimated"), _billed(bills, "partial")),
        failed=_total(_by_model(failed, "priced")),
        unpriced_calls=_total(_by_model(answered + failed, "unpriced")).calls,
    )


def _usage(client: httpx2.Client, outcomes: tuple[str, ...]) -> list[dict[str, Any]]:
    grouping = {"group_by": "model", "group_by_2": "cost_status", "outcome": list(outcomes)}
    response = client.get("/api/v1/query/usage", params={**_EVER, **grouping, "format": "json"})
    response.raise_for_status()
    rows: list[dict[str, Any]] = response.json()["rows"]
    return rows


def _by_model(rows: list[dict[str, Any]], status: str) -> dict[str, Sum]:
    sums: defaultdict[str, Sum] = defaultdict(Sum)
    for row in rows:
        if row["group_2"] == status and row["calls"]:
            usd = Decimal(row["cost_usd"] or 0)
            sums[row["group_1"]] = sums[row["group_1"]].plus(row["calls"], usd)
    return sums


def _billed(bills: tuple[BillTotals, ...], delivery: str) -> dict[str, Sum]:
    sums: defaultdict[str, Sum] = defaultdict(Sum)
    for line in (line for bill in bills for line in bill.lines if line.delivery == delivery):
        sums[line.model] = sums[line.model].plus(line.requests, line.usd)
    return sums


def _compare(ledger: dict[str, Sum], billed: dict[str, Sum]) -> tuple[Comparison, ...]:
    models = sorted(ledger.keys() | billed.keys())
    return tuple(
        Comparison(model, ledger.get(model, Sum()), billed.get(model, Sum())) for model in models
    )


def _total(sums: dict[str, Sum]) -> Sum:
    total = Sum()
    for part in sums.values():
        total = total.plus(*part)
    return total


def _report(result: Reconciliation) -> list[str]:
    head = f"{'model':<28}{'calls':>9}{'billed':>9}{'ledger USD':>22}{'billed USD':>22}"
    lines = [head, "-" * len(head)]
    lines += [_row(line, "equal" if line.equal else "DIFFERENT") for line in result.exact]
    total = Comparison(
        "total",
        _total({line.model: line.ledger for line in result.exact}),
        _total({line.model: line.billed for line in result.exact}),
    )
    lines += ["-" * len(head), _row(total, "equal" if total.equal else "DIFFERENT")]
    if result.partial:
        lines += ["", "Streams left early (the ledger estimates; only their number is compared):"]
        lines += [
            _row(line, "" if line.ledger.calls == line.billed.calls else "DIFFERENT")
            for line in result.partial
        ]
    refused = f"{result.failed.calls} calls that the API refused cost {result.failed.usd:f} USD"
    lines += ["", f"{refused}; {result.unpriced_calls} calls are unpriced."]
    verdict = "equals" if result.equal else "DOES NOT EQUAL"
    return [*lines, f"The ledger {verdict} the simulator's bill, to the picodollar."]


def _row(line: Comparison, verdict: str) -> str:
    counts = f"{line.ledger.calls:>9,}{line.billed.calls:>9,}"
    dollars = f"{line.ledger.usd:>22,.12f}{line.billed.usd:>22,.12f}"
    return f"{line.model:<28}{counts}{dollars}  {verdict}".rstrip()
