"""Runs a module as a child that ends when its supervisor does, however that one ended.

The supervisor holds the other end of our standard input and never writes. End of file therefore
means that it is gone, killed hard included; that works on every system, without a signal that
only one of them has.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

_GRACE_S = 10.0


def main() -> None:
    """Run `python -m spanledger_collector.cli.child MODULE ARGS…`."""
    threading.Thread(target=_end_with_supervisor, name="supervisor-watch", daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _end_with_supervisor() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_S)
    os._exit(1)


if __name__ == "__main__":
    main()
