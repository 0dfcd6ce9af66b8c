"""Which files are written anew together, played as DuckLake does it."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from spanledger_collector.store.lake.rewriting import WORTH_IT, Holed, steps

LARGE = 128


class Played(NamedTuple):
    """What a pass made: from which files each, and what is as it was."""

    made: list[list[Holed]]
    left: list[Holed]


def play(files: list[Holed]) -> Played:
    """One pass: each step takes all files that have lost that share or more."""
    made = []
    for share in steps(files, LARGE):
        made.append([each for each in files if each.lost >= share])
        files = [each for each in files if each.lost < share]
    return Played(made, files)


def holed(sizes: st.SearchStrategy[int]) -> st.SearchStrategy[list[Holed]]:
    """Files that have each lost another share."""
    shares = st.floats(min_value=0, max_value=1, exclude_min=True)
    return st.lists(st.builds(Holed, shares, sizes), unique_by=lambda each: each.lost)


@given(holed(st.integers(0, 10 * LARGE)))
def test_no_file_grows_without_end(files: list[Holed]) -> None:
    """Files together make less than a large one; a large one is alone, and gets smaller."""
    for together in play(files).made:
        assert len(together) == 1 or sum(each.left for each in together) <= LARGE


@given(holed(st.integers(0, LARGE - 1)))
def test_small_ones_at_once(files: list[Holed]) -> None:
    """Of small files none is left that has lost a row."""
    assert play(files).left == []


@given(holed(st.integers(0, 10 * LARGE)))
def test_small_ones_in_the_end(files: list[Holed]) -> None:
    """Pass by pass none that is small or worth it is left, and at most one other is touched."""
    for _ in range(len(files) + 1):
        made, files = play(files)
        dear = [each for [each, *_] in made if each.left >= LARGE and each.lost < WORTH_IT]
        assert len(dear) <= 1

    assert all(each.left >= LARGE and each.lost < WORTH_IT for each in files)


def test_a_large_one_waits() -> None:
    """A large file that has lost one row in a million is left as it is, whatever others have."""
    waits = Holed(0.000_001, 5 * LARGE)
    files = [Holed(0.001, 3), waits, Holed(0.9, 4 * LARGE)]

    assert play(files).left == [waits]
