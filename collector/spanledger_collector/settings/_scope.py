"""Names, and which calls count: what rules, budgets and planned work have in common."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from spanledger_collector.dimensions import Dimension

__all__ = ["Name", "Only"]

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise PydanticCustomError(
            "name", "must be up to 64 small letters, digits, - and _, like 'search-spend'"
        )
    return name


def _listed(only: Any) -> Any:
    """Let one value stand for a list of one."""
    if not isinstance(only, Mapping):
        return only
    return {name: [value] if isinstance(value, str) else value for name, value in only.items()}


Name = Annotated[str, AfterValidator(_name)]
Only = Annotated[
    dict[Dimension, Annotated[list[str], Field(min_length=1)]], BeforeValidator(_listed)
]
