"""Which attributes carry what people wrote to a model, or it to them: never stored."""

from __future__ import annotations

from spanledger_collector.spans import Attributes, Value

__all__ = ["without_content"]

_NAMES = frozenset(
    {
        "all_messages_events",
        "ai.response.object",
        "ai.response.text",
        "ai.response.toolCalls",
        "ai.toolCall.args",
        "ai.toolCall.result",
        "bash_command",
        "body",
        "events",
        "final_result",
        "full_command",
        "gen_ai.completion",
        "gen_ai.event.content",
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "gen_ai.prompt",
        "gen_ai.request.tools",
        "gen_ai.system_instructions",
        "gen_ai.tool.call.arguments",
        "gen_ai.tool.call.result",
        "gen_ai.tool.definitions",
        "input.value",
        "llm.invocation_parameters",
        "output.value",
        "prompt",
        "prompt_text",
        "request_body",
        "request_data",
        "response",
        "response_body",
        "response_data",
        "system_prompt",
        "tool.parameters",
        "tool_input",
        "tool_output",
        "tool_parameters",
        "traceloop.entity.input",
        "traceloop.entity.output",
        "user_prompt",
    }
)
_PREFIXES = (
    "ai.prompt",
    "gen_ai.completion.",
    "gen_ai.prompt.",
    "http.request.body",
    "http.response.body",
    "llm.completions",
    "llm.input_messages.",
    "llm.output_messages.",
    "llm.prompt",
    "llm.request.functions.",
    "llm.tools.",
    "message.content",
    "pydantic_ai.all_messages",
    "retrieval.documents.",
)
MAX_ATTRIBUTES = 128
MAX_VALUE = 4096


def without_content(attributes: Attributes) -> dict[str, Value]:
    """Keep the attributes that are facts about a span, bounded in number and length."""
    kept = (
        (name[:256], _bounded(value))
        for name, value in attributes.items()
        if name not in _NAMES and not name.startswith(_PREFIXES)
    )
    return dict(pair for pair, _ in zip(kept, range(MAX_ATTRIBUTES), strict=False))


def _bounded(value: Value) -> Value:
    if isinstance(value, str):
        return value[:MAX_VALUE]
    if isinstance(value, (list, dict, bytes)):
        return value if len(str(value)) <= MAX_VALUE else "(too long)"
    return value
