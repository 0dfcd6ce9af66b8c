"""Whom alerts are told to: an Apprise address, which is a secret, or a JSON webhook."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from spanledger_collector.settings._section import Section
from spanledger_collector.settings._tokens import fetched
from spanledger_collector.settings._values import HttpUrl

_ADDRESSES = ("apprise_env", "apprise_file", "webhook", "webhook_env", "webhook_file")
_SECRETS = ("secret_env", "secret_file")


class Channel(Section):
    """One `[[alerts.channels]]`: one address, and what it is allowed to be."""

    name: str
    apprise_env: str | None = None
    """Variable that holds an Apprise address such as `slack://…`."""
    apprise_file: Path | None = None
    """File that holds one."""
    webhook: HttpUrl | None = Field(default=None, repr=False)
    """Address to post JSON to; not shown, as many hold a token in their path."""
    webhook_env: str | None = None
    webhook_file: Path | None = None
    secret_env: str | None = None
    """Variable that holds what a webhook's bodies are signed with."""
    secret_file: Path | None = None
    allow_private: bool = False
    """Whether the address may be on this machine or in a private network."""
    allow_http: bool = False
    """Whether the webhook may do without TLS."""
    address: SecretStr
    """What was found there."""
    secret: SecretStr | None = None

    @property
    def is_webhook(self) -> bool:
        """Whether it takes JSON."""
        return self.apprise_env is None and self.apprise_file is None

    @model_validator(mode="before")
    @classmethod
    def _fetched(cls, given: Any) -> Any:
        """Fetch the secrets from where they are kept."""
        if not isinstance(given, Mapping):
            return given
        if unwelcome := {"address", "secret"} & set(given):
            raise PydanticCustomError(
                "channel_secret",
                "writes its {key} into the file; name a variable or a file that holds it instead"
                " (webhook_env, apprise_env, secret_env, …)",
                {"key": min(unwelcome)},
            )
        named = [place for place in _ADDRESSES if given.get(place) is not None]
        if len(named) != 1:
            raise PydanticCustomError(
                "channel_place", "needs exactly one of " + ", ".join(_ADDRESSES)
            )
        signed = [place for place in _SECRETS if given.get(place) is not None]
        if len(signed) > 1:
            raise PydanticCustomError("channel_secret", "needs one of secret_env and secret_file")
        if signed and not named[0].startswith("webhook"):
            raise PydanticCustomError(
                "channel_secret", "has a {key}, which is for webhooks alone", {"key": signed[0]}
            )
        found = {"address": fetched(named[0], given[named[0]])}
        if signed:
            found["secret"] = fetched(signed[0], given[signed[0]])
        return {**given, **found}

    @model_validator(mode="after")
    def _safe_enough(self) -> Channel:
        address = self.address.get_secret_value()
        if not self.is_webhook:
            if "://" not in address:
                raise PydanticCustomError(
                    "apprise", "holds no Apprise address like 'slack://token/channel'"
                )
            return self
        scheme = address.partition("://")[0].lower()
        if scheme not in {"http", "https"}:
            raise PydanticCustomError("webhook", "is no address like 'https://example.com/alerts'")
        if self.webhook is not None and "@" in urlsplit(address).netloc:
            raise PydanticCustomError(
                "channel_secret",
                "writes a password into the file; name a variable or a file that holds the address"
                " instead (webhook_env, webhook_file)",
            )
        if scheme == "http" and not self.allow_http:
            raise PydanticCustomError(
                "webhook_http",
                "is http://, which anyone on the way can read; allow_http = true permits it",
            )
        return self
