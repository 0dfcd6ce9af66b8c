"""Calls that several real instrumentations reported, as recorded, count once."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from spanledger_collector.rows import Rows
from spanledger_collector.store import batch_of
from spanledger_collector.store.duckdb import DuckDBStore
from tests.collector.recorded import booked, claude_code, recorded_spans
from tests.collector.reports import batch, counted, kept, rows, sums


@pytest.mark.parametrize("case", ["a", "c", "q"])
def test_openllmetry_beside_the_sdk(tmp_path: Path, case: str) -> None:
    """A call, a stream counted one token off, and a failure that has no message id: one each."""
    reports = booked(*recorded_spans("openllmetry_plus_native", case)).calls
    for number, order in enumerate(permutations(reports)):
        store = DuckDBStore(tmp_path / str(number))
        for each in order:
            store.append([batch([each])])
            store.roll_up()

        assert [source for source, _ in counted(store)] == ["anthropic_sdk"]
        assert [row[0] for row in kept(store)] == ["openllmetry"]
        assert sums(store, fine=False) == sums(store, fine=True)
        store.close()


def test_three_signals_of_claude_code(tmp_path: Path) -> None:
    """Events, spans and metrics of one turn are its one request, in any order, twice over."""
    signals = [claude_code(name) for name in ("logs_2", "traces_1", "metrics_1")]
    for number, order in enumerate(permutations(signals)):
        store = DuckDBStore(tmp_path / str(number))
        for signal in (*order, *order):
            store.append([batch_of(Rows(*signal))])
            store.roll_up()

        assert [source for source, _ in counted(store)] == ["claude_code"]
        assert [(row[0], *row[2:]) for row in kept(store)] == [
            ("claude_code_metrics", None, "session_id"),
            ("claude_code_spans", "req_s1", "request_id"),
        ]
        assert rows(store, "select count(*) as n from metric_points") == [{"n": 7}]
        assert sums(store, fine=False) == sums(store, fine=True)
        store.close()
