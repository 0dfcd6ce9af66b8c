"""What we add to a call beside what other instrumentations of the SDK add, in one run.

    python benchmarks/peers.py [--work DIR]

Each peer is installed into an environment of its own, beside the newest SDK, as pip resolves it;
`benchmarks/instrumentation.py` then runs every variant in turns. Peers run as they come, which for
some means that they serialise prompts. What cannot be installed is left out and said.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import venv
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from instrumentation import PEERS, VARIANTS, print_table, run

ROOT = Path(__file__).resolve().parents[1]
SDK = ("anthropic>=2,<3", "httpx2")
PACKAGES = {
    "OpenLLMetry": ("opentelemetry-sdk", "opentelemetry-instrumentation-anthropic"),
    "OpenInference": ("opentelemetry-sdk", "openinference-instrumentation-anthropic"),
    "OpenTelemetry genai": (
        "opentelemetry-sdk",
        "opentelemetry-instrumentation-genai-anthropic",
        "--pre",
    ),
    "logfire": ("logfire",),
}


class Environment(NamedTuple):
    """An interpreter with what a variant needs, and how many packages that took beside the SDK."""

    python: str
    new_packages: int


def prepare(folder: Path, packages: tuple[str, ...]) -> Environment:
    """Make an environment with the SDK, then add packages to it."""
    python, counted = str(folder / "bin" / "python"), folder / "new-packages"
    if counted.exists():
        return Environment(python, int(counted.read_text()))
    venv.create(folder, with_pip=True, clear=True)
    pip(python, "install", "-q", *SDK)
    before = installed(python)
    pip(python, "install", "-q", *packages)
    counted.write_text(str(len(installed(python) - before)))
    return Environment(python, int(counted.read_text()))


def pip(python: str, *arguments: str) -> None:
    """Run pip in an environment."""
    subprocess.run([python, "-m", "pip", *arguments], check=True)


def installed(python: str) -> set[str]:
    """The names of an environment's packages."""
    out = subprocess.check_output([python, "-m", "pip", "list", "--format=freeze"], text=True)
    return {line.partition("==")[0] for line in out.splitlines()}


def environments(work: Path) -> dict[str, Environment]:
    """An environment for each variant that can be installed."""
    native = prepare(work / "native", ("opentelemetry-sdk",))
    ours = prepare(work / "ours", ("-e", str(ROOT)))
    made = {name: ours if name.startswith("spanledger") else native for name in VARIANTS}
    made["plain SDK"] = Environment(native.python, 0)
    for name in PEERS:
        with suppress(subprocess.CalledProcessError):
            made[name] = prepare(work / name.replace(" ", "-"), PACKAGES[name])
    for name in PEERS.keys() - made.keys():
        print(f"{name} cannot be installed here, so it is left out.", file=sys.stderr)
    return made


def main() -> None:
    """Make the environments, run every variant in turns, and print a table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--work", type=Path, help="folder to keep; default is a temporary one")
    arguments.add_argument("--rounds", type=int, default=100)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        made = environments(given.work or Path(temporary))
        pythons = {name: environment.python for name, environment in made.items()}
        print_table(run(pythons, given.rounds))
    for name, environment in made.items():
        print(f"{name:32}{environment.new_packages:4} new packages")


if __name__ == "__main__":
    main()
