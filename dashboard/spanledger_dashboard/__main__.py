"""`python -m spanledger_dashboard`: serves the dashboard as its environment says."""

from __future__ import annotations

import argparse
import os

from spanledger_dashboard.serving import OpenDoor, serve
from spanledger_dashboard.settings import UnknownTimeZone, from_environment

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(
        prog="python -m spanledger_dashboard",
        description="Serve the SpanLedger dashboard.",
        epilog=(
            "The collector is named by SPANLEDGER_DASHBOARD__COLLECTOR_URL "
            "(default http://127.0.0.1:4318), its token by SPANLEDGER_COLLECTOR__TOKEN."
        ),
    )
    environment = os.environ
    parser.add_argument("--host", default=environment.get("SPANLEDGER_DASHBOARD__HOST"))
    parser.add_argument("--port", type=int, default=environment.get("SPANLEDGER_DASHBOARD__PORT"))
    chosen = parser.parse_args(arguments)
    try:
        serve(from_environment(), chosen.host or "127.0.0.1", chosen.port or 8501)
    except (OpenDoor, UnknownTimeZone) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
