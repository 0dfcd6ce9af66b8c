"""The SQL files of the store: one statement each, read once; knows no database."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

__all__ = ["export", "macros", "query_files", "schema", "statement"]

_ROOT = files("spanledger_collector.store").joinpath("sql")


@cache
def statement(name: str) -> str:
    """Read one of the store's own statements."""
    return _ROOT.joinpath("statements", f"{name}.sql").read_text(encoding="utf-8")


def macros() -> list[str]:
    """Read the macros, each after those that it uses."""
    order = (
        "matches",
        "other_tags",
        "dimension",
        "hex_of",
        "rates_of",
        "rest_of_cost",
        "whole",
        "whole_hour_after",
        "whole_day_after",
        "quarter_of",
        "slot_of",
        "local_buckets",
        "raw_usage",
        "usage_between",
        "whole_hour_of",
        "usage_of",
        "calls_of",
        "latency_bucket",
        "percentile_ns",
        "raw_latency",
        "latency_between",
        "latency_of",
        "raw_users",
        "users_between",
        "users_of",
        "hour_sums",
        "hour_totals",
        "hour_latency",
        "day_users",
        "reports_between",
        "places_between",
    )
    return [_ROOT.joinpath("macros", f"{name}.sql").read_text(encoding="utf-8") for name in order]


def schema() -> dict[int, list[str]]:
    """Read the statements that make each version of the schema from the one before."""
    versions: dict[int, list[str]] = {}
    for name, text in _folder("schema"):
        versions.setdefault(int(name.split("_")[0]), []).append(text)
    return versions


def query_files() -> dict[str, str]:
    """Read the files of the named queries."""
    return {name.removesuffix(".sql"): text for name, text in _folder("queries")}


@cache
def export(name: str) -> str:
    """Read the query of an export."""
    return _ROOT.joinpath("exports", f"{name}.sql").read_text(encoding="utf-8")


def _folder(name: str) -> Iterator[tuple[str, str]]:
    for file in sorted(_ROOT.joinpath(name).iterdir(), key=lambda file: file.name):
        if file.name.endswith(".sql"):
            yield file.name, file.read_text(encoding="utf-8")
