"""Who may do what: the tokens a collector knows, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from starlette.types import Scope

if TYPE_CHECKING:
    from spanledger_collector.settings import CollectorSettings

__all__ = ["Key", "Keys", "keys_of", "team_of"]


class Key(NamedTuple):
    """What one token opens."""

    team: str | None = None
    """The only team that it may report and ask for; None: every team."""
    write: bool = True
    read: bool = True

    @property
    def admin(self) -> bool:
        """Whether it opens everything."""
        return self.team is None and self.write and self.read


class Keys:
    """The tokens of a collector; without any, its door is open.

    Args:
        known: each token with what it opens.
    """

    def __init__(self, known: Iterable[tuple[str, Key]]) -> None:
        self._known = tuple((_digest(token.encode()), key) for token, key in known)

    def opened_by(self, authorization: bytes) -> Key | None:
        """The key that an `Authorization` header carries; None when no such token is known.

        Every known token is compared, and in constant time: how long a refusal takes tells
        nothing about any of them.
        """
        if not self._known:
            return Key()
        scheme, _, token = authorization.partition(b" ")
        given = _digest(token)
        found = None
        for digest, key in self._known:
            if hmac.compare_digest(digest, given):
                found = key
        return found if scheme.lower() == b"bearer" else None


def keys_of(settings: CollectorSettings) -> Keys:
    """The keys that the settings give out."""
    known = [
        (each.secret, Key(each.team, each.scope != "read", each.scope != "write"))
        for each in settings.tokens or ()
    ]
    if settings.token is not None:
        known.append((settings.token.get_secret_value(), Key()))
    return Keys(known)


def team_of(scope: Scope) -> str | None:
    """The one team that a request which passed the guard is about; None: any."""
    team: str | None = scope["state"]["team"]
    return team


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
