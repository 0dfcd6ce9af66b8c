"""The long instructions and short questions that the demo's services send."""

from __future__ import annotations

from typing import Any, Final

from anthropic.types import TextBlockParam, ToolParam

_RULE: Final = (
    "Rule {number} of the {name} handbook: read the whole case before you answer, keep to what the "
    "records say, name the record that an amount comes from, and when two records differ say so. "
)


def handbook(name: str, rules: int) -> str:
    """Write instructions that are always the same for a name, about 46 tokens a rule."""
    return "".join(_RULE.format(number=number + 1, name=name) for number in range(rules))


def cached_system(name: str, rules: int) -> list[TextBlockParam]:
    """Make a system prompt with a five-minute cache breakpoint at its end."""
    text = handbook(name, rules)
    return [{"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}]


def tool(name: str, description: str, **properties: str) -> ToolParam:
    """Describe a tool whose arguments are all required, by their JSON type."""
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {key: {"type": kind} for key, kind in properties.items()},
        "required": list(properties),
    }
    return {"name": name, "description": description, "input_schema": schema}
