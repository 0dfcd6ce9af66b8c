"""The dashboard's process is told everything by its arguments and four variables."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit import config

import spanledger_dashboard
from spanledger_dashboard.settings import Source, UnknownTimeZone, from_environment
from spanledger_dashboard.theme import options


def test_the_defaults_are_a_collector_on_this_machine() -> None:
    """Nothing set: loopback, no token, UTC, no demo."""
    settings = from_environment({})

    assert settings.source == Source("http://127.0.0.1:4318", None)
    assert (settings.zone.key, settings.demo) == ("UTC", False)


def test_the_environment_is_heard() -> None:
    """As `spanledger up` passes it on."""
    settings = from_environment(
        {
            "SPANLEDGER_DASHBOARD__COLLECTOR_URL": "https://ledger.example/",
            "SPANLEDGER_COLLECTOR__TOKEN": "secret",
            "SPANLEDGER_DASHBOARD__TIME_ZONE": "Europe/Berlin",
            "SPANLEDGER_DASHBOARD__DEMO": "true",
        }
    )

    assert settings.source == Source("https://ledger.example", "secret")
    assert (settings.zone.key, settings.demo) == ("Europe/Berlin", True)


def test_the_token_is_in_no_text() -> None:
    """A log or a traceback that shows the settings does not show the secret."""
    settings = from_environment({"SPANLEDGER_COLLECTOR__TOKEN": "secret"})

    assert "secret" not in repr(settings)


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", ""])
def test_a_time_zone_is_a_name_or_refused(name: str) -> None:
    """An empty one is UTC."""
    environment = {"SPANLEDGER_DASHBOARD__TIME_ZONE": name}

    if name:
        with pytest.raises(UnknownTimeZone, match=r"IANA name such as UTC"):
            from_environment(environment)
    else:
        assert from_environment(environment).zone.key == "UTC"


def test_nothing_leaves_the_machine() -> None:
    """No statistics, no lookup of its own address, no error details, no fonts from elsewhere."""
    chosen = options("127.0.0.1", 8501)

    assert chosen["browser.gatherUsageStats"] is False
    assert chosen["server.address"] == "127.0.0.1"
    assert chosen["client.showErrorDetails"] == "none"
    assert chosen["client.showErrorLinks"] is False
    assert chosen["client.toolbarMode"] == "viewer"
    assert not any("http" in str(value) for value in chosen.values())


def test_streamlit_knows_every_option() -> None:
    """A misspelt option would be refused at the start."""
    known = config.get_config_options()

    assert set(options("127.0.0.1", 8501)) <= set(known)


def test_light_and_dark_set_the_same_things() -> None:
    """A colour set for one mode only would shine through in the other."""
    names = [name for name in options("127.0.0.1", 8501) if name.startswith("theme.")]
    light = {name.removeprefix("theme.light.") for name in names if ".light." in name}
    dark = {name.removeprefix("theme.dark.") for name in names if ".dark." in name}

    assert light == dark


def test_no_page_injects_markup() -> None:
    """Names come from telemetry: nothing may reach the page as HTML."""
    folder = Path(spanledger_dashboard.__file__).parent
    source = "\n".join(path.read_text() for path in folder.rglob("*.py"))

    assert "unsafe_allow_html" not in source
    assert "st.html" not in source
