"""Getting one batch across: posted whole, and in ever smaller pieces where that may save some."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from .answers import Answer
from .http import Connection
from .record import Record
from .records import halves, join
from .settings import Pace, Target

_MAX_HUNTS = 64
"""Refused requests spent on finding the spans that are to blame: enough for three of 512."""
_HOPELESS = 7
"""Refused requests, nothing accepted: the batch, its halves and quarters. It is not the spans."""


class Outcome(NamedTuple):
    """What became of a batch."""

    delivered: int
    rejected: int
    left: tuple[Record, ...] = ()
    """Those of its spans that seem to break the collector, to be tried again by themselves."""
    refusal: Answer | None = None
    """The answer that asks for another try of the whole batch, whatever was delivered of it."""


class Sender:
    """Sends batches to one collector, from one thread."""

    def __init__(self, target: Target, pace: Pace) -> None:
        self._connection = Connection(target, pace.timeout)

    def send(self, records: Sequence[Record], *, hunt: bool = False) -> Outcome:
        """Send a batch. What was taken before a refusal is sent again: it counts once.

        Args:
            records: What to send, as one request if possible.
            hunt: Whether to suspect single spans of what looks like the collector's own fault.
        """
        dispatch = _Dispatch(join(records), hunt)
        while dispatch.pieces:
            piece = dispatch.pieces.popleft()
            answer = self._connection.post(piece.body)
            if not dispatch.goes_on(piece, answer):
                return Outcome(0, 0, refusal=answer)
        return Outcome(dispatch.delivered, dispatch.rejected, tuple(dispatch.left))


class _Dispatch:
    """A batch and the pieces that it is cut into."""

    def __init__(self, batch: Record, hunt: bool) -> None:
        self.pieces = deque([batch])
        self.delivered = 0
        self.rejected = 0
        self.left: list[Record] = []
        self._hunt = hunt
        self._refused = 0

    def goes_on(self, piece: Record, answer: Answer) -> bool:
        """Book an answer; False when it concerns not the piece but the collector."""
        if answer.accepted:
            refused = answer.rejected_spans(piece.spans)
            self.delivered += piece.spans - refused
            self.rejected += refused
            return True
        if answer.too_large:
            self._cut(piece, True)
            return True
        if not answer.malformed and not (self._hunt and answer.suspicious):
            return False
        self._refused += 1
        self._cut(piece, answer.malformed)
        hopeful = self.delivered > 0 or (self._refused < _HOPELESS and len(self.pieces) > 0)
        return answer.malformed or hopeful

    def _cut(self, piece: Record, wrong: bool) -> None:
        if piece.spans > 1 and self._refused < _MAX_HUNTS:
            self.pieces += halves(piece)
        elif wrong:
            self.rejected += piece.spans
        else:
            self.left.append(piece)
