"""Which spans of some trace requests are of our own scope, and where their bytes are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans

from spanledger import semconv
from spanledger_collector.columnar.arrays import Ints
from spanledger_collector.columnar.wire import Place, span_places
from spanledger_collector.receive.protobuf import attributes_of
from spanledger_collector.spans import Attributes

__all__ = ["Candidates", "Message", "Resource", "candidates", "span_count"]


class Message(NamedTuple):
    """A trace request, parsed."""

    body: bytes
    request: ExportTraceServiceRequest
    team: str | None
    """Whom the sender's token belongs to, whatever it claims."""


class Resource(NamedTuple):
    """What sent some of the spans."""

    attributes: Attributes
    team: str | None


class Candidates(NamedTuple):
    """The spans of our own scope, in the order in which they were sent."""

    which: Ints
    """The number of each, counted through all requests."""
    resource: Ints
    """Where its resource stands among `resources`."""
    places: Ints
    """Start and end in all bodies together, a row each."""
    resources: list[Resource]

    def part(self, first: int, last: int) -> Candidates:
        """Some of them."""
        cut = slice(first, last)
        return self._replace(
            which=self.which[cut], resource=self.resource[cut], places=self.places[cut]
        )


def span_count(request: ExportTraceServiceRequest) -> int:
    """Count the spans of a request."""
    return sum(
        len(scope_spans.spans)
        for resource_spans in request.resource_spans
        for scope_spans in resource_spans.scope_spans
    )


def candidates(messages: Sequence[Message]) -> Candidates:
    """Find the spans to look at; an envelope that no exporter writes is passed over."""
    search = _Search()
    for message in messages:
        search.look_at(message)
    return Candidates(
        np.array(search.which, np.int64),
        np.array(search.resource, np.int64),
        np.array(search.places, np.int64).reshape(-1, 2) + np.array(search.shift)[:, None],
        search.resources,
    )


class _Search:
    def __init__(self) -> None:
        self.which: list[int] = []
        self.resource: list[int] = []
        self.places: list[Place] = []
        self.shift: list[int] = []
        self.resources: list[Resource] = []
        self.number = 0
        self.offset = 0

    def look_at(self, message: Message) -> None:
        resources = span_places(message.body)
        if resources is None:
            self.number += span_count(message.request)
        else:
            for scopes, parsed in zip(resources, message.request.resource_spans, strict=True):
                self._look_at_resource(scopes, parsed, message.team)
        self.offset += len(message.body)

    def _look_at_resource(
        self, scopes: list[list[Place]], parsed: ResourceSpans, team: str | None
    ) -> None:
        before = len(self.which)
        for places, scope_spans in zip(scopes, parsed.scope_spans, strict=True):
            count = len(places)
            if scope_spans.scope.name == semconv.SCOPE:
                self.which += range(self.number, self.number + count)
                self.places += places
            self.number += count
        found = len(self.which) - before
        if found:
            self.resource += [len(self.resources)] * found
            self.shift += [self.offset] * found
            self.resources.append(Resource(attributes_of(parsed.resource.attributes), team))
