"""Model ids: every platform's way of writing one, and the route it tells about. Pure.

Forms (Anthropic model overview, Amazon Bedrock and Google Cloud partner-model pages):
`claude-opus-5-5`, `claude-haiku-4-5-20251001`, `us.anthropic.claude-opus-4-6-v1`,
`anthropic.claude-3-haiku-20240307-v1:0`, `claude-opus-4-5@20251101`, `claude-sonnet-4-5[1m]`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

Route = Literal["global", "regional", "unknown", "direct"]
"""Where inference ran as far as price goes: Bedrock and Google Cloud charge a premium for regional
and multi-region endpoints; `direct` is every other way, which has none."""

BEDROCK = "aws.bedrock"
VERTEX = "gcp.vertex_ai"

_BEDROCK_PREFIX = re.compile(r"^(?:(?P<region>[a-z]{2,6}(?:-[a-z]+)?)\.)?anthropic\.")
_BEDROCK_SUFFIX = re.compile(r"-v\d+(?::\d+)?(?::\d+k)?$")
_CONTEXT_SUFFIX = re.compile(r"\[\d+[km]\]$")
_VERTEX_GLOBAL_HOST = "aiplatform.googleapis.com"
_VERTEX_REGIONAL_HOSTS = ("-aiplatform.googleapis.com", ".rep.googleapis.com")


class ModelId(NamedTuple):
    """An id taken apart: what to look up, and what its form says about platform and route."""

    candidates: tuple[str, ...]
    """Ids to look up in the price book, the most literal first."""
    platform: str | None
    bedrock_region: str | None
    """The inference profile's prefix (`us`, `global`, …); None for a bare Bedrock id."""


@lru_cache(maxsize=4096)
def parse_model_id(model: str) -> ModelId:
    """Take a model id apart; a form nobody knows comes back as it is."""
    text = _CONTEXT_SUFFIX.sub("", model.strip().lower())
    text = text.rsplit("/", 1)[-1]  # ARNs and resource paths end in the id
    if match := _BEDROCK_PREFIX.match(text):
        bare = text[match.end() :]
        plain = _BEDROCK_SUFFIX.sub("", bare)
        return ModelId((f"anthropic.{bare}", bare, plain), BEDROCK, match["region"])
    if "@" in text:
        name, _, version = text.partition("@")
        plain = name if version in ("default", "latest") else f"{name}-{version}"
        return ModelId((text, plain), VERTEX, None)
    return ModelId((text,), None, None)


def route_of(model_id: ModelId, provider: str, server_address: str | None) -> Route:
    """Tell whether a call ran on a regional endpoint, from the id it asked for and its host."""
    platform = model_id.platform or provider
    if platform == BEDROCK:
        if model_id.platform is None:
            return "unknown"
        return "global" if model_id.bedrock_region == "global" else "regional"
    if platform == VERTEX:
        host = (server_address or "").lower()
        if host == _VERTEX_GLOBAL_HOST:
            return "global"
        return "regional" if host.endswith(_VERTEX_REGIONAL_HOSTS) else "unknown"
    return "direct"
