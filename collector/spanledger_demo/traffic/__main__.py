"""Run one service of the live demo: `python -m spanledger_demo.traffic --service checkout`.

The collector's address and token come from `SPANLEDGER_ENDPOINT` and `SPANLEDGER_TOKEN`, the name
of the service from `OTEL_SERVICE_NAME`. It ends after `--duration`, or when standard input does.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from typing import Final

import anthropic
from opentelemetry.trace import Tracer

import spanledger
from spanledger_demo.traffic import checkout, code_review, helpdesk, search
from spanledger_demo.traffic.pace import Pace
from spanledger_demo.traffic.tracing import tracing

_SERVED: Final = {"checkout": checkout, "code-review": code_review, "search": search}


def main() -> int:
    """Run until told to stop; 0 when every span was delivered."""
    parser = argparse.ArgumentParser(prog="spanledger_demo.traffic", description=__doc__)
    parser.add_argument("--service", required=True, choices=(*_SERVED, "helpdesk"))
    parser.add_argument("--simulator-url", required=True)
    parser.add_argument("--rate", type=float, default=0.5, help="interactions per second")
    parser.add_argument("--duration", type=float, default=None, help="seconds; default: no end")
    parser.add_argument("--patience", type=float, default=15.0, help="seconds for the last spans")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    spanledger.instrument()
    pace = Pace(options.rate, options.duration, random.Random(options.seed))
    pace.stop_at_end_of(sys.stdin)
    with tracing(options.service, options.patience) as tracer:
        _serve(options.service, options.simulator_url, pace, tracer)
    delivered = spanledger.flush(options.patience)
    if not delivered:
        print("Not every span could be delivered to the collector.", file=sys.stderr)
    return 0 if delivered else 1


def _serve(service: str, simulator_url: str, pace: Pace, tracer: Tracer) -> None:
    key = f"demo-{service}"
    if service == "helpdesk":
        asyncio.run(_serve_helpdesk(simulator_url, key, pace, tracer))
        return
    with anthropic.Anthropic(base_url=simulator_url, api_key=key) as client:
        _SERVED[service].run(client, pace, tracer)


async def _serve_helpdesk(simulator_url: str, key: str, pace: Pace, tracer: Tracer) -> None:
    async with anthropic.AsyncAnthropic(base_url=simulator_url, api_key=key) as client:
        await helpdesk.run(client, pace, tracer)


if __name__ == "__main__":
    sys.exit(main())
