"""Tags: what an application, or the tool that it runs in, says about whom a call is for; pure."""

from __future__ import annotations

from spanledger import semconv
from spanledger_collector.dialects.reading import MAX_TEXT, text
from spanledger_collector.spans import Attributes

__all__ = ["MAX_TAGS", "named_tags", "tags_of"]

MAX_TAGS = 64


def tags_of(facts: Attributes) -> dict[str, str]:
    """Read the tags that our own instrumentation writes, and that anybody may."""
    prefix = semconv.TAG_PREFIX
    found = {
        name[len(prefix) :][:MAX_TEXT]: value[:MAX_TEXT]
        for name, value in facts.items()
        if name.startswith(prefix) and isinstance(value, str) and value
    }
    return dict(list(found.items())[:MAX_TAGS]) if len(found) > MAX_TAGS else found


def named_tags(facts: Attributes, *names: str) -> dict[str, str]:
    """Read tags that a dialect has under names of their own."""
    return {name: found for name in names if (found := text(facts, name))}
