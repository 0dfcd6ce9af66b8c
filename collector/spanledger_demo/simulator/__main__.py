"""Run the simulator by itself: `python -m spanledger_demo.simulator --port 4010`."""

from __future__ import annotations

import argparse
import sys
import threading

from spanledger_demo.simulator.server import running_simulator


def main() -> int:
    """Serve until interrupted, then print the bill."""
    parser = argparse.ArgumentParser(prog="spanledger_demo.simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=4010, help="0 takes any free port")
    parser.add_argument("--seed", type=int, default=0, help="what answers are drawn from")
    parser.add_argument("--error-rate", type=float, default=0.0, help="share of 429 and 529")
    options = parser.parse_args()
    try:
        with running_simulator(
            options.port, seed=options.seed, error_rate=options.error_rate, host=options.host
        ) as simulator:
            print(f"Simulated Claude API (demo data) on {simulator.url}", flush=True)
            try:
                threading.Event().wait()
            except KeyboardInterrupt:
                totals = simulator.bill()
                print(f"Billed {totals.usd():f} USD for {totals.requests()} requests.")
    except OSError as error:
        print(
            f"The simulator cannot listen on {options.host}:{options.port} ({error.strerror}). "
            "Stop what holds the port, or choose another one with --port.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
