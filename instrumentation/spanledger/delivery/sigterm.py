"""Delivery before a SIGTERM ends the process, where nobody else has a say about SIGTERM.

Python dies of SIGTERM without running its exit functions. Only where that would happen do we put
a handler, and it ends in the very same death.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

_flush: Callable[[], None] | None = None
_flushing = False


def watch(flush: Callable[[], None]) -> None:
    """Have `flush` run before a SIGTERM that would end the process."""
    global _flush
    if threading.current_thread() is not threading.main_thread():
        return
    with suppress(ValueError):  # a subinterpreter
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _on_sigterm)
    _flush = flush


def unwatch() -> None:
    """Put things back, unless somebody else's handler has taken our place."""
    global _flush
    _flush = None
    if threading.current_thread() is threading.main_thread():
        with suppress(ValueError):
            if signal.getsignal(signal.SIGTERM) is _on_sigterm:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _on_sigterm(number: int, frame: FrameType | None) -> None:
    global _flushing
    if _flush is not None and not _flushing:  # who sends a second one is not made to wait
        _flushing = True
        try:
            _flush()
        finally:
            _flushing = False
    if signal.getsignal(signal.SIGTERM) is _on_sigterm:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)
    # Otherwise a handler that was put over ours called us, and decides what comes next.
