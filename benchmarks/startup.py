"""How long `spanledger up` takes until collector and dashboard are ready, on an empty ledger.

    python benchmarks/startup.py

The baseline of the ratio is the promise: ten seconds.
"""

from __future__ import annotations

import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import httpx2

PROMISE_S = 10.0


def measure(folder: Path) -> float:
    """Seconds from the command to the answers of both parts."""
    ports = [free_port() for _ in range(2)]
    command = [sys.executable, "-m", "spanledger", "up", "--data-dir", str(folder)]
    command += ["--port", str(ports[0]), "--dashboard-port", str(ports[1])]
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{ports[0]}/readyz")
        wait_for(f"http://127.0.0.1:{ports[1]}/_stcore/health")
        return time.perf_counter() - started
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(url: str) -> None:
    """Ask until the answer is 200."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(httpx2.TransportError):
            if httpx2.get(url).status_code == 200:
                return
        time.sleep(0.02)
    raise TimeoutError(url)


def main(rounds: int = 5) -> None:
    """Run and print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        times = sorted(measure(Path(folder) / str(number)) for number in range(rounds))
    print(f"median              {statistics.median(times):.2f} s")
    print(f"longest             {times[-1]:.2f} s")
    print(f"longest / promise   {times[-1] / PROMISE_S:.2f}")


if __name__ == "__main__":
    main()
