"""Whether a model request went to Claude, and on which platform; pure."""

from __future__ import annotations

from typing import Final

from spanledger_collector.dialects import names
from spanledger_collector.dialects.reading import text_of
from spanledger_collector.spans import Attributes

__all__ = ["ANTHROPIC", "BEDROCK", "VERTEX", "claude_provider"]

ANTHROPIC: Final = "anthropic"
BEDROCK: Final = "aws.bedrock"
VERTEX: Final = "gcp.vertex_ai"
_KNOWN: Final = {
    "anthropic": ANTHROPIC,
    "firstparty": ANTHROPIC,
    "aws.bedrock": BEDROCK,
    "aws_bedrock": BEDROCK,
    "aws": BEDROCK,
    "bedrock": BEDROCK,
    "amazon": BEDROCK,
    "amazon_bedrock": BEDROCK,
    "gcp.vertex_ai": VERTEX,
    "gcp.gen_ai": VERTEX,
    "vertex_ai": VERTEX,
    "vertexai": VERTEX,
    "vertex": VERTEX,
    "google": VERTEX,
    "google_vertex_ai": VERTEX,
}
_CLAUDE: Final = "claude"


def claude_provider(facts: Attributes, *models: str | None, also: str | None = None) -> str | None:
    """Name the platform that served Claude; None when it was another maker's model.

    Only the model's name tells, because every platform but Anthropic's own serves others, too.

    Args:
        facts: the attributes.
        models: what they say of the model.
        also: another attribute that may name the platform.
    """
    told = (text_of(facts, *((also,) if also else ()), *names.PROVIDER) or "").lower()
    provider = _KNOWN.get(told, told or ANTHROPIC)
    if provider == ANTHROPIC and told:
        return provider
    is_claude = any(model is not None and _CLAUDE in model.lower() for model in models)
    return provider if is_claude else None
