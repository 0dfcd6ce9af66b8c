"""The options themselves: their names, types, defaults and limits.

The descriptions are what `spanledger config` and docs/operations.md say; a test compares them.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from spanledger_collector.settings._alerts import AlertsSettings, Budget, check_channels
from spanledger_collector.settings._collector import CollectorSettings
from spanledger_collector.settings._dashboard import DashboardSettings
from spanledger_collector.settings._section import Section
from spanledger_collector.settings._store import StoreSettings
from spanledger_collector.settings._values import is_loopback


class PricesSettings(Section):
    """What calls cost beside the list."""

    overrides: Path | None = Field(
        default=None,
        description="TOML file of contract rates and discounts (`docs/pricing.md`). In the settings"
        " file a relative path starts at the file's own folder.",
    )


class Settings(BaseSettings):
    """All options. Built directly it reads neither file nor environment: see `load_settings`."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix="SPANLEDGER_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
    )

    collector: CollectorSettings = CollectorSettings()
    store: StoreSettings = StoreSettings()
    prices: PricesSettings = PricesSettings()
    dashboard: DashboardSettings = DashboardSettings()
    alerts: AlertsSettings = AlertsSettings()
    budgets: tuple[Budget, ...] = ()

    @property
    def collector_url(self) -> str:
        """Where the command line finds the collector, the first of several."""
        return self.collector_urls.partition(",")[0]

    @property
    def collector_urls(self) -> str:
        """Where the dashboard finds it, with commas between several."""
        return self.dashboard.collector_url or self.collector.url

    @model_validator(mode="after")
    def _no_open_door(self) -> Settings:
        closed = self.collector.token or self.collector.tokens
        if not closed and not is_loopback(self.collector.host):
            raise PydanticCustomError(
                "open_door",
                "collector.host = '{host}' lets other machines in, but no collector.token is set."
                " Anyone who reaches the port could read and write the ledger. Set a token"
                " (SPANLEDGER_COLLECTOR__TOKEN), or listen on 127.0.0.1",
                {"host": self.collector.host},
            )
        return self

    @model_validator(mode="after")
    def _known_channels(self) -> Settings:
        check_channels(self.alerts, (*(self.alerts.rule or ()), *self.budgets))
        names = [each.name for each in self.budgets]
        if twice := {name for name in names if names.count(name) > 1}:
            raise PydanticCustomError(
                "twice", "two [[budgets]] are called '{name}'", {"name": min(twice)}
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take only what is passed in: layering belongs to `load_settings`."""
        return (init_settings,)
