"""Our failure never becomes the caller's: the one place that catches everything.

Our own tests set `guard.loud`, which raises failures instead, so that they cannot hide from those
who can mend them. Somebody else's tests never see them, which is why nothing here asks for pytest.
"""

from __future__ import annotations

import logging
from types import TracebackType

_log = logging.getLogger("spanledger")


class _Guard:
    """A reusable context manager that keeps our exceptions from leaving.

    `BaseException`s that are not `Exception`s, such as a task's cancellation, always pass: they
    are never ours.
    """

    def __init__(self) -> None:
        self.failures = 0
        """How often our own code failed in this process."""
        self.loud = False
        """Whether failures are raised."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        self.failures += 1
        _log.debug("spanledger failed; the call went on without it", exc_info=error)
        return not self.loud


guard = _Guard()
