"""The API's description: valid, complete, true, and the same as the reference page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import checks
from starlette.routing import Route

from spanledger_collector.app import Collector
from spanledger_collector.query.catalog import catalog
from spanledger_collector.query.openapi import description
from spanledger_collector.query.reference import reference
from spanledger_collector.server import running_collector
from spanledger_collector.store.duckdb import DuckDBStore
from tests.collector.support import Client, call_span, settings_for

PAGE = Path(__file__).parents[2] / "docs" / "queries.md"
DOCUMENT: dict[str, Any] = orjson.loads(description())
EXAMPLES = 3

FUZZING = schemathesis.Config.from_dict({"phases": {"coverage": {"enabled": False}}})
"""Random cases alone: the systematic ones are hundreds for each query."""

checks.load_all_checks()
asked = (
    schemathesis.openapi.from_dict(DOCUMENT, config=FUZZING)
    .include(path_regex="^/api/v1/(quer|open)", method="GET")
    .include(path_regex="/(usage|daily_spend|trace|latest_calls)$", method="POST")
)


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a collector with some calls, an error, a span and a refused span."""
    with running_collector(settings_for(tmp_path_factory.mktemp("openapi"))) as collector:
        client = Client(collector.url)
        for team in (None, "red", "=1+1"):
            client.send(call_span(f"msg_{team}", attributes={"spanledger.tag.team": team}))
        client.send(call_span(attributes={"error.type": "x", "spanledger.outcome": "failed"}))
        client.send(call_span() | {"attributes": []}, scope="my.app")
        client.send(call_span(start_ns=1))
        client.close()
        yield collector.url


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """One connection for all cases."""
    with requests.Session() as session:
        yield session


@asked.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_answers_are_as_described(
    case: schemathesis.Case[Any], collector: str, session: requests.Session
) -> None:
    """Whatever the description allows is answered by a status, type and body that it promises."""
    case.call_and_validate(
        base_url=collector,
        session=session,
        excluded_checks=[checks.negative_data_rejection],  # numbers may come as text, and so on
    )


def test_the_description_is_valid() -> None:
    """It is OpenAPI 3.1."""
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_every_route_is_described(tmp_path: Path) -> None:
    """Routes and methods of the application are those of the description, no more and no fewer."""
    store = DuckDBStore(tmp_path)
    collector = Collector(store, settings_for(tmp_path).collector)
    there = {
        (path, method)
        for route in collector.routes
        if isinstance(route, Route)
        for path in _expanded(route.path)
        for method in (route.methods or {"POST"}) - {"HEAD"}
    }
    store.close()

    assert there == {
        (path, method.upper()) for path, item in DOCUMENT["paths"].items() for method in item
    }


def _expanded(path: str) -> list[str]:
    return [path.replace("{name}", name) for name in catalog()] if "{name}" in path else [path]


def test_the_description_is_served(collector: str) -> None:
    """The collector serves it."""
    answer = requests.get(f"{collector}/api/v1/openapi.json", timeout=60)

    assert answer.json() == DOCUMENT


def test_the_reference_is_up_to_date() -> None:
    """docs/queries.md is what the query files say."""
    assert PAGE.read_text(encoding="utf-8") == reference()
