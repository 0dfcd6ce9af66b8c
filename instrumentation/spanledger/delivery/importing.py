"""Heavy imports in our own threads, so that switching on costs the service nothing.

A fork while another thread imports would leave the child with a module lock that nobody releases:
a fork waits for these imports to be done.
"""

from __future__ import annotations

import os
import threading

_LONGEST_WAIT_S = 10.0

importing = threading.RLock()
"""Held around imports made outside the main thread."""

_held: list[bool] = []


def _before() -> None:
    _held.append(importing.acquire(timeout=_LONGEST_WAIT_S))


def _after() -> None:
    if _held.pop():
        importing.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_after)
