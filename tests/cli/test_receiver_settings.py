"""Settings of the receiver: ports, tokens of teams, certificates; and what is said when wrong."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spanledger_collector.cli.app import app
from spanledger_collector.cli.machine_checks import check_ports
from spanledger_collector.cli.parts import collector_part, self_contained, with_real_ports
from spanledger_collector.cli.ports import PortTaken, demand_free_ports
from spanledger_collector.ports import free_port
from spanledger_collector.settings import Settings, SettingsError, load_settings

SECRET = "never-shown-anywhere"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of a settings file that a test may write; the working folder is elsewhere."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / "spanledger.toml"


def refusal(file: Path, text: str) -> str:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    assert SECRET not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (f'token = "{SECRET}"\ntema = "x"', "Did you mean 'team'?"),
        (f'token = "{SECRET}"\nscope = "all"', "'write', 'read' or 'both'"),
        (f'token = "{SECRET} with space"', "printable ASCII without spaces"),
        (f'token = "{SECRET}"\ntoken_env = "X"', "exactly one of token, token_file and token_env"),
        ('team = "search"', "exactly one of token, token_file and token_env"),
        ('token_env = "NOT_THERE"', "NOT_THERE (token_env), which is not set"),
        ('token_file = "absent"', "absent, which cannot be read: No such file"),
    ],
)
def test_a_wrong_token_is_explained_and_not_shown(file: Path, table: str, told: str) -> None:
    """What is wrong with a team's token is said with its place, and never with the token."""
    message = refusal(file, f"[[collector.tokens]]\n{table}\n")

    assert told in message
    assert "collector.tokens" in message


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('tls_cert = "a.pem"', "tls_cert and tls_key together"),
        ('tls_client_ca = "ca.pem"', "needs tls_cert"),
        ("grpc_port = 70000", "grpc_port"),
        ('grpc_port = "on"', "grpc_port"),
        ('log_format = "xml"', "'text' or 'json'"),
    ],
)
def test_other_mistakes_are_explained(file: Path, table: str, told: str) -> None:
    """Half of TLS, a port that is none and a format that is none are refused with the reason."""
    assert told in refusal(file, f"[collector]\n{table}\n")


def test_files_start_at_the_settings_files_folder(file: Path) -> None:
    """Relative paths of secrets and certificates are beside the settings file."""
    (file.parent / "secret").write_text(f"{SECRET}\n")
    file.write_text(
        '[collector]\ntls_cert = "c.pem"\ntls_key = "c.key"\n'
        '[[collector.tokens]]\ntoken_file = "secret"\n'
    )
    collector = load_settings(file).collector

    assert (collector.tls_cert, collector.tls_key) == (
        file.parent / "c.pem",
        file.parent / "c.key",
    )
    assert [each.secret for each in collector.tokens or ()] == [SECRET]
    assert collector.url == "https://127.0.0.1:4318"
    assert SECRET not in repr(collector)


def test_a_teams_token_closes_the_door(file: Path) -> None:
    """An address open to others needs some token; one of a team is enough."""
    file.write_text(f'[collector]\nhost = "0.0.0.0"\n[[collector.tokens]]\ntoken = "{SECRET}"\n')

    assert load_settings(file).collector.host == "0.0.0.0"
    assert "no collector.token" in refusal(file, '[collector]\nhost = "0.0.0.0"\n')


def test_the_child_gets_the_same_tokens_and_ports(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`spanledger up` hands its collector every setting, tokens of teams and gRPC's port, too."""
    file.write_text(
        f'[collector]\nport = 0\n[[collector.tokens]]\ntoken = "{SECRET}"\nteam = "search"\n'
    )
    settings = self_contained(with_real_ports(load_settings(file)))
    for name, value in collector_part(settings).environment.items():
        monkeypatch.setenv(name, value)
    seen = load_settings().collector

    assert seen == settings.collector
    assert seen.grpc_asked


def test_a_taken_grpc_port_is_named_before_anything_starts() -> None:
    """`spanledger up` says which port is taken, by which setting, and how to do without."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        settings = Settings.model_validate(
            {
                "collector": {"port": free_port("127.0.0.1"), "grpc_port": port},
                "dashboard": {"port": 0},
            }
        )
        with pytest.raises(PortTaken) as refused:
            demand_free_ports(settings)

    for part in (str(port), "collector.grpc_port", "SPANLEDGER_COLLECTOR__GRPC_PORT", "off"):
        assert part in str(refused.value)


@pytest.mark.parametrize(
    ("taken", "running", "said"),
    [
        (False, False, ("ok", "free for the collector (gRPC)")),
        (True, True, ("ok", "in use by the collector (gRPC)")),
        (True, False, ("fail", "taken by a program that is not the collector (gRPC)")),
        (False, True, ("warn", "not in use, although the collector (gRPC) runs")),
    ],
)
def test_the_doctor_looks_at_the_port_of_grpc(
    *, taken: bool, running: bool, said: tuple[str, str]
) -> None:
    """`spanledger doctor` says who has the port of gRPC, or that it waits for the collector."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        if taken:
            other.listen()
        else:
            other.close()
        settings = Settings.model_validate({"collector": {"port": 0, "grpc_port": port}})
        found = check_ports(settings, {"collector": running, "dashboard": False})
        [finding] = [each for each in found if each.what == f"Port {port}"]

    assert (finding.level.value, finding.detail) == said


def test_up_cannot_ask_for_certificates(file: Path) -> None:
    """With `tls_client_ca` the parts of `spanledger up` could not talk: it says so and ends."""
    file.write_text('[collector]\nport = 0\ntls_cert = "c"\ntls_key = "k"\ntls_client_ca = "a"\n')
    result = CliRunner().invoke(app, ["up", "--config", str(file)])

    assert result.exit_code == 2
    assert "tls_client_ca" in result.output
