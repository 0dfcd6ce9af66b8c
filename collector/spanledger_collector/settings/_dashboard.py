"""The options of the dashboard, and what must be said before it may be opened to others."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import parse_qsl

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from spanledger_collector.settings._section import Section
from spanledger_collector.settings._values import (
    HttpUrl,
    HttpUrls,
    Port,
    TimeZone,
    base_url,
    is_loopback,
)

Page = Literal[
    "overview",
    "explorer",
    "traces",
    "cache",
    "latency",
    "headroom",
    "alerts",
    "prices",
    "health",
]
_PERSON = re.compile(r"[^@\s]*@[^@\s.]+(\.[^@\s.]+)+")
_LOGIN = ("login_client_id", "login_client_secret", "login_allow", "public_url")


def _person(text: str) -> str:
    if not _PERSON.fullmatch(text):
        raise PydanticCustomError(
            "person", "is neither an address like 'ada@example.com' nor a domain '@example.com'"
        )
    return text.lower()


def _query(text: str) -> str:
    try:
        pairs = parse_qsl(text.removeprefix("?"), keep_blank_values=True, strict_parsing=True)
    except ValueError:
        pairs = []
    if not pairs or any(character in text for character in "#/\r\n"):
        raise PydanticCustomError(
            "query", "is not what stands behind the ? of a page's address, like 'range=30d&by=team'"
        )
    return text.removeprefix("?")


Person = Annotated[str, AfterValidator(_person)]


class SavedView(Section):
    """One `[[dashboard.views]]`: a link in the sidebar."""

    name: str = Field(min_length=1, max_length=60)
    query: Annotated[str, AfterValidator(_query)]
    page: Page = "explorer"


class DashboardSettings(Section):
    """Where the dashboard listens, what it shows, and to whom."""

    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address to listen on. Others than this machine are let in only with a login,"
        " or with `allow_anonymous`.",
    )
    port: Port = Field(default=8501, description="Port of the dashboard.")
    collector_url: HttpUrls | None = Field(
        default=None,
        description="Where the collector answers; by default the one set in `[collector]`. Of a"
        " lake's collectors several, with commas between them: the next is asked when one is gone.",
    )
    time_zone: TimeZone = Field(
        default="UTC", description="Time zone in which days begin, by IANA name."
    )
    demo: bool = Field(default=False, description="Mark every page as demo data.")
    public_url: HttpUrl | None = Field(
        default=None,
        description="The address under which browsers reach the dashboard, such as"
        " `https://spend.example.com`. Needed for a login, and behind a proxy.",
    )
    login_provider: HttpUrl | None = Field(
        default=None,
        description="Metadata address of an OpenID Connect provider, such as"
        " `https://accounts.google.com/.well-known/openid-configuration`. With it every page asks"
        " who is there (`docs/security.md`).",
    )
    login_client_id: str | None = Field(
        default=None, min_length=1, description="The dashboard's client id at the provider."
    )
    login_client_secret: SecretStr | None = Field(
        default=None, description="The client's secret. Better set by the environment."
    )
    login_allow: tuple[Person, ...] = Field(
        default=(),
        description="Who may in: e-mail addresses, and domains written `@example.com`.",
    )
    login_unverified: bool = Field(
        default=False,
        description="Also accept addresses that the provider does not call verified, as Entra ID"
        " does not. Only where nobody can register an address of somebody else.",
    )
    login_hours: float = Field(
        default=12, gt=0, le=720, description="Hours after which one has to log in again."
    )
    login_cookie_secret: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Signs the cookie of a login. By default a new one is drawn at every start,"
        " which ends all logins.",
    )
    allow_anonymous: bool = Field(
        default=False,
        description="Listen beyond this machine without a login: whoever reaches the port sees the"
        " ledger.",
    )
    views: tuple[SavedView, ...] = Field(
        default=(),
        description="Saved views, each a `[[dashboard.views]]` with `name`, `query` and `page`"
        " (`docs/dashboard.md`).",
    )

    @property
    def url(self) -> str:
        """The dashboard's address for a browser on this machine."""
        return base_url(self.host, self.port)

    @model_validator(mode="after")
    def _whole_login(self) -> DashboardSettings:
        given = [name for name in _LOGIN if getattr(self, name)]
        missing = [name for name in _LOGIN if not getattr(self, name)]
        if self.login_provider and missing:
            raise PydanticCustomError(
                "half_a_login",
                "has login_provider but not {missing}: a login needs all of them, so that it is"
                " clear who may in",
                {"missing": " and ".join(missing)},
            )
        if not self.login_provider and any(name != "public_url" for name in given):
            raise PydanticCustomError(
                "half_a_login", "has {given} but no login_provider", {"given": " and ".join(given)}
            )
        return self

    @model_validator(mode="after")
    def _no_open_door(self) -> DashboardSettings:
        if not (is_loopback(self.host) or self.login_provider or self.allow_anonymous):
            raise PydanticCustomError(
                "open_door",
                "host = '{host}' lets other machines in, but there is no login: anyone who reaches"
                " the port could read what is spent. Set login_provider (docs/security.md), listen"
                " on 127.0.0.1, or say allow_anonymous = true where something in front asks who is"
                " there",
                {"host": self.host},
            )
        return self
