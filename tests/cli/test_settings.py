"""Settings: where values come from, and what a person reads when one is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spanledger_collector.cli.parts import dashboard_environment
from spanledger_collector.settings import (
    CollectorSettings,
    Settings,
    SettingsError,
    load_settings,
    load_settings_with_origins,
)
from spanledger_dashboard.settings import SavedView, from_environment


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of a settings file that a test may write; the working folder is elsewhere."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    return tmp_path / "spanledger.toml"


def message(file: Path, text: str) -> str:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    return str(caught.value)


def test_defaults_bind_this_machine_only(file: Path) -> None:
    """Without file and environment both parts listen on loopback, at the documented ports."""
    settings = load_settings()

    assert (settings.collector.host, settings.collector.port) == ("127.0.0.1", 4318)
    assert (settings.dashboard.host, settings.dashboard.port) == ("127.0.0.1", 8501)
    assert settings.store.path == Path("spanledger-data")
    assert settings.collector_url == "http://127.0.0.1:4318"


def test_layers(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An option beats the environment, the environment beats the file, the file the default."""
    file.write_text("[collector]\nport = 1\nquery_max_rows = 2\nquery_timeout_s = 3\n")
    monkeypatch.setenv("SPANLEDGER_COLLECTOR__PORT", "10")
    monkeypatch.setenv("SPANLEDGER_COLLECTOR__QUERY_MAX_ROWS", "20")

    loaded = load_settings_with_origins(file, collector={"port": 100, "host": None})

    collector = loaded.settings.collector
    assert (collector.port, collector.query_max_rows, collector.query_timeout_s) == (100, 20, 3)
    assert loaded.origins["collector", "port"] == "option"
    assert loaded.origins["collector", "query_max_rows"] == "SPANLEDGER_COLLECTOR__QUERY_MAX_ROWS"
    assert loaded.origins["collector", "query_timeout_s"] == str(file)
    assert loaded.origins["collector", "host"] == "default"


