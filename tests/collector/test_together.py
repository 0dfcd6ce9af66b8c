"""What waits is worked on together, and everyone gets their own result."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from spanledger_collector.receive.together import MOST, MOST_BYTES, Together

PATIENCE_S = 100


class Work:
    """Squares numbers; it can be held up, and a word breaks it."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun = threading.Event()
        self.groups: list[list[object]] = []

    def __call__(self, items: Sequence[int | str]) -> list[int | Exception]:
        self.groups.append(list(items))
        self.begun.set()
        assert self.go.wait(PATIENCE_S)
        return [ValueError(item) if item == 13 else int(item) ** 2 for item in items]


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def together(work: Work) -> Iterator[Together[int | str, int]]:
    """One thread, so that it is known who waits for whom."""
    with ThreadPoolExecutor(1) as workers:
        yield Together(workers, work)


def submit_while_busy(
    together: Together[int | str, int], work: Work, items: Sequence[int | str], size: int = 1
) -> list[Future[int]]:
    """Submit items while the thread is held up by another."""
    first = together.submit(0, 1)
    assert work.begun.wait(PATIENCE_S)
    waiting = [together.submit(item, size) for item in items]
    work.go.set()
    assert first.result(PATIENCE_S) == 0
    return waiting


def test_what_gathers_is_taken_at_once(together: Together[int | str, int], work: Work) -> None:
    """Each gets its own result, whoever it was worked on with."""
    waiting = submit_while_busy(together, work, [1, 2, 3])

    assert [done.result(PATIENCE_S) for done in waiting] == [1, 4, 9]
    assert work.groups == [[0], [1, 2, 3]]


def test_groups_are_bounded_in_number(together: Together[int | str, int], work: Work) -> None:
    """The first must not wait for everything that came after it."""
    waiting = submit_while_busy(together, work, list(range(MOST + 2)))

    assert [done.result(PATIENCE_S) for done in waiting] == [n**2 for n in range(MOST + 2)]
    assert [len(group) for group in work.groups] == [1, MOST, 2]


def test_groups_are_bounded_in_bytes(together: Together[int | str, int], work: Work) -> None:
    """Large items are not held in memory together."""
    waiting = submit_while_busy(together, work, [1, 2, 3], size=MOST_BYTES)

    assert [done.result(PATIENCE_S) for done in waiting] == [1, 4, 9]
    assert work.groups == [[0], [1], [2], [3]]


def test_a_refused_item_spoils_no_other(together: Together[int | str, int], work: Work) -> None:
    """What the work has to say against one item reaches that one."""
    waiting = submit_while_busy(together, work, [1, 13, 3])

    assert isinstance(waiting[1].exception(PATIENCE_S), ValueError)
    assert [waiting[n].result(PATIENCE_S) for n in (0, 2)] == [1, 9]


def test_an_item_that_breaks_the_work_fails_alone(
    together: Together[int | str, int], work: Work
) -> None:
    """The others are worked on again without it."""
    waiting = submit_while_busy(together, work, [1, "broken", 3])

    assert isinstance(waiting[1].exception(PATIENCE_S), ValueError)
    assert [waiting[n].result(PATIENCE_S) for n in (0, 2)] == [1, 9]
