"""What docs/collector.md, docs/operations.md and docs/security.md promise is there."""

from __future__ import annotations

import re
from pathlib import Path

import httpx2
import pytest

from spanledger_collector.server import RunningCollector
from spanledger_collector.settings import load_settings

ROOT = Path(__file__).parents[2]
DOCS = {
    name: (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    for name in ("collector", "operations", "security")
}
TESTS = {
    name
    for file in Path(__file__).parent.glob("test_*.py")
    for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text(encoding="utf-8"), re.M)
}
POINTS = dict(re.findall(r"^\| (\w+) \| [^|]+ \| `(test_\w+)_\*` \|$", DOCS["collector"], re.M))


def test_every_point_of_the_checklist_has_its_tests() -> None:
    """The table names all thirty points and all attacks, each with a test that says so."""
    attacks = {f"A{number}" for number in range(1, 15)} | {f"Q{number}" for number in range(1, 5)}

    assert set(POINTS) == {str(number) for number in range(1, 31)} | attacks
    for point, prefix in POINTS.items():
        assert [name for name in TESTS if name.startswith(f"{prefix}_")], point


def test_no_test_of_a_point_is_left_out() -> None:
    """Every test that is named for a point or an attack stands in the table."""
    named = {name for name in TESTS if re.match(r"test_(otlp_\d\d|[aq]\d+)_", name)}

    assert {name for name in named if not name.startswith(tuple(POINTS.values()))} == set()


def test_every_metric_is_documented(collector: RunningCollector) -> None:
    """docs/operations.md lists each metric that /metrics has, and no other."""
    told = httpx2.get(f"{collector.url}/metrics").text
    there = set(re.findall(r"^# HELP (\w+)", told, re.M))
    section = DOCS["operations"].partition("## Metrics")[2].partition("\n## ")[0]
    listed = set(re.findall(r"`(spanledger_\w+)(?:\{[\w,]+\})?`", section))

    assert listed == there


@pytest.mark.parametrize("number", [0, 1])
def test_the_examples_of_security_are_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Both settings files of docs/security.md load, once the secrets that they name are there."""
    example = re.findall(r"```toml\n(.*?)```", DOCS["security"], re.S)[number]
    (tmp_path / "search").write_text("secret-1\n")
    file = tmp_path / "spanledger.toml"
    file.write_text(example.replace("/run/secrets/", ""))
    for name in ("SEARCH_READER", "METRICS_TOKEN"):
        monkeypatch.setenv(name, name.lower())
    collector = load_settings(file).collector

    if number:
        assert collector.tls_client_ca == Path("/etc/spanledger/clients.pem")
    else:
        assert [(each.secret, each.team, each.scope) for each in collector.tokens or ()] == [
            ("secret-1", "search", "write"),
            ("search_reader", "search", "read"),
            ("metrics_token", None, "read"),
        ]
