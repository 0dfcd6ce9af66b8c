"""What is shipped: wheel, source archive, lock, image and compose file."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from spanledger_collector.ports import free_port
from tests.cli.processes import LOOPBACK, eventually, running

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
TOKEN = "a-token-for-the-compose-file"

Service = dict[str, Any]


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with wheel and source archive, built from this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return folder


def services() -> dict[str, Service]:
    """The services of docker-compose.yml."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    found: dict[str, Service] = yaml.safe_load(text)["services"]
    return found


def requirements() -> list[Requirement]:
    """Everything that pyproject.toml asks for, extras included but for the lake's.

    The lake pins DuckDB and its extensions itself, to another DuckDB than the lock.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    groups = [project["dependencies"], *(extras[name] for name in extras if name != "lake")]
    return [Requirement(line) for group in groups for line in group]


def test_wheel_carries_code_and_data(archives: Path) -> None:
    """The wheel has the four packages with their data files, and neither tests nor caches."""
    (wheel,) = archives.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    packages = {name.partition("/")[0] for name in names if ".dist-info/" not in name}

    assert packages == {
        "spanledger",
        "spanledger_collector",
        "spanledger_demo",
        "spanledger_dashboard",
    }
    assert {f"{package}/py.typed" for package in packages} <= set(names)
    assert "spanledger/pricing/book.json" in names
    assert any(re.fullmatch(r"spanledger_collector/store/sql/.*\.sql", name) for name in names)
    assert not any(re.search(r"__pycache__|(^|/)test_", name) for name in names)


def test_wheel_metadata(archives: Path) -> None:
    """The wheel names its licence, its command and extras; the base needs only the light parts."""
    (wheel,) = archives.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        read = {
            Path(name).name: archive.read(name).decode()
            for name in archive.namelist()
            if ".dist-info/" in name
        }
    base = re.findall(r"^Requires-Dist: ([\w-]+)[^;\n]*$", read["METADATA"], re.M)

    assert "License-Expression: Apache-2.0" in read["METADATA"]
    assert "Apache License" in read["LICENSE"]
    assert "spanledger = spanledger.__main__:main" in read["entry_points.txt"]
    assert sorted(base) == [
        "opentelemetry-api",
        "opentelemetry-exporter-otlp-proto-http",
        "opentelemetry-sdk",
        "requests",
        "wrapt",
    ]


def test_source_archive_is_complete(archives: Path) -> None:
    """The source archive has what it takes to build and test, and no lock with index addresses."""
    (archive,) = archives.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}

    for needed in ("pyproject.toml", "constraints.txt", "LICENSE", "tests/test_packaging.py"):
        assert needed in names
    assert not {name for name in names if name.endswith(("uv.lock", ".duckdb"))}


def test_lock_has_no_addresses() -> None:
    """constraints.txt holds exact versions only: no index, no address, no path, no extras."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()

    assert len(lines) > 50
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.+!]+( ; .+)?", line)] == []


@pytest.mark.parametrize("python", PYTHONS)
def test_lock_covers_every_requirement(python: str) -> None:
    """For each Python, what pyproject.toml asks for is locked once, at a version that it allows."""
    environment = {"python_version": python, "python_full_version": f"{python}.0"}
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    locked: dict[str, str] = {}
    for pin in map(Requirement, lines):
        if pin.marker is None or pin.marker.evaluate(environment):
            assert pin.name not in locked
            (specifier,) = pin.specifier
            locked[canonicalize_name(pin.name)] = specifier.version

    for wanted in requirements():
        if wanted.name != "spanledger" and (
            wanted.marker is None or wanted.marker.evaluate(environment)
        ):
            assert wanted.specifier.contains(locked[canonicalize_name(wanted.name)]), wanted


@pytest.mark.parametrize("name", ["collector", "dashboard"])
def test_compose_services_are_guarded(name: str) -> None:
    """Each service is open to this machine only, unprivileged, read-only, watched and tokened."""
    service = services()[name]

    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["healthcheck"]["test"][:2] == ["CMD", "python"]
    assert service["environment"]["SPANLEDGER_COLLECTOR__TOKEN"].startswith(
        "${SPANLEDGER_COLLECTOR__TOKEN:?"
    )


@pytest.mark.parametrize("name", sorted(services()))
def test_compose_bounds_logs(name: str) -> None:
    """Of no service in any profile are more than 100 MiB of log kept."""
    logging = services()[name]["logging"]
    mebibytes, unit, _ = logging["options"]["max-size"].partition("m")

    assert (logging["driver"], unit) == ("json-file", "m")
    assert int(mebibytes) * int(logging["options"]["max-file"]) <= 100


