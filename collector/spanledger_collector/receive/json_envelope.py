"""How an OTLP request in JSON holds its records: by resource and scope; what they are it knows not.

What cannot be read costs nothing beside it: a record comes as `Unreadable` in its place, and so do
those of an unreadable scope and a list that is none; attributes of a resource are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Final, NamedTuple, TypeVar

from spanledger_collector.receive.errors import MalformedBody
from spanledger_collector.receive.json_values import (
    Mistake,
    Object,
    attributes,
    entries,
    load_json,
    member,
    readable_attributes,
    text,
    typed,
)
from spanledger_collector.spans import Attributes, LogRecord, MetricPoint, Span, Unreadable

__all__ = ["Scope", "read_entry", "scopes_of"]

R = TypeVar("R", Span, LogRecord, MetricPoint)

_PLACES = {
    "resourceSpans": "/v1/traces",
    "resourceMetrics": "/v1/metrics",
    "resourceLogs": "/v1/logs",
}
_EVIDENCE: Final = (
    "traceId",
    "spanId",
    "parentSpanId",
    "name",
    "eventName",
    "startTimeUnixNano",
    "endTimeUnixNano",
    "timeUnixNano",
    "observedTimeUnixNano",
    "asInt",
    "asDouble",
    "sum",
)
"""What quarantine shows of a record, beside its attributes."""


class Scope(NamedTuple):
    """Records of one scope and resource, as they stand in the request."""

    entries: Sequence[object]
    """One that is None where their list cannot be read."""
    name: str
    resource: Attributes
    wrong: str | None = None
    """Why none of them can be read."""


def scopes_of(
    body: bytes, by_resource: str, by_scope: str, records: str, left_out: list[str]
) -> Iterator[Scope]:
    """Walk a request to what holds its records.

    Args:
        body: the request.
        by_resource: the field of the request that holds all.
        by_scope: the field of each of these that holds scopes.
        records: the field of each of those that holds records.
        left_out: takes what is wrong with each resource that cannot be read whole.

    Raises:
        MalformedBody: the body is no such request at all.
    """
    request = load_json(body)
    _check_place(request, by_resource)
    try:
        resources = entries(request, by_resource)
    except Mistake as mistake:
        raise MalformedBody(f"OTLP/JSON: {mistake}.") from mistake
    for resourced in resources:
        if not isinstance(resourced, dict):
            yield Scope([None], "", {}, f"each of {by_resource} must be a JSON object")
            continue
        resource = _resource(resourced, left_out)
        try:
            scopes = entries(resourced, by_scope)
        except Mistake as mistake:
            yield Scope([None], "", resource, str(mistake))
            continue
        for scoped in scopes:
            yield _scope(scoped, by_scope, records, resource)


def _check_place(request: Object, by_resource: str) -> None:
    """Refuse another signal's request, which reads as an empty one, and would be lost."""
    for other, path in _PLACES.items():
        if other in request and by_resource not in request:
            raise MalformedBody(
                f"The body holds {other}, which go to {path}, and no {by_resource}."
            )


def _resource(resourced: Object, left_out: list[str]) -> Attributes:
    try:
        return attributes(member(resourced, "resource"))
    except Mistake as mistake:
        left_out.append(str(mistake))
    resource = resourced["resource"]
    return readable_attributes(resource) if isinstance(resource, dict) else {}


def _scope(scoped: object, by_scope: str, records: str, resource: Attributes) -> Scope:
    try:
        scoped = typed(scoped, dict, f"each of {by_scope}")
        listed = entries(scoped, records)
    except Mistake as mistake:
        return Scope([None], "", resource, str(mistake))
    try:
        return Scope(listed, text(member(scoped, "scope"), "name"), resource)
    except Mistake as mistake:  # the scope says what the attributes mean
        return Scope(listed, "", resource, f"its scope is not known: {mistake}")


def read_entry(read: Callable[[Object], R], entry: object, wrong: str | None) -> R | Unreadable:
    """Read a record, if nothing is wrong with the place that it stands in."""
    if wrong is None:
        try:
            return read(typed(entry, dict, "each record"))
        except Mistake as mistake:
            wrong = str(mistake)
    return Unreadable(_evidence(read, entry if isinstance(entry, dict) else {}), wrong)


def _evidence(read: Callable[[Object], R], sent: Object) -> R:
    """Read of a record what can be read, field by field."""
    good: Object = {}
    for field in _EVIDENCE:
        if field in sent:
            with suppress(Mistake):
                read({field: sent[field]})
                good[field] = sent[field]
    return read(good)._replace(attributes=readable_attributes(sent))
