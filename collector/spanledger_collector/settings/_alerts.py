"""What is watched, whom to tell, and what may be spent: `[alerts]` and `[[budgets]]`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from spanledger_collector.dimensions import Dimension
from spanledger_collector.settings._channels import Channel
from spanledger_collector.settings._planned import Planned
from spanledger_collector.settings._scope import Name, Only
from spanledger_collector.settings._section import Section
from spanledger_collector.settings._values import HttpUrl

Grouping: TypeAlias = Literal["none", Dimension]
Severity: TypeAlias = Literal["info", "warning", "critical"]

_OF_ALL = (
    "cannot be of a rule of this kind, which compares calls of every outcome and cost status;"
    " rules of kind spike and cap, and budgets, can"
)
_BY_WHAT_CAME = {"outcome": _OF_ALL, "cost_status": _OF_ALL}

Usd = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, le=1)]


class Watched(Section):
    """What every rule and every budget has."""

    name: Name
    only: Only = Field(default={}, validate_default=True)
    """Only calls with these values count, such as `{team = "search"}`."""
    channels: tuple[str, ...] | None = None
    """Whom to tell; by default everyone."""
    enabled: bool = True
    remind_hours: float = Field(default=24.0, gt=0)

    @property
    def scope(self) -> dict[str, list[str]]:
        """Which calls count: for each dimension its values."""
        return {str(name): values for name, values in self.only.items()}


class _Rule(Watched):
    senseless: ClassVar[Mapping[str, str]] = {}
    """The dimensions by which a kind cannot tell calls apart, each with the reason."""

    by: Grouping = "none"
    severity: Severity = "warning"

    @field_validator("by")
    @classmethod
    def _makes_groups(cls, by: Grouping) -> Grouping:
        if by in cls.senseless:
            raise PydanticCustomError("senseless", cls.senseless[by])
        return by

    @field_validator("only")
    @classmethod
    def _leaves_enough(cls, only: Only) -> Only:
        for dimension in only:
            if dimension in _BY_WHAT_CAME and dimension in cls.senseless:
                raise PydanticCustomError("senseless", cls.senseless[dimension])
        return only


class SpikeRule(_Rule):
    """Spend far above what is usual at this hour of the week."""

    kind: Literal["spike"] = "spike"
    floor_usd: Usd = 5.0
    """Below this much above the expectation nothing is said."""


class CapRule(_Rule):
    """More than so many dollars within minutes: a loop that runs away."""

    kind: Literal["cap"] = "cap"
    severity: Severity = "critical"
    usd: Usd | None = None
    """Without it the cap is learned from the dearest minutes of the last two weeks."""
    minutes: int = Field(default=5, ge=1, le=1440)
    floor_usd: Usd = 1.0
    """A cap that is learned is not below this."""


class UnpricedRule(_Rule):
    """Calls that have no known price, so that every sum of dollars lacks them."""

    senseless = _BY_WHAT_CAME
    kind: Literal["unpriced"] = "unpriced"
    min_calls: int = Field(default=1, ge=1)


class CacheRule(_Rule):
    """The share of prompts read from the cache collapses."""

    senseless = _BY_WHAT_CAME
    kind: Literal["cache"] = "cache"
    floor_usd: Usd = 1.0
    """What that costs in an hour, below which nothing is said."""
    min_calls: int = Field(default=20, ge=1)


class ErrorsRule(_Rule):
    """Requests fail far more often than they do."""

    senseless = _BY_WHAT_CAME
    kind: Literal["errors"] = "errors"
    min_rise: Share = 0.05
    """By so much the share has to rise, and threefold."""
    min_calls: int = Field(default=20, ge=1)


class SilenceRule(_Rule):
    """Calls stop coming in at a time when they always do."""

    senseless = _BY_WHAT_CAME | {
        "user_id": "cannot be of a rule of kind silence: people stop calling every evening; name"
        " their team, service or feature"
    }
    kind: Literal["silence"] = "silence"
    minutes: int = Field(default=15, ge=5, le=10_080)
    """As long at least, and longer where that is usual."""


Rule: TypeAlias = SpikeRule | CapRule | UnpricedRule | CacheRule | ErrorsRule | SilenceRule
RULES: dict[str, type[_Rule]] = {
    "spike": SpikeRule,
    "cap": CapRule,
    "unpriced": UnpricedRule,
    "cache": CacheRule,
    "errors": ErrorsRule,
    "silence": SilenceRule,
}


class Budget(Watched):
    """So many dollars a period, which begins at local midnight (`dashboard.time_zone`)."""

    usd: Usd
    by: Grouping = "none"
    """Each value of this dimension has a budget of that amount for itself."""
    period: Literal["day", "week", "month"] = "month"
    thresholds: tuple[Annotated[float, Field(gt=0, le=10)], ...] = (0.5, 0.8, 0.95, 1.0)
    """Shares of the budget at which to tell."""
    forecast: bool = True
    """Whether to tell when the period will end above it, as it goes now."""
    burn: float | None = Field(default=None, ge=2, allow_inf_nan=False)
    """At so many times an even pace within an hour to tell, whatever is left."""


class AlertsSettings(Section):
    """What is watched, and whom to tell."""

    enabled: bool = Field(
        default=True, description="Whether rules are judged and messages are sent."
    )
    defaults: bool = Field(
        default=True,
        description="Whether the rules that come with SpanLedger hold beside your own.",
    )
    interval_s: float = Field(
        default=60.0, ge=0.1, le=3600, description="Seconds from one judgement to the next."
    )
    rule: tuple[Annotated[Rule, Field(discriminator="kind")], ...] | None = Field(
        default=None,
        description="Rules of your own, each a `[[alerts.rule]]` (`docs/alerting.md`).",
    )
    planned: tuple[Planned, ...] | None = Field(
        default=None,
        description="Work that is known beforehand, each a `[[alerts.planned]]`"
        " (`docs/alerting.md`).",
    )
    channels: tuple[Channel, ...] | None = Field(
        default=None,
        description="Whom to tell, each a `[[alerts.channels]]` (`docs/alerting.md`).",
    )
    dashboard_url: HttpUrl | None = Field(
        default=None,
        description="The dashboard's address as readers of messages reach it; by default the one"
        " of `[dashboard]`.",
    )

    @model_validator(mode="after")
    def _one_name_one_thing(self) -> AlertsSettings:
        for what, things in (
            ("rule", self.rule),
            ("planned", self.planned),
            ("channels", self.channels),
        ):
            names = [thing.name for thing in things or ()]
            if twice := {name for name in names if names.count(name) > 1}:
                raise PydanticCustomError(
                    "twice",
                    "has two [[alerts.{what}]] called '{name}'; give each a name of its own",
                    {"what": what, "name": min(twice)},
                )
        return self


def check_channels(alerts: AlertsSettings, watched: tuple[Watched, ...]) -> None:
    """Refuse the name of a channel that there is not."""
    known = {channel.name for channel in alerts.channels or ()}
    for each in watched:
        for name in each.channels or ():
            if name not in known:
                raise PydanticCustomError(
                    "channel",
                    "'{rule}' names the channel '{name}', which is none of [[alerts.channels]]:"
                    " {known}",
                    {
                        "rule": each.name,
                        "name": name,
                        "known": ", ".join(sorted(known)) or "there are none",
                    },
                )


__all__ = [
    "RULES",
    "AlertsSettings",
    "Budget",
    "CacheRule",
    "CapRule",
    "Channel",
    "ErrorsRule",
    "Planned",
    "Rule",
    "SilenceRule",
    "SpikeRule",
    "UnpricedRule",
    "Watched",
    "check_channels",
]
