"""Tokens of single teams: written down, or kept in a file or a variable that is named instead."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from spanledger_collector.settings._section import Section
from spanledger_collector.settings._values import Token

_PLACES = ("token", "token_file", "token_env")


class TeamToken(Section):
    """One `[[collector.tokens]]`: a secret and what it opens."""

    token: Token
    token_file: Path | None = None
    token_env: str | None = None
    team: str | None = Field(default=None, min_length=1)
    scope: Literal["write", "read", "both"] = "write"

    @property
    def secret(self) -> str:
        """The token itself."""
        return self.token.get_secret_value()

    @model_validator(mode="before")
    @classmethod
    def _fetched(cls, given: Any) -> Any:
        """Fetch the secret from where it is kept."""
        if not isinstance(given, Mapping):
            return given
        named = [place for place in _PLACES if given.get(place) is not None]
        if len(named) != 1:
            raise PydanticCustomError(
                "token_place", "needs exactly one of token, token_file and token_env"
            )
        if named == ["token"]:
            return given
        return {**given, "token": fetched(named[0], given[named[0]])}


def fetched(place: str, named: str | Path) -> str:
    """What a key means: `…_file` names a file that holds it, `…_env` a variable, else itself.

    Raises:
        PydanticCustomError: nothing is there.
    """
    if place.endswith("_file"):
        return _from_file(place, named)
    return _from_environment(place, str(named)) if place.endswith("_env") else str(named)


def _from_file(place: str, path: str | Path) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise PydanticCustomError(
            "token_file",
            "names the {place} {path}, which cannot be read: {reason}",
            {"place": place, "path": str(path), "reason": reason or "unknown"},
        ) from error


def _from_environment(place: str, name: str) -> str:
    secret = os.environ.get(name)
    if not secret:
        raise PydanticCustomError(
            "token_env",
            "names the variable {name} ({place}), which is not set",
            {"place": place, "name": name},
        )
    return secret
