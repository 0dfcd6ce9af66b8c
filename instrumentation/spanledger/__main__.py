"""The `spanledger` command. Services import the library and never this module."""

from __future__ import annotations

import sys

_NO_SERVER = (
    "The spanledger command needs the server's packages, and {missing} is not installed. Run:"
    " pip install 'spanledger[server]'. The library alone (import spanledger) works without them."
)


def main() -> None:
    """Run the command line, or say what to install for it."""
    try:
        from spanledger_collector.cli import app
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("spanledger"):
            raise
        print(_NO_SERVER.format(missing=error.name), file=sys.stderr)
        sys.exit(2)
    app.app()


if __name__ == "__main__":
    main()
