"""What calls are told apart by: queries filter by it, and rules go by it."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

__all__ = ["FILTERS", "Dimension"]

Dimension: TypeAlias = Literal[
    "model",
    "service",
    "team",
    "feature",
    "environment",
    "provider",
    "workspace_id",
    "user_id",
    "outcome",
    "cost_status",
]

FILTERS: tuple[Dimension, ...] = get_args(Dimension)
"""All of them; `-- @filters` in a query's header makes parameters of them."""
