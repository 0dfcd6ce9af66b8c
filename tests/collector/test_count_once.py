"""One API call counts once, whoever reports it, in whatever order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from spanledger_collector.rows import CallRow
from spanledger_collector.sources import PRECEDENCE
from spanledger_collector.store import sql_files
from spanledger_collector.store.duckdb import DATABASE_NAME, DuckDBStore
from tests.collector.reports import (
    NOON_US,
    SECOND_US,
    append,
    batch,
    counted,
    kept,
    report,
    rows,
    sums,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    """A ledger without a collector around it."""
    store = DuckDBStore(tmp_path)
    yield store
    store.close()


def in_every_order(tmp_path: Path, *reports: CallRow) -> Iterator[DuckDBStore]:
    """A ledger for each turn of the order, and its reverse; one commit and one pass a report.

    Every report is first once and last once; all orders are a matter of the properties.
    """
    turns = [(*reports[n:], *reports[:n]) for n in range(len(reports))]
    for number, order in enumerate([*turns, reports[::-1]]):
        store = DuckDBStore(tmp_path / str(number))
        for each in order:
            append(store, [each])
            store.roll_up()
        yield store
        store.close()


def test_the_better_source_counts_whenever_it_comes(tmp_path: Path) -> None:
    """Of three reports of a message the best source's counts; sums and evidence are the same."""
    reports = [
        report(source="openllmetry", span_id=1, message_id="msg_1", output_tokens=101),
        report(source="anthropic_sdk", span_id=2, message_id="msg_1", request_id="req_1"),
        report(source="otel_genai", span_id=3, message_id="msg_1", output_tokens=100),
    ]
    for store in in_every_order(tmp_path, *reports):
        assert list(counted(store)) == [("anthropic_sdk", 2)]
        assert kept(store) == [
            ("openllmetry", 1, "msg_1", "message_id"),
            ("otel_genai", 3, "msg_1", "message_id"),
        ]
        assert sums(store, fine=False) == sums(store, fine=True)
        assert [row["output_tokens"] for row in sums(store, fine=False)] == [100]


def test_a_report_with_both_ids_joins_those_with_one(tmp_path: Path) -> None:
    """A knows the message, C the request, B both: together they are one call."""
    reports = [
        report(source="openllmetry", span_id=1, message_id="msg_1"),
        report(source="claude_code", span_id=2, request_id="req_1"),
        report(source="otel_genai", span_id=3, message_id="msg_1", request_id="req_1"),
    ]
    for store in in_every_order(tmp_path, *reports):
        assert list(counted(store)) == [("claude_code", 2)]
        assert kept(store) == [
            ("openllmetry", 1, "req_1", "report"),
            ("otel_genai", 3, "req_1", "request_id"),
        ]
        assert sums(store, fine=False) == sums(store, fine=True)


def test_a_report_without_ids_is_known_by_its_place(tmp_path: Path) -> None:
    """A parent span of another source with the same model and tokens is the same call."""
    reports = [
        report(source="openinference", span_id=7, parent_span_id=1),
        report(source="anthropic_sdk", span_id=8, parent_span_id=7, message_id="msg_1"),
        report(source="generic", span_id=9, parent_span_id=1),
    ]
    for store in in_every_order(tmp_path, *reports):
        assert list(counted(store)) == [("anthropic_sdk", 8)]
        assert kept(store) == [
            ("generic", 9, "msg_1", "trace"),
            ("openinference", 7, "msg_1", "trace"),
        ]


