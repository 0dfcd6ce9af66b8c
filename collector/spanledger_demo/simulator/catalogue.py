"""The models that the simulator serves, with the limits that its answers depend on."""

from __future__ import annotations

from typing import Final, NamedTuple

from spanledger_demo.simulator.rates import PRICE_TAGS


class ServedModel(NamedTuple):
    """One model: its id, its alias, and what it can do."""

    id: str
    display_name: str
    released: str
    alias: str | None = None
    min_cacheable: int = 1024
    """A shorter prefix is never cached; it is counted as plain input, without an error."""
    knows_geo: bool = True

    @property
    def has_fast_mode(self) -> bool:
        """Whether `speed: fast` is on sale for this model."""
        return PRICE_TAGS[self.id].fast is not None


CATALOGUE: Final = (
    ServedModel("claude-fable-5-2", "Claude Fable 5.2", "2026-11-09T00:00:00Z"),
    ServedModel("claude-opus-5-5", "Claude Opus 5.5", "2026-09-22T00:00:00Z"),
    ServedModel("claude-sonnet-5-5", "Claude Sonnet 5.5", "2026-09-28T00:00:00Z"),
    ServedModel("claude-haiku-5-5", "Claude Haiku 5.5", "2026-10-07T00:00:00Z", min_cacheable=2048),
    ServedModel("claude-fable-5-1", "Claude Fable 5.1", "2026-09-01T00:00:00Z"),
    ServedModel("claude-opus-5", "Claude Opus 5", "2026-07-24T00:00:00Z"),
    ServedModel("claude-sonnet-5", "Claude Sonnet 5", "2026-06-30T00:00:00Z"),
    ServedModel("claude-sonnet-4-6", "Claude Sonnet 4.6", "2026-02-17T00:00:00Z"),
    ServedModel(
        "claude-haiku-4-5-20251001",
        "Claude Haiku 4.5",
        "2025-10-15T00:00:00Z",
        alias="claude-haiku-4-5",
        min_cacheable=4096,
        knows_geo=False,
    ),
)

_BY_NAME: Final = {model.id: model for model in CATALOGUE} | {
    model.alias: model for model in CATALOGUE if model.alias
}


def served_model(name: str) -> ServedModel | None:
    """Find a model by its id or alias."""
    return _BY_NAME.get(name)
