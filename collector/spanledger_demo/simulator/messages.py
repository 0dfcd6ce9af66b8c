"""The Messages API without HTTP: a request and its directives in, an answer with its counts out."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from spanledger_demo.simulator.catalogue import ServedModel, served_model
from spanledger_demo.simulator.counts import Counts, JsonObject, counts_from_usage, usage_object
from spanledger_demo.simulator.directives import Directives
from spanledger_demo.simulator.errors import ApiFailure, invalid
from spanledger_demo.simulator.prefix_cache import PrefixCache, PromptCounts
from spanledger_demo.simulator.prompt import as_blocks, prompt_blocks
from spanledger_demo.simulator.rates import UnbillableError, cost_usd
from spanledger_demo.simulator.reply import Reply, reply_to

_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz123456789"
_IDS: Final = random.SystemRandom()  # unlike the answers: a restarted server never repeats an id


class Answer(NamedTuple):
    """A finished message, and what it is billed as."""

    message: JsonObject
    model: ServedModel
    counts: Counts
    prompt_tokens: int
    """The uncached input before any server tool added to it: what `message_start` can know."""

    @property
    def is_free(self) -> bool:
        """Whether it is a refusal before any output, which is not billed."""
        return self.message["stop_reason"] == "refusal" and not self.message["content"]


class MessagesApi:
    """Answers requests; keeps the prompt cache between them."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._cache = PrefixCache()

    def answer(
        self, request: JsonObject, asked: Directives, *, workspace: str, now: float, batch: bool
    ) -> Answer:
        """Answer one request.

        Raises:
            ApiFailure: the API would not take it.
        """
        model = checked_model(request)
        _check_options(request, model, batch)
        blocks = prompt_blocks(request)
        prompt = self._cache.account(
            f"{workspace}/{model.id}", blocks, min_tokens=model.min_cacheable, now=now
        )
        reply = reply_to(request, asked, self._seed)
        serving = checked_model({**request, "model": asked.model}) if asked.model else model
        counts = _counts(request, prompt, reply, serving, batch)
        return _answer(serving, counts, asked, reply, prompt.uncached)

    def count(self, request: JsonObject) -> int:
        """Count the tokens of a prompt, cached or not."""
        checked_model(request, needs_max_tokens=False)
        return sum(block.tokens for block in prompt_blocks(request))


def identity(prefix: str, length: int = 22) -> str:
    """Make an id in the API's style that is never made again."""
    return prefix + "".join(_IDS.choices(_ALPHABET, k=length))


def checked_model(request: JsonObject, *, needs_max_tokens: bool = True) -> ServedModel:
    """Check what every request must have, and find its model.

    Raises:
        ApiFailure: something is missing or wrong, in the API's words where it has its own.
    """
    if not isinstance(request.get("model"), str):
        raise invalid("model: Field required")
    limit = request.get("max_tokens")
    if needs_max_tokens and limit is None:
        raise invalid("max_tokens: Field required")
    if needs_max_tokens and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
        raise invalid("max_tokens: Input should be a valid integer, greater than or equal to 0")
    _check_messages(request.get("messages"))
    model = served_model(request["model"])
    if model is None:
        raise ApiFailure(404, f"model: {request['model']}")
    return model


def _check_messages(messages: Any) -> None:
    if messages is None:
        raise invalid("messages: Field required")
    if not isinstance(messages, list) or not messages:
        raise invalid("messages: at least one message is required")
    for index, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in ("user", "assistant"):
            raise invalid(f"messages.{index}.role: Input should be 'user' or 'assistant'")
        blocks = as_blocks(message.get("content"))
        if not blocks or blocks == [{"type": "text", "text": ""}]:
            raise invalid(f"messages.{index}: text content blocks must be non-empty")


def _check_options(request: JsonObject, model: ServedModel, batch: bool) -> None:
    if request.get("speed") == "fast" and (batch or not model.has_fast_mode):
        raise invalid(f"speed: fast mode is not available for {model.id} here")
    if request.get("inference_geo") and not model.knows_geo:
        raise invalid(f"inference_geo: not supported by {model.id}")


def _counts(
    request: JsonObject, prompt: PromptCounts, reply: Reply, model: ServedModel, batch: bool
) -> Counts:
    geo = request.get("inference_geo") or "global"
    return Counts(
        input_tokens=prompt.uncached + reply.found_tokens,
        output_tokens=reply.output_tokens,
        cache_read=prompt.read,
        cache_write_5m=prompt.write_5m,
        cache_write_1h=prompt.write_1h,
        thinking_tokens=reply.thinking_tokens,
        web_searches=reply.searches,
        web_fetches=reply.fetches,
        service_tier="batch" if batch else "standard",
        inference_geo=geo if model.knows_geo else "not_available",
        speed=request.get("speed"),
    )


def _answer(
    model: ServedModel, counts: Counts, asked: Directives, reply: Reply, prompt_tokens: int
) -> Answer:
    usage = merged(usage_object(counts), asked.usage)
    message = {
        "id": identity("msg_01"),
        "type": "message",
        "role": "assistant",
        "model": model.id,
        "content": reply.content,
        "stop_reason": reply.stop_reason,
        "stop_sequence": None,
        "usage": usage,
    }
    billed = counts_from_usage(merged(usage, asked.usage_delta))
    try:
        cost_usd(model.id, billed)
    except (UnbillableError, KeyError) as error:
        raise invalid(f"x-simulator: cannot bill this usage: {error}") from error
    if "input_tokens" in asked.usage:
        prompt_tokens = counts_from_usage(usage).input_tokens
    return Answer(message, model, billed, prompt_tokens)


def merged(base: JsonObject, over: Mapping[str, Any]) -> JsonObject:
    """Lay one object over another; objects inside are merged, everything else is replaced."""
    result = dict(base)
    for key, value in over.items():
        held = result.get(key)
        if isinstance(held, dict) and isinstance(value, dict):
            result[key] = merged(held, value)
        else:
            result[key] = value
    return result