@pytest.mark.parametrize(
    "other",
    [
        {"trace_id": bytes(15) + b"\2"},
        {"parent_span_id": 99},
        {"output_tokens": 101},
        {"cache_read_tokens": 1},
        {"start_time": NOON_US + 60 * SECOND_US},
        {"source": "openinference"},
        {"request_model": "a", "response_model": "b", "model": "c"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_what_differs_without_ids_is_another_call(
    store: DuckDBStore, other: dict[str, object]
) -> None:
    """Another trace, place, usage, time or model, or the same source again, is another call."""
    append(store, [report(source="openinference", span_id=7, parent_span_id=1)])
    facts = {"source": "generic", "span_id": 8, "parent_span_id": 7, **other}
    append(store, [report(**facts)])

    assert len(counted(store)) == 2


def test_two_equal_calls_at_once_stay_two(tmp_path: Path) -> None:
    """Parallel calls alike in all but their spans are paired one to one, never all in one."""
    reports = [
        report(source="openinference", span_id=10, parent_span_id=1, start_time=NOON_US),
        report(source="openinference", span_id=11, parent_span_id=1, start_time=NOON_US + 500),
        report(source="generic", span_id=20, parent_span_id=1, start_time=NOON_US + 100),
        report(source="generic", span_id=21, parent_span_id=1, start_time=NOON_US + 600),
    ]
    for store in in_every_order(tmp_path, *reports):
        assert sorted(counted(store)) == [("openinference", 10), ("openinference", 11)]
        assert [row[1] for row in kept(store)] == [20, 21]


def test_two_messages_are_two_calls_whatever_their_request(tmp_path: Path) -> None:
    """A gateway that repeats one request id cannot make two messages one call."""
    reports = [
        report(source="otel_genai", span_id=1, message_id="msg_1", request_id="req_0"),
        report(source="otel_genai", span_id=2, message_id="msg_2", request_id="req_0"),
        report(source="claude_code", span_id=3, request_id="req_0", start_time=NOON_US + SECOND_US),
    ]
    for store in in_every_order(tmp_path, *reports):
        assert len(counted(store)) == 2
        assert len(kept(store)) == 1
        assert sums(store, fine=False) == sums(store, fine=True)


def test_totals_of_a_session_count_only_alone(tmp_path: Path) -> None:
    """Claude Code's metrics count where nobody reports its calls; its events replace them."""
    total = {"source": "claude_code_metrics", "operation": "usage_report"}
    reports = [
        report(**total, span_id=1, session_id="s1", trace_id=b"s" * 16, output_tokens=900),
        report(source="claude_code", span_id=2, session_id="s1", request_id="req_1"),
        report(**total, span_id=3, session_id="s2", trace_id=b"t" * 16, output_tokens=70),
    ]
    for store in in_every_order(tmp_path, *reports):
        assert set(counted(store)) == {("claude_code", 2), ("claude_code_metrics", 3)}
        assert kept(store) == [("claude_code_metrics", 1, None, "session_id")]
        assert sums(store, fine=False) == sums(store, fine=True)


def test_what_the_best_does_not_know_comes_from_the_others(tmp_path: Path) -> None:
    """Team and user that only a lesser report tells are the call's, the best teller first."""
    reports = [
        report(source="anthropic_sdk", span_id=1, message_id="msg_1", team="red"),
        report(source="otel_genai", span_id=2, message_id="msg_1", user_id="ann"),
        report(source="openllmetry", span_id=3, message_id="msg_1", team="blue", user_id="bob"),
    ]
    for store in in_every_order(tmp_path, *reports):
        [call] = counted(store).values()
        own = rows(store, "select team, user_id from call_reports order by span_id")

        assert (call["team"], call["user_id"], call["filled"]) == ("red", "ann", "user_id")
        assert [tuple(row.values()) for row in own] == [(None, "ann"), ("blue", "bob")]
        assert sums(store, fine=False) == sums(store, fine=True)


def test_a_report_that_knows_the_usage_counts_first(tmp_path: Path) -> None:
    """A call whose best source saw no usage counts as told by one that did."""
    reports = [
        report(source="anthropic_sdk", span_id=1, message_id="msg_1", usage_known=False),
        report(source="openllmetry", span_id=2, message_id="msg_1"),
    ]
    for store in in_every_order(tmp_path, *reports):
        assert list(counted(store)) == [("openllmetry", 2)]


def test_every_source_gives_way_to_those_before_it(store: DuckDBStore) -> None:
    """Reported by all, worst first, one commit each, it is always the newest that counts."""
    for number, source in enumerate(reversed(PRECEDENCE[:-1])):
        append(store, [report(source=source, span_id=number, message_id="msg_1")])
        assert list(counted(store)) == [(source, number)]
    assert len(kept(store)) == len(PRECEDENCE) - 2


def test_redelivered_evidence_is_not_kept_twice(store: DuckDBStore) -> None:
    """Delivered again, together or apart, winner and losers change nothing."""
    reports = [
        report(source="anthropic_sdk", span_id=1, message_id="msg_1"),
        report(source="openllmetry", span_id=2, message_id="msg_1"),
        report(source="openinference", span_id=3, parent_span_id=4),
    ]
    first = store.append([batch(reports), batch(reports)])
    again = [store.append([batch([each])]) for each in reports]
    store.reopen()
    last = store.append([batch(reports)])

    assert (first.calls, first.kept, first.duplicates) == (2, 1, 4)
    assert [(each.calls, each.kept, each.duplicates) for each in again] == [(0, 0, 1)] * 3
    assert (last.calls, last.kept, last.duplicates, last.superseded) == (0, 0, 3, 0)
    assert len(kept(store)) == 1


def test_superseded_calls_are_told(store: DuckDBStore) -> None:
    """A commit says how many calls gave way to better reports."""
    append(store, [report(source="openllmetry", span_id=1, message_id="msg_1")])
    better = store.append([batch([report(span_id=2, message_id="msg_1")])])

    assert (better.calls, better.superseded, better.duplicates) == (1, 1, 0)


def test_one_late_call_among_many(store: DuckDBStore) -> None:
    """A batch whose calls lie days apart finds each one's other report in its own hour."""
    days = [NOON_US - day * 86_400 * SECOND_US for day in (0, 3, 40)]
    early = [
        report(source="otel_genai", span_id=number, message_id=f"msg_{number}", start_time=start)
        for number, start in enumerate(days)
    ]
    late = [
        report(span_id=10 + number, message_id=f"msg_{number}", start_time=start + SECOND_US)
        for number, start in enumerate(days)
    ]
    append(store, early)
    store.roll_up()
    append(store, late)

    assert {span for _, span in counted(store)} == {10, 11, 12}
    assert sums(store, fine=False) == sums(store, fine=True)


def test_an_id_that_everything_has_stops_nothing(store: DuckDBStore) -> None:
    """Of a message reported without end a thousand reports are kept, and one counts."""
    reports = [
        report(span_id=number, message_id="msg_1", start_time=NOON_US + number)
        for number in range(700)
    ]
    append(store, reports, [each._replace(span_id=1000 + each.span_id) for each in reports])
    more = store.append([batch([report(span_id=5000, message_id="msg_1")])])

    assert len(counted(store)) == 1
    assert (more.duplicates, more.kept) == (1, 0)


def test_a_ledger_of_version_2_knows_its_calls(tmp_path: Path) -> None:
    """After the upgrade what was stored before is a duplicate, and evidence finds its call."""
    old = [
        report(source="otel_genai", span_id=1, message_id="msg_1"),
        report(source="claude_code", span_id=2, request_id="req_2"),
        report(source="openinference", span_id=3, parent_span_id=9, output_tokens=7),
    ]
    with duckdb.connect(str(tmp_path / DATABASE_NAME)) as connection:
        connection.execute(sql_files.statement("create_schema_version"))
        for statement in (*sql_files.schema()[1], *sql_files.schema()[2]):
            connection.execute(statement)
        connection.execute("insert into schema_version values (2, timestamp '2026-11-01', '0.2')")
        known = [row[0] for row in connection.execute("describe calls").fetchall()]
        calls = batch(old).calls
        connection.register("incoming", calls.select([c for c in calls.column_names if c in known]))
        connection.execute(
            "insert into calls by name "
            "select *, 1 as batch_id, timestamp '2026-11-01' as received_at from incoming"
        )
    store = DuckDBStore(tmp_path)
    again = store.append([batch(old)])
    append(store, [report(span_id=5, message_id="msg_1", request_id="req_1")])
    append(store, [report(span_id=6, message_id="msg_2", request_id="req_2")])

    assert (again.calls, again.duplicates, again.kept) == (0, 3, 0)
    assert {span for _, span in counted(store)} == {3, 5, 6}
    assert sums(store, fine=False) == sums(store, fine=True)
    store.close()
