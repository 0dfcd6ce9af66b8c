"""The fast lane gives the rows that `ledger.book` gives, whatever is sent."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timezone
from itertools import islice

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanledger.pricing import price_book
from spanledger_collector.columnar import Booked, Sent, book_protobuf, book_together
from spanledger_collector.columnar.candidates import Message
from spanledger_collector.columnar.plain import PlainCalls, plain_calls
from spanledger_collector.ledger import book
from spanledger_collector.prices.contract import contract_from_toml
from spanledger_collector.receive.errors import MalformedBody
from spanledger_collector.receive.protobuf import parse_traces, spans_from_protobuf
from spanledger_collector.rows import CallRow
from spanledger_collector.store import Batch, batch_of
from spanledger_demo.history import History
from spanledger_demo.spans import export_request
from tests.collector.columnar_requests import NOW_NS, request

SEEDS = st.integers(0, 2**32)
PRICES = price_book()


def slowly(sent: Sent) -> Booked | MalformedBody:
    """What the ledger's own way makes of a request."""
    try:
        rows = book(spans_from_protobuf(sent.body), NOW_NS, PRICES, sent.team)
    except MalformedBody as error:
        return error
    return Booked(batch_of(rows), rows.quarantine)


def assert_same_as_slowly(sent: Sequence[Sent], fewest: int = 1) -> None:
    together = book_together(sent, NOW_NS, PRICES, fewest)
    for each, fast in zip(sent, together, strict=True):
        slow = slowly(each)
        if isinstance(slow, MalformedBody) or isinstance(fast, MalformedBody):
            assert str(fast) == str(slow)
        else:
            assert fast.refused == slow.refused
            assert_same_rows(fast.batch, slow.batch)


def assert_same_rows(fast: Batch, slow: Batch) -> None:
    assert fast.size == slow.size
    for name, table in slow._asdict().items():
        if isinstance(table, pa.Table):
            found = getattr(fast, name)
            found.validate(full=True)
            assert found.schema == table.schema
            for column in table.column_names:
                assert found[column].to_pylist() == table[column].to_pylist(), column


def plain(*bodies: bytes) -> PlainCalls | None:
    """What of some requests is read by column."""
    return plain_calls(
        [Message(body, parse_traces(body), None) for body in bodies], NOW_NS, PRICES, 1
    )


def plain_share(body: bytes) -> float:
    found = plain(body)
    every = sum(1 for _ in spans_from_protobuf(body))
    return 0.0 if found is None else len(found.which) / every


def demo_request(count: int) -> bytes:
    """Calls as our own services send them."""
    history = History(now=datetime.fromtimestamp(NOW_NS // 10**9, timezone.utc), days=2)
    serialised: bytes = export_request(islice(history.calls(), count)).SerializeToString()
    return serialised


@settings(max_examples=80, deadline=None)
@given(SEEDS)
def test_any_request_gives_the_same_rows(seed: int) -> None:
    """Calls, other spans and refusals, in their order and field for field."""
    assert_same_as_slowly([Sent(request(seed))])


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_requests_read_together_give_each_its_own_rows(seed: int) -> None:
    """Whatever waits beside a request changes nothing about it, not even one that is no request."""
    dice = random.Random(seed)
    teams = (None, "from the token", "another")
    sent = [Sent(request(seed + n, dice.choice([0, 1, 40])), dice.choice(teams)) for n in range(3)]
    sent.insert(dice.randint(0, 3), Sent(b"\x0a\xff no request"))

    assert_same_as_slowly(sent)


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_damaged_bytes_are_refused_or_read_alike(seed: int) -> None:
    """Flipped, lost and inserted bytes: never another outcome than the protobuf library's."""
    dice = random.Random(seed)
    body = bytearray(request(seed, 30))
    for _ in range(dice.randint(1, 4)):
        place = dice.randrange(len(body))
        body[place : place + dice.choice([0, 1, 1, 7])] = dice.randbytes(dice.choice([0, 1, 1, 3]))

    assert_same_as_slowly([Sent(bytes(body))])


def test_the_dice_throw_plain_spans_and_others() -> None:
    """Otherwise the tests above would compare the slow lane with itself."""
    shares = [plain_share(request(seed)) for seed in range(20)]

    assert 0.3 < sum(shares) / len(shares) < 0.8


def test_the_demo_s_calls_are_all_plain() -> None:
    """What a real service sends goes the fast lane to the last span, with the same rows."""
    body = demo_request(2000)

    assert plain_share(body) == 1.0
    assert_same_as_slowly([Sent(body)])


def test_prices_under_a_contract_are_the_same() -> None:
    """The book that is in force prices both lanes, whatever it holds."""
    contract = '[[override]]\nmodels = ["*"]\ndiscount_percent = 7.77\nweb_search_usd = "0.009"\n'
    prices = contract_from_toml(contract, "prices.toml", PRICES)
    body = demo_request(300)
    rows = book(spans_from_protobuf(body), NOW_NS, prices)

    assert_same_rows(book_protobuf(body, NOW_NS, prices).batch, batch_of(rows))


def test_no_column_is_forgotten() -> None:
    """A field that `CallRow` gains must be filled by the fast lane too."""
    found = plain(demo_request(30))

    assert found is not None
    assert found.table.column_names == list(CallRow._fields)


def test_a_few_spans_are_not_worth_it() -> None:
    """Below its fixed price the fast lane is not entered, and the rows are the same."""
    few = [Sent(demo_request(5)), Sent(b"")]

    assert_same_as_slowly(few, fewest=24)


def test_no_request_of_nonsense_gets_through() -> None:
    """What is no message is refused with a word that says so."""
    with pytest.raises(MalformedBody, match="ExportTraceServiceRequest"):
        book_protobuf(b"\xff\xff", NOW_NS, PRICES)