def test_file_from_environment_or_working_folder(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`SPANLEDGER_CONFIG` names the file; otherwise ./spanledger.toml is read when there is one."""
    Path("spanledger.toml").write_text("[collector]\nport = 1\n")
    file.write_text("[collector]\nport = 2\n")

    beside = load_settings()
    monkeypatch.setenv("SPANLEDGER_CONFIG", str(file))
    named = load_settings()

    assert (beside.collector.port, named.collector.port) == (1, 2)


def test_direct_construction_is_hermetic(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`Settings(…)` reads neither file nor environment."""
    Path("spanledger.toml").write_text("[collector]\nport = 1\n")
    monkeypatch.setenv("SPANLEDGER_COLLECTOR__PORT", "2")

    assert Settings().collector.port == 4318
    assert Settings(collector=CollectorSettings(port=0)).collector.port == 0


def test_relative_store_path_starts_at_the_file(file: Path) -> None:
    """A relative data folder in the file means the same from whichever folder one starts."""
    file.write_text('[store]\npath = "ledger"\n')

    assert load_settings(file).store.path == file.parent / "ledger"


def test_sizes_may_be_written_with_units(file: Path) -> None:
    """Byte sizes take numbers and units alike."""
    file.write_text('[collector]\nmax_body_bytes = "3 MiB"\nmax_inflight_bytes = 9000000\n')

    collector = load_settings(file).collector

    assert (collector.max_body_bytes, collector.max_inflight_bytes) == (3 * 1024**2, 9_000_000)


def test_kubernetes_service_variables_are_no_settings(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Kubernetes injects for a service named spanledger-collector changes nothing."""
    monkeypatch.setenv("SPANLEDGER_COLLECTOR_PORT", "tcp://10.0.0.1:4318")
    monkeypatch.setenv("SPANLEDGER_COLLECTOR_SERVICE_HOST", "10.0.0.1")

    loaded = load_settings_with_origins()

    assert loaded.settings == Settings()
    assert loaded.unknown_variables == {}


def test_empty_variables_count_as_unset(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose files pass empty strings for what nobody set."""
    monkeypatch.setenv("SPANLEDGER_COLLECTOR__TOKEN", "")

    assert load_settings().collector.token is None


def test_unknown_variables_are_reported_not_refused(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A misspelt variable is named with a suggestion, and stops nothing."""
    monkeypatch.setenv("SPANLEDGER_COLLECTOR__PROT", "1")
    monkeypatch.setenv("SPANLEDGER_STOR__PATH", "x")

    loaded = load_settings_with_origins()

    assert loaded.settings == Settings()
    assert loaded.unknown_variables == {
        "SPANLEDGER_COLLECTOR__PROT": "Did you mean 'SPANLEDGER_COLLECTOR__PORT'?",
        "SPANLEDGER_STOR__PATH": "No section is called 'STOR'. Did you mean 'STORE'?",
    }


def test_unknown_key_names_line_and_suggestion(file: Path) -> None:
    """A misspelt key is refused, with its line and the key that was probably meant."""
    said = message(file, "# ours\n[collector]\nport = 1\nquery_timeout = 3\n")

    assert said == (
        f"{file} line 4: [collector] has no key 'query_timeout'. Did you mean 'query_timeout_s'?"
    )


def test_unknown_section(file: Path) -> None:
    """A misspelt section is refused likewise."""
    said = message(file, "[colector]\nport = 1\n")

    assert said == f"{file} line 1: unknown section [colector]. Did you mean 'collector'?"


def test_key_in_place_of_section(file: Path) -> None:
    """A section written as a value is explained."""
    said = message(file, "collector = 4318\n")

    assert said == (
        f"{file} line 1: 'collector' is a section; write [collector] and its keys below it."
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[collector]\nport = 'x'\n", "line 2: collector.port = 'x' should be a valid integer."),
        (
            "[collector]\nport = 70000\n",
            "line 2: collector.port = 70000 should be less than or equal to 65535.",
        ),
        (
            "[store]\nmemory_limit = 'lots'\n",
            "line 2: store.memory_limit = 'lots' is not an amount of memory like '2GB' or"
            " '512MiB'.",
        ),
        (
            "[store]\nalerts_keep_days = 30\n",
            "line 2: store.alerts_keep_days = 30 should be greater than or equal to 35.",
        ),
        (
            "[collector]\nmax_body_bytes = '5 miles'\n",
            "line 2: collector.max_body_bytes = '5 miles' should be a number of bytes, such as"
            " 1000000 or '64 MiB'.",
        ),
        (
            "[store]\npath = 5\n",
            "line 2: store.path = 5 should be the path of a file or a folder, as text.",
        ),
        (
            "[dashboard]\nlogin_allow = 'me@example.com'\n",
            "line 2: dashboard.login_allow = 'me@example.com' should be a list.",
        ),
        (
            "[dashboard]\ntime_zone = 'Mars/Base'\n",
            "line 2: dashboard.time_zone = 'Mars/Base' is not a time zone name like"
            " 'Europe/Berlin' or 'UTC'.",
        ),
        (
            "[dashboard]\ncollector_url = 'collector:4318'\n",
            "line 2: dashboard.collector_url = 'collector:4318' is not an address like"
            " 'http://127.0.0.1:4318'.",
        ),
    ],
)
def test_bad_values(file: Path, text: str, expected: str) -> None:
    """A bad value is named with its line, its key and what it should be."""
    assert message(file, text) == f"{file} {expected}"


def test_bad_value_from_the_environment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bad value from the environment is blamed on its variable."""
    monkeypatch.setenv("SPANLEDGER_DASHBOARD__PORT", "-1")

    with pytest.raises(SettingsError, match=r"^SPANLEDGER_DASHBOARD__PORT: dashboard\.port = '-1'"):
        load_settings()


def test_a_bad_token_is_never_shown(file: Path) -> None:
    """An error about the token does not repeat it."""
    said = message(file, "[collector]\ntoken = 'my secret'\n")

    assert "secret" not in said
    assert "collector.token must be printable ASCII without spaces" in said


def test_all_mistakes_at_once(file: Path) -> None:
    """Two mistakes are told together, in one paragraph."""
    said = message(file, "[collector]\nport = 'x'\n[store]\npaht = 'y'\n")

    assert "collector.port" in said
    assert "Did you mean 'path'?" in said
    assert "\n" not in said


def test_invalid_toml(file: Path) -> None:
    """Text that is not TOML is refused with its line."""
    said = message(file, "[collector]\nport = \n")

    assert said.startswith(f"{file} is not valid TOML: ")
    assert "line 2" in said


def test_a_windows_path_in_double_quotes(file: Path) -> None:
    """Backslashes that are no escapes are the commonest reason there: the message says how."""
    said = message(file, '[store]\npath = "C:\\Users\\me"\n')

    assert "single" in said


def test_missing_and_unreadable_files(file: Path) -> None:
    """A named file that is missing, a folder, or no text is an error that says so."""
    with pytest.raises(SettingsError, match="There is no settings file"):
        load_settings(file)
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(file.parent)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="is not UTF-8 text"):
        load_settings(file)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "collector.internal"])
