"""What a request says: which operation it is, whose platform it goes to, what it asks for. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from . import semconv
from .attributes import Attributes

_OPERATIONS = {
    ("POST", "/v1/messages"): semconv.CHAT,
    ("POST", "/v1/messages/count_tokens"): "count_tokens",
    ("POST", "/v1/messages/batches"): "batches.create",
}
_ID = re.compile(r"^(?=.*\d)[A-Za-z0-9_-]{12,}$|^[a-z]+_(?=.*[A-Z0-9])[A-Za-z0-9]+$")


class Operation(NamedTuple):
    """What kind of API request this is."""

    name: str | None
    """`gen_ai.operation.name`; None for requests that have nothing to do with a model."""
    route: str
    """The path with ids replaced by `{id}`, so that span names stay few."""
    method: str

    def span_name(self, model: str | None) -> str:
        """`chat claude-opus-5-5`, `count_tokens …`, or `GET /v1/models/{id}`."""
        if self.name is None:
            return f"{self.method} {self.route}"
        return f"{self.name} {model}" if model else self.name


class Asked(NamedTuple):
    """What one request says."""

    operation: Operation
    provider: str
    model: str | None
    server_address: str | None
    started_ns: int
    attributes: Attributes

    @property
    def span_name(self) -> str:
        """The name of the call's span."""
        return self.operation.span_name(self.model)


class Road(NamedTuple):
    """What all requests of one kind through one class of client have in common."""

    operation: Operation
    provider: str
    attributes: Attributes
    """To be copied, never changed."""


@lru_cache(maxsize=1024)
def road(method: str, url: str, client_class: type) -> Road:
    """Found out once for each of the few that a service uses."""
    what, vendor = operation(method, url), provider(client_class)
    attributes: Attributes = {semconv.HTTP_METHOD: what.method, semconv.HTTP_ROUTE: what.route}
    if what.name is not None:
        attributes[semconv.OPERATION_NAME] = what.name
        attributes[semconv.PROVIDER_NAME] = vendor
    return Road(what, vendor, attributes)


def operation(method: str, url: str) -> Operation:
    """Recognise a request by method and path; beta paths differ only in their query."""
    path = urlsplit(url).path
    method = method.upper()
    route = "/".join("{id}" if _ID.match(part) else part for part in path.split("/"))
    return Operation(_OPERATIONS.get((method, path)), route, method)


def provider(client_class: type) -> str:
    """`gen_ai.provider.name` of a client class of the SDK, or of a subclass of one."""
    names = " ".join(base.__name__ for base in client_class.__mro__)
    if "Bedrock" in names:
        return "aws.bedrock"
    if "Vertex" in names:
        return "gcp.vertex_ai"
    return "anthropic"


def body_attributes(body: object) -> Attributes:
    """What the request asks for. The body is read by name only: it may hold one-shot iterables."""
    attributes: Attributes = {}
    if not isinstance(body, Mapping):
        return attributes
    if isinstance(model := body.get("model"), str):
        attributes[semconv.REQUEST_MODEL] = model
    if isinstance(max_tokens := body.get("max_tokens"), int):
        attributes[semconv.REQUEST_MAX_TOKENS] = max_tokens
    if body.get("stream") is True:
        attributes[semconv.REQUEST_STREAM] = True
    metadata = body.get("metadata")
    if isinstance(metadata, Mapping) and isinstance(user := metadata.get("user_id"), str):
        attributes[semconv.METADATA_USER_ID] = user[:256]
    if isinstance(requests := body.get("requests"), list):
        attributes[semconv.BATCH_REQUEST_COUNT] = len(requests)
    return attributes


def tag_attributes(tags: Mapping[str, str]) -> Attributes:
    """Attribution tags; the session is the convention's conversation as well."""
    attributes: Attributes = {f"{semconv.TAG_PREFIX}{name}": value for name, value in tags.items()}
    if session := tags.get("session"):
        attributes[semconv.CONVERSATION_ID] = session
    return attributes
