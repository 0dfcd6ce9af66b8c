"""What can go wrong with a store, in terms of what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["BadBatch", "NoSuchColumn", "QueryStopped", "StoreError", "StoreUnavailable"]


class StoreError(Exception):
    """The store cannot be opened; the message says what, where and what to do, in a paragraph."""


class StoreUnavailable(Exception):
    """The store cannot commit or answer now; it may again in a moment.

    Args:
        message: what the database said.
        fatal: whether the database has to be reopened first.
    """

    def __init__(self, message: str, *, fatal: bool = False) -> None:
        super().__init__(message)
        self.fatal = fatal


class BadBatch(Exception):
    """A batch that the database refuses for what is in it; sending it again changes nothing."""


class QueryStopped(Exception):
    """A query was interrupted because its time was up."""


class NoSuchColumn(Exception):
    """A query has no column of a name; the message says which it has."""

    def __init__(self, name: str, columns: Sequence[str]) -> None:
        super().__init__(f"There is no column {name!r}. There are: {', '.join(columns)}.")