def test_public_bind_needs_a_token(file: Path, host: str) -> None:
    """Listening to other machines without a token is refused; with one it is fine."""
    said = message(file, f"[collector]\nhost = '{host}'\n")
    guarded = load_settings(file, collector={"token": "a-long-token"})

    assert "no collector.token is set" in said
    assert guarded.collector.host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "localhost"])
def test_loopback_needs_no_token(file: Path, host: str) -> None:
    """Any loopback address is this machine only."""
    assert load_settings(collector={"host": host}).collector.host == host


def test_collector_url_is_reachable(file: Path) -> None:
    """The address for clients is one that can be connected to, whatever is bound."""
    everywhere = load_settings(collector={"host": "0.0.0.0", "token": "t" * 20, "port": 1})
    six = load_settings(collector={"host": "::1", "port": 2})
    elsewhere = load_settings(dashboard={"collector_url": "https://ledger.example/"})

    several = load_settings(dashboard={"collector_url": "http://one:4318/, http://two:4318"})

    assert (several.collector_url, several.collector_urls) == (
        "http://one:4318",
        "http://one:4318,http://two:4318",
    )
    assert everywhere.collector_url == "http://127.0.0.1:1"
    assert six.collector_url == "http://[::1]:2"
    assert elsewhere.collector_url == "https://ledger.example"


@pytest.mark.parametrize(
    ("dashboard", "told"),
    [
        ({"host": "0.0.0.0"}, "[dashboard] host = '0.0.0.0' lets other machines in, but there is"),
        ({"login_provider": "https://id.example/x"}, "not login_client_id and login_client_secret"),
        ({"login_allow": ["@example.com"]}, "has login_allow but no login_provider"),
        ({"login_allow": ["example.com"]}, "= 'example.com' is neither an address like"),
        ({"login_cookie_secret": "too short"}, "dashboard.login_cookie_secret"),
        ({"views": [{"name": "Mine", "query": "no query"}]}, "is not what stands behind the ?"),
        (
            {"views": [{"name": "Mine", "query": "by=team", "page": "x"}]},
            "dashboard.views page = 'x'",
        ),
        ({"views": [{"name": "Mine", "querry": "by=team"}]}, "Did you mean 'query'?"),
    ],
)
def test_a_dashboard_that_makes_no_sense_is_refused(dashboard: dict[str, Any], told: str) -> None:
    """Half a login, an open door and broken views, each with what to do; no secret is repeated."""
    with pytest.raises(SettingsError) as refused:
        load_settings(dashboard=dashboard)

    assert told in str(refused.value)
    assert "too short" not in str(refused.value)


def test_the_dashboard_is_told_of_its_login_and_views(tmp_path: Path) -> None:
    """By the environment of its process, which is all that it reads."""
    file = tmp_path / "spanledger.toml"
    file.write_text(
        """
        [dashboard]
        host = "0.0.0.0"
        public_url = "https://spend.example/"
        login_provider = "https://id.example/.well-known/openid-configuration"
        login_client_id = "id"
        login_client_secret = "secret"
        login_allow = ["@Example.com", "eve@else.org"]
        login_hours = 1.5

        [[dashboard.views]]
        name = "Search, by model"
        query = "?team=r%26d&by=model&range=30d"
        """
    )

    told = from_environment(dashboard_environment(load_settings(file)))

    assert told.public_url == "https://spend.example"
    assert told.login is not None
    assert (told.login.client_secret, told.login.hours) == ("secret", 1.5)
    assert told.login.allow == ("@example.com", "eve@else.org")
    assert told.views == (
        SavedView(
            "Search, by model",
            "explorer",
            (("team", ("r&d",)), ("by", ("model",)), ("range", ("30d",))),
        ),
    )
    assert "secret" not in repr(told)