def test_compose_keeps_the_ledger_in_a_volume() -> None:
    """The ledger lies in a named volume where the image puts it."""
    volumes = services()["collector"]["volumes"]
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")

    assert volumes == ["ledger:/var/lib/spanledger"]
    assert "SPANLEDGER_STORE__PATH=/var/lib/spanledger" in dockerfile
    assert "VOLUME /var/lib/spanledger" in dockerfile


def test_image_does_not_run_as_root() -> None:
    """The image changes to its own user before its command, and knows how to tell its health."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()

    assert lines.index("USER 10001") < lines.index('ENTRYPOINT ["spanledger"]')
    assert any(line.startswith("HEALTHCHECK") for line in lines)


def compose() -> list[str]:
    """The compose command of this machine, in either of its forms."""
    if shutil.which("docker"):
        plugin = subprocess.run(["docker", "compose", "version"], check=False, capture_output=True)
        if plugin.returncode == 0:
            return ["docker", "compose"]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    pytest.skip("neither `docker compose` nor docker-compose is installed")


PROFILES = sorted({name for service in services().values() for name in service.get("profiles", ())})


def test_compose_profiles_are_pinned_and_guarded() -> None:
    """What the profiles add is unprivileged, local, watched, and of a version that was chosen."""
    added = {name: service for name, service in services().items() if "profiles" in service}

    assert added
    for name, service in added.items():
        # The edge's image has nothing that could ask; the others that lack a check end at once.
        assert "healthcheck" in service or service["restart"] == "no" or name == "edge"
        assert service["cap_drop"] == ["ALL"]
        assert service["read_only"] is True
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
        if "build" not in service:
            assert re.fullmatch(r"[\w./-]+:\d[\w.-]*", service["image"])
            assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])


def test_compose_edge_is_the_collector_that_is_tested() -> None:
    """The edge has the version that our build has, and gives the file the variables it reads."""
    edge = services()["edge"]
    built = yaml.safe_load((ROOT / "deploy/otelcol/builder.yaml").read_text(encoding="utf-8"))
    read = re.findall(r"env:(\w+)", (ROOT / "deploy/otelcol.yaml").read_text(encoding="utf-8"))
    (config,) = (volume for volume in edge["volumes"] if volume.startswith("./deploy"))

    assert edge["image"].rpartition(":")[2] == built["dist"]["version"]
    assert set(edge["environment"]) <= set(read)
    assert config.split(":")[:2] == ["./deploy/otelcol.yaml", edge["command"][1]]


@pytest.mark.parametrize("profiles", [[], *([each] for each in PROFILES), PROFILES], ids="+".join)
def test_compose_file_is_valid(profiles: list[str]) -> None:
    """`docker compose config` accepts the file with a token and refuses it without."""
    chosen = [word for each in profiles for word in ("--profile", each)]
    command = [*compose(), "-f", str(ROOT / "docker-compose.yml"), *chosen, "config"]
    bare = {**os.environ}

    with_token = subprocess.run(
        command,
        env={**bare, "SPANLEDGER_COLLECTOR__TOKEN": TOKEN},
        check=False,
        capture_output=True,
        text=True,
    )
    without = subprocess.run(command, env=bare, check=False, capture_output=True, text=True)

    assert with_token.returncode == 0, with_token.stderr
    assert without.returncode != 0
    assert "set it in .env" in without.stderr


def test_compose_commands_run(tmp_path: Path) -> None:
    """Both services' own commands and health checks work, on ports that are free here."""
    ports = {4318: free_port(LOOPBACK), 8501: free_port(LOOPBACK)}
    folders = {name: tmp_path / name for name in ("collector", "dashboard")}
    for folder in folders.values():
        folder.mkdir()
    store = {"SPANLEDGER_STORE__PATH": str(tmp_path / "ledger")}
    token = {"SPANLEDGER_COLLECTOR__TOKEN": TOKEN}
    told = services()["dashboard"]["environment"]
    name = "SPANLEDGER_DASHBOARD__ALLOW_ANONYMOUS"
    anonymous = {name: told[name]}
    commands = {name: _here(services()[name]["command"], ports) for name in folders}
    checks = {name: _here(services()[name]["healthcheck"]["test"][1:], ports) for name in folders}

    with (
        running(folders["collector"], *commands["collector"], **store, **token),
        running(folders["dashboard"], *commands["dashboard"], **token, **anonymous),
    ):
        healthy = {name: eventually(partial(_passes, check)) for name, check in checks.items()}

    assert healthy == {"collector": True, "dashboard": True}


def _here(words: list[str], ports: dict[int, int]) -> list[str]:
    """A command of the compose file with ports and host name of this machine."""
    moved = [word.replace("//collector:", f"//{LOOPBACK}:") for word in words]
    for port, free in ports.items():
        moved = [word.replace(str(port), str(free)) for word in moved]
    return moved


def _passes(check: list[str]) -> bool:
    command = [sys.executable, *check[1:]]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
