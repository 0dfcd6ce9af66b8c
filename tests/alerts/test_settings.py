"""Settings of alerts: what may be written, and what a person reads when it is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from spanledger_collector.cli.parts import collector_part
from spanledger_collector.settings import (
    Budget,
    CapRule,
    Channel,
    Planned,
    SettingsError,
    SpikeRule,
    load_settings,
    load_settings_with_origins,
)
from spanledger_collector.settings._alerts import RULES

PAGE = (Path(__file__).parents[2] / "docs" / "alerting.md").read_text(encoding="utf-8")
SECRET = "slack://TokenA/TokenB/TokenC"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of a settings file that a test may write."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPS_SLACK", SECRET)
    return tmp_path / "spanledger.toml"


def refusal(file: Path, text: str) -> str:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    return str(caught.value).replace(str(file), "file")


def test_rules_and_budgets_are_read(file: Path) -> None:
    """A rule's kind says which keys it has; one value stands for a list of one."""
    file.write_text(
        '[[alerts.rule]]\nname = "a"\nkind = "spike"\nby = "team"\nonly = {team = "search"}\n'
        '[[alerts.rule]]\nname = "b"\nkind = "cap"\nusd = 20\nminutes = 10\n'
        '[[budgets]]\nname = "c"\nusd = 100\nperiod = "week"\n'
    )

    settings = load_settings(file)

    assert settings.alerts.rule == (
        SpikeRule(name="a", by="team", only={"team": ["search"]}),
        CapRule(name="b", usd=20.0, minutes=10),
    )
    assert settings.budgets == (Budget(name="c", usd=100.0, period="week"),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[[alerts.rule]]\nname = "a"\nkind = "spike"\n\n[[alerts.rule]]\nname = "b"\n'
            'kind = "cap"\nusd = -3\n',
            "file line 8: alerts.rule usd = -3 should be greater than 0.",
        ),
        (
            '[[budgets]]\nname = "a"\n',
            "file line 1: this [[budgets]] lacks the key 'usd'.",
        ),
        (
            '[[alerts.rule]]\nname = "a"\nkind = "spike"\nflor_usd = 3\n',
            "file line 4: [[alerts.rule]] has no key 'flor_usd'. Did you mean 'floor_usd'?",
        ),
        (
            '[[alerts.rule]]\nname = "a"\nkind = "spike"\nusd = 3\n',
            "file line 4: 'usd' is no key of a rule of this kind.",
        ),
        (
            '[[alerts.rule]]\nname = "a"\nkind = "spik"\n',
            "file line 1: a rule needs a kind, which is one of spike, cap, unpriced, cache, errors,"
            " silence.",
        ),
        (
            '[[alerts.rule]]\nname = "a"\nkind = "spike"\nby = "colour"\n',
            "file line 4: alerts.rule by = 'colour' should be 'none', 'model', 'service', 'team',"
            " 'feature', 'environment', 'provider', 'workspace_id', 'user_id', 'outcome' or"
            " 'cost_status'.",
        ),
        (
            '[[alerts.rule]]\nname = "a"\nkind = "silence"\nby = "user_id"\n',
            "file line 4: alerts.rule by = 'user_id' cannot be of a rule of kind silence: people"
            " stop calling every evening; name their team, service or feature.",
        ),
        (
            '[[alerts.rule]]\nname = "a"\nkind = "errors"\nby = "outcome"\n',
            "file line 4: alerts.rule by = 'outcome' cannot be of a rule of this kind, which"
            " compares calls of every outcome and cost status; rules of kind spike and cap, and"
            " budgets, can.",
        ),
        (
            '[[alerts.rule]]\nname = "a"\nkind = "unpriced"\nonly = {cost_status = "priced"}\n',
            "file line 4: alerts.rule only = {'cost_status': 'priced'} cannot be of a rule of",
        ),
        (
            '[[alerts.rule]]\nname = "A rule"\nkind = "spike"\n',
            "file line 2: alerts.rule name = 'A rule' must be up to 64 small letters, digits, -"
            " and _, like 'search-spend'.",
        ),
        (
            '[[alerts.rule]]\nname = "a"\nkind = "spike"\nchannels = ["ops"]\n',
            "'a' names the channel 'ops', which is none of [[alerts.channels]]: there are none.",
        ),
        (
            '[[budgets]]\nname = "m"\nusd = 1\n[[budgets]]\nname = "n"\nusd = 1\nperiod = "year"\n',
            "file line 7: budgets period = 'year' should be 'day', 'week' or 'month'.",
        ),
        (
            '[[budgets]]\nname = "m"\nusd = 1\nby = "squad"\n',
            "file line 4: budgets by = 'squad' should be 'none', 'model', 'service', 'team',",
        ),
        (
            "[[budgets]]\nname = 'm'\nusdd = 1\nusd = 1\n",
            "file line 3: [[budgets]] has no key 'usdd'. Did you mean 'usd'?",
        ),
        ("[alerts]\ninterval = 4\n", "file line 2: [alerts] has no key 'interval'."),
        (
            '[[alerts.channels]]\nname = "a"\nwebhook = "http://example.com"\n',
            "file line 1: alerts.channels is http://, which anyone on the way can read;"
            " allow_http = true permits it.",
        ),
        (
            '[[alerts.channels]]\nname = "a"\napprise_env = "NOPE"\n',
            "file line 1: alerts.channels names the variable NOPE (apprise_env), which is not set.",
        ),
        (
            '[[alerts.channels]]\nname = "a"\naddress = "slack://a/b/c"\n',
            "file line 1: alerts.channels writes its address into the file; name a variable",
        ),
        (
            '[[alerts.channels]]\nname = "a"\nwebhook = "https://ann:pw@example.com/hook"\n',
            "file line 1: alerts.channels writes a password into the file; name a variable or a",
        ),
        (
            '[[alerts.channels]]\nname = "a"\n',
            "file line 1: alerts.channels needs exactly one of apprise_env, apprise_file, webhook,",
        ),
        (
            '[[alerts.rule]]\nname = "a"\nkind = "spike"\n'
            '[[alerts.rule]]\nname = "a"\nkind = "spike"\n',
            "two [[alerts.rule]] called 'a'",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(file: Path, text: str, said: str) -> None:
    """One sentence: where it stands, what stands there, what should."""
    assert said in refusal(file, text)


def test_an_address_is_a_secret(file: Path) -> None:
    """The address comes from the variable, and nothing that prints the settings shows it."""
    file.write_text('[[alerts.channels]]\nname = "ops"\napprise_env = "OPS_SLACK"\n')

    loaded = load_settings_with_origins(file)
    [channel] = loaded.settings.alerts.channels or ()

    assert channel.address.get_secret_value() == SECRET
    assert SECRET not in repr(loaded.settings)
    assert SECRET not in str(collector_part(loaded.settings))


def test_a_webhook_is_not_shown(file: Path) -> None:
    """Many a webhook's path is its password: it may stand in the file, and is printed nowhere."""
    file.write_text('[[alerts.channels]]\nname = "a"\nwebhook = "https://example.com/T/SECRET"\n')

    [channel] = load_settings(file).alerts.channels or ()

    assert channel.address.get_secret_value().endswith("/T/SECRET")
    assert "SECRET" not in repr(load_settings(file))


def test_an_address_may_be_in_a_file_beside(file: Path) -> None:
    """A relative file starts at the settings' own folder."""
    (file.parent / "hook").write_text("https://example.com/hook\n")
    file.write_text('[[alerts.channels]]\nname = "a"\nwebhook_file = "hook"\n')

    [channel] = load_settings(file).alerts.channels or ()

    assert channel.address.get_secret_value() == "https://example.com/hook"


def test_a_child_gets_the_same(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`spanledger up` hands its collector rules, channels and budgets as they are."""
    file.write_text(
        '[alerts]\ninterval_s = 5\n[[alerts.rule]]\nname = "a"\nkind = "cap"\nusd = 2\n'
        'only = {team = ["x", "y"]}\n[[alerts.channels]]\nname = "ops"\napprise_env = "OPS_SLACK"\n'
        '[[alerts.planned]]\nname = "p"\nstart = 22:00:00\nend = 02:00:00\n'
        '[[budgets]]\nname = "c"\nusd = 100\nthresholds = [0.5]\n'
    )
    settings = load_settings(file)
    for name, value in collector_part(settings).environment.items():
        monkeypatch.setenv(name, value)
    file.unlink()

    child = load_settings()

    assert (child.alerts, child.budgets) == (settings.alerts, settings.budgets)


def test_every_key_is_documented() -> None:
    """docs/alerting.md names each key of a rule, a channel and a budget."""
    named = set(re.findall(r"`(\w+)`", PAGE))
    models: list[type[BaseModel]] = [*RULES.values(), Channel, Budget, Planned]
    keys = {key for model in models for key in model.model_fields} - {"address", "secret"}

    assert keys <= named
