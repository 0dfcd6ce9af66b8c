"""What `import spanledger` costs a service that uses it."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from typing import Any

SERVER = {
    "altair",
    "duckdb",
    "fastapi",
    "granian",
    "grpc",
    "httpx2",
    "numpy",
    "orjson",
    "pandas",
    "pyarrow",
    "pydantic_settings",
    "rich",
    "spanledger_collector",
    "spanledger_dashboard",
    "spanledger_demo",
    "starlette",
    "streamlit",
    "typer",
    "uvicorn",
}
OURS = {"spanledger", "wrapt", "opentelemetry"}

PROBE = """
    import sys, threading, json
    import opentelemetry.sdk.trace, opentelemetry.exporter.otlp.proto.http.trace_exporter
    before = set(sys.modules)
    {statement}
    loaded = {{name.partition(".")[0] for name in set(sys.modules) - before}}
    print(json.dumps({{
        "loaded": sorted(loaded - set(sys.stdlib_module_names)),
        "threads": [thread.name for thread in threading.enumerate()],
        "anthropic": "anthropic" in sys.modules,
    }}))
"""


def probe(statement: str) -> dict[str, Any]:
    """Run a statement in a fresh interpreter and tell what it brought into the process."""
    code = textwrap.dedent(PROBE).format(statement=statement)
    answer = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=300
    )
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def test_import_loads_nothing_of_the_server() -> None:
    """`import spanledger` adds our own modules and wrapt to a service that has OpenTelemetry."""
    found = probe("import spanledger")

    assert SERVER.isdisjoint(found["loaded"])
    assert set(found["loaded"]) <= OURS


def test_import_starts_no_thread_and_does_not_load_the_sdk() -> None:
    """Importing has no effect on the process: no thread, and no SDK for who does not use it."""
    found = probe("import spanledger")

    assert found["threads"] == ["MainThread"]
    assert not found["anthropic"]


def test_pricing_alone_is_lighter_still() -> None:
    """The price rules can be used by themselves."""
    found = probe("import spanledger.pricing")

    assert SERVER.isdisjoint(found["loaded"])


def test_the_command_says_what_to_install() -> None:
    """Without the server's packages the command names the extra and exits with 2."""
    code = textwrap.dedent(
        """
        import sys
        sys.modules["typer"] = None  # as if it were not installed
        from spanledger.__main__ import main
        main()
        """
    )

    answer = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=300
    )

    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1
    assert "pip install 'spanledger[server]'" in answer.stderr
