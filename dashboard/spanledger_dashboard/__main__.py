"""`python -m spanledger_dashboard`: serves the dashboard with the options it needs."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.config import get_config_options

from spanledger_dashboard.theme import options

__all__ = ["main"]

_APP = Path(__file__).with_name("app.py")


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
    app = st.App(_APP)
    app.run(config=_known(options(chosen.host or "127.0.0.1", chosen.port or 8501)))


def _known(wanted: dict[str, Any]) -> dict[str, Any]:
    """Leave out what this Streamlit has no option for: 1.65, on Python 3.10, lacks two paddings."""
    offered = get_config_options()
    return {name: value for name, value in wanted.items() if name in offered}


if __name__ == "__main__":
    main()
