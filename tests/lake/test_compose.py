"""The profile `lake` of docker-compose.yml: each of our services' own commands, run by hand.

PostgreSQL and the server that speaks S3 are the ones of this machine, reached by the names that the
file gives them.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
import yaml

from tests.collector.support import JSON, call_span, request_of
from tests.lake.environment import ROOT, lake_python, lake_variables
from tests.lake.s3 import BUCKET, Gateway, versitygw
from tests.lake.services import free_port, kill, postgres, wait_until

SECRETS = {
    "SPANLEDGER_COLLECTOR__TOKEN": "a-token-for-the-profile-lake",
    "SPANLEDGER_CATALOG_PASSWORD": "nobody-asks",
    "SPANLEDGER_S3_KEY_ID": "ledger",
    "SPANLEDGER_S3_SECRET": "ledger-secret",
    "SPANLEDGER_DASHBOARD__TIME_ZONE": "UTC",
}
COLLECTORS = ("lake-collector-1", "lake-collector-2")
BEARER = {"authorization": f"Bearer {SECRETS['SPANLEDGER_COLLECTOR__TOKEN']}"}
PATIENCE_S = 240.0
CALLS = 100
"""Enough for a file: a few rows stay in the catalog for a while."""


def profile() -> dict[str, Any]:
    """The services that `--profile lake` adds."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    services: dict[str, Any] = yaml.safe_load(text)["services"]
    return {name: each for name, each in services.items() if each.get("profiles") == ["lake"]}


def test_it_is_a_whole_lake() -> None:
    """PostgreSQL, S3, two collectors that start again when they end, and a dashboard of both."""
    services = profile()
    of_dashboard = services["lake-dashboard"]["command"]

    assert {*COLLECTORS, "lake-dashboard", "catalog", "objects"} <= services.keys()
    for name in COLLECTORS:
        assert services[name]["restart"] == "unless-stopped"
        assert f"http://{name}:4318" in of_dashboard[-1].split(",")
    environment = services[COLLECTORS[0]]["environment"]
    assert environment == services[COLLECTORS[1]]["environment"]
    assert environment["SPANLEDGER_STORE__DATA_PATH"].startswith(
        f"s3://{services['objects']['environment']['S3_BUCKET']}/"
    )


@pytest.mark.timeout(600)
def test_its_commands_run(tmp_path: Path) -> None:
    """Calls sent to one collector are told by both; one is killed, and the other maintains."""
    lake_python()
    program = versitygw()
    services = profile()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="spanledger-pg-")))
        folder.chmod(0o755)
        cluster = stack.enter_context(postgres(folder / "pg"))
        gateway = stack.enter_context(Gateway(program, tmp_path / "s3").running())
        cluster.create(services["catalog"]["environment"]["POSTGRES_DB"])
        ports = {name: free_port() for name in (*COLLECTORS, "lake-dashboard")}
        moved = {
            "host=catalog": cluster.target("spanledger").partition(" user=")[0],
            "http://objects:8333": f"http://127.0.0.1:{gateway.port}",
            **{f"http://{name}:4318": f"http://127.0.0.1:{ports[name]}" for name in COLLECTORS},
        }
        processes = {}
        for name, port in ports.items():
            own = {**moved, "0.0.0.0": "127.0.0.1"} if name in COLLECTORS else moved
            here = {**own, "4318": str(port), "8501": str(port)}
            processes[name] = stack.enter_context(_running(tmp_path, name, services[name], here))
            check = _moved(services[name]["healthcheck"]["test"][2:], here)
            ended = processes[name].poll
            wait_until(
                lambda check=check, ended=ended: ended() is not None or _passes(check),
                f"{name} is healthy",
                PATIENCE_S,
            )
            assert ended() is None, (tmp_path / f"{name}.log").read_text()
        urls = [f"http://127.0.0.1:{ports[name]}" for name in COLLECTORS]
        sent = httpx2.post(
            f"{urls[1]}/v1/traces",
            content=orjson.dumps(request_of([call_span(f"msg_{each}") for each in range(CALLS)])),
            headers={"content-type": JSON, **BEARER},
        )
        assert sent.status_code == 200, sent.text
        for url in urls:
            wait_until(lambda url=url: _calls(url) == CALLS, f"{url} tells them", PATIENCE_S)
        kill(processes[COLLECTORS[0]])
        log = tmp_path / f"{COLLECTORS[1]}.log"
        wait_until(lambda: "maintains the lake" in log.read_text(), "it maintains", PATIENCE_S)
        files = list((tmp_path / "s3" / BUCKET).rglob("*.parquet"))

    assert files


@contextmanager
def _running(
    folder: Path, name: str, service: Mapping[str, Any], here: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A service's command with its environment."""
    told = {key: _with_secrets(value) for key, value in service["environment"].items()}
    environment = dict(zip(told, _moved(list(told.values()), here), strict=True))
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [lake_python(), "-m", "spanledger", *_moved(service["command"], here)],
            env={
                **lake_variables(),
                **environment,
                "SPANLEDGER_COLLECTOR__GRPC_PORT": "off",
                "SPANLEDGER_STORE__PATH": str(folder / f"{name}-scratch"),
                "SPANLEDGER_CONFIG": os.devnull,
            },
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.terminate()
        kill(process)


def _moved(words: list[str], here: Mapping[str, str]) -> list[str]:
    for name, place in here.items():
        words = [re.sub(rf"(?<!\d){re.escape(name)}(?!\d)", place, word) for word in words]
    return words


def _with_secrets(value: str) -> str:
    return re.sub(r"\$\{(\w+)(:[-?][^}]*)?\}", lambda found: SECRETS[found[1]], value)


def _passes(check: list[str]) -> bool:
    command = [lake_python(), *check]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _calls(url: str) -> int:
    everything = {"start": "2020-01-01T00:00:00Z", "end": "2100-01-01T00:00:00Z"}
    answer = httpx2.get(f"{url}/api/v1/query/usage", params=everything, headers=BEARER)
    rows = answer.json()["rows"] if answer.status_code == 200 else []
    return rows[0]["calls"] if rows else 0
