"""Settings: every option of the collector and the dashboard, in one frozen value.

Knows where options come from (defaults, `spanledger.toml`, environment, command line) and nothing
of the parts that use them.

    settings = load_settings()                                  # file and environment
    settings = load_settings(Path("spanledger.toml"), collector={"port": 0})
    settings = Settings(store=StoreSettings(path=tmp_path))     # neither: for tests and embedding
"""

from spanledger_collector.settings._alerts import (
    AlertsSettings,
    Budget,
    CacheRule,
    CapRule,
    ErrorsRule,
    Planned,
    Rule,
    SilenceRule,
    SpikeRule,
    UnpricedRule,
    Watched,
)
from spanledger_collector.settings._channels import Channel
from spanledger_collector.settings._collector import CollectorSettings
from spanledger_collector.settings._dashboard import DashboardSettings
from spanledger_collector.settings._loading import (
    LoadedSettings,
    load_settings,
    load_settings_with_origins,
    variable_name,
)
from spanledger_collector.settings._messages import (
    SettingsError,
    did_you_mean,
    rule_of,
    section_models,
)
from spanledger_collector.settings._models import PricesSettings, Settings
from spanledger_collector.settings._store import StoreSettings
from spanledger_collector.settings._tokens import TeamToken
from spanledger_collector.settings._values import is_loopback

__all__ = [
    "AlertsSettings",
    "Budget",
    "CacheRule",
    "CapRule",
    "Channel",
    "CollectorSettings",
    "DashboardSettings",
    "ErrorsRule",
    "LoadedSettings",
    "Planned",
    "PricesSettings",
    "Rule",
    "Settings",
    "SettingsError",
    "SilenceRule",
    "SpikeRule",
    "StoreSettings",
    "TeamToken",
    "UnpricedRule",
    "Watched",
    "did_you_mean",
    "is_loopback",
    "load_settings",
    "load_settings_with_origins",
    "rule_of",
    "section_models",
    "variable_name",
]
