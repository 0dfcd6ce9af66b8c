"""`docs/telemetry.md` and the table of names say the same."""

from __future__ import annotations

import re
from pathlib import Path

from spanledger import semconv

PAGE = Path(__file__).parents[2] / "docs" / "telemetry.md"
RESOURCE = {"service.name", "service.version", "deployment.environment.name", "host.name"}
READ_ONLY = {semconv.ENVIRONMENT_OLD, semconv.USER_ID, semconv.RESOURCE_TEAM, semconv.TOKEN_TYPE}
"""Names that are read from others' telemetry and never written."""


def test_every_name_is_documented_and_every_documented_name_exists() -> None:
    """Each attribute of the code has its row on the page, and each row its constant."""
    names = {
        value
        for constant, value in vars(semconv).items()
        if constant.isupper() and isinstance(value, str) and "." in value
    }
    names = {name for name in names if not name.endswith(".")}
    text = PAGE.read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `([a-z0-9_]+\.[a-z0-9_.]+)` \|", text, flags=re.MULTILINE))

    assert rows == names - RESOURCE - READ_ONLY
    assert all(f"`{name}`" in text for name in RESOURCE)
    assert semconv.RATELIMIT_PREFIX in text
    assert semconv.TAG_PREFIX in text
