"""Runs the SDK's own test-suite without us and with us, and prints what differs.

    python tests/sdk_suite/run.py [--version 2.14.0] [--work DIR]

The SDK's source distribution carries its tests. They run in an environment of their own: plain,
with `spanledger.instrument()` towards a collector that is down, and with `AnthropicInstrumentor`
and a provider. Every test must end as it ends without us, and nothing of ours may fail on the way.
A test that ends otherwise is run again alone, in both ways: only what differs then too counts,
since the suite has tests that race against the clock. Takes about a quarter of an hour.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import venv
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]
PLAIN = "plain"
MODES = ("one-line", "provider")
INHERENT = {
    # Asserts that a call without tracing calls nothing of OpenTelemetry, of which a span is made.
    "test_disabled_spans_call_nothing_of_opentelemetry": ("provider",),
    # Asserts that no span is current during a call. With a provider, ours is meant to be.
    "test_propagation_off_drops_a_span_without_a_valid_context": ("provider",),
    # Compares requests of two runs; each carries the trace context of its own span.
    "test_a_runner_made_from_params_sends_the_requests_of_tool_runner": ("provider",),
}
"""Tests that cannot pass with an instrumentation of this kind, and the modes in which they fail."""

SUITE_NEEDS = (
    *("respx==0.22.0", "pytest==9.0.3", "pytest-asyncio==1.3.0", "pytest-xdist"),
    *("time-machine==3.2.0", "dirty-equals", "importlib-metadata", "boto3-stubs", "rich"),
    *("hypothesis", "inline-snapshot==0.32.5", "griffe==2.1.0", "http-snapshot[httpx]==0.1.9"),
    *("packaging", "httpx2==2.9.1", "opentelemetry-sdk==1.44.0", "ruff==0.15.6"),
)
EXTRAS = "aiohttp,aws,bedrock,google-cloud,mcp,vertex,webhooks"
SELECTION = (
    "tests",
    "--ignore=tests/api_resources",  # needs a mock server that is no package
    "--ignore=tests/test_detect_breaking_changes.py",
)


class Suite(NamedTuple):
    """The unpacked tests, and the interpreter to run them with."""

    folder: Path
    python: Path

    def run(self, mode: str, *selection: str, label: str = "") -> dict[str, str]:
        """Run tests in a mode; each test's outcome by its name."""
        report = self.folder.parent / f"{mode}{label}.xml"
        self.failures(mode).unlink(missing_ok=True)
        command = [str(self.python), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        if mode != PLAIN:
            command += ["-p", "spanledger_suite"]
        done = subprocess.run(
            [*command, f"--junitxml={report}", *selection],
            cwd=self.folder,
            env={
                **os.environ,
                "PYTHONPATH": str(Path(__file__).parent),
                "SPANLEDGER_SUITE_MODE": mode,
                "SPANLEDGER_SUITE_FAILURES": str(self.failures(mode)),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        report.with_suffix(".log").write_bytes(done.stdout)
        return outcomes(report)

    def failures(self, mode: str) -> Path:
        """Where the plugin writes what failed in our own code."""
        return self.folder.parent / f"{mode}.failures"


def outcomes(report: Path) -> dict[str, str]:
    """The outcome of each test in a JUnit report."""
    found = {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        kinds = {child.tag for child in case}
        name = f"{case.get('classname')}::{case.get('name')}"
        found[name] = next((kind for kind in ("failure", "error", "skipped") if kind in kinds), "")
    return found


def prepare(work: Path, version: str) -> Suite:
    """Fetch the SDK's tests and make their environment, unless the folder has them already."""
    folder, environment = work / f"anthropic-{version}", work / "environment"
    python = environment / "bin" / "python"
    if not python.exists():
        venv.create(environment, with_pip=True)
        sdk = f"anthropic[{EXTRAS}]=={version}"
        pip(python, "install", "-q", sdk, *SUITE_NEEDS, "-e", str(ROOT))
    if not folder.exists():
        options = ("--no-deps", "--no-binary", ":all:", "-q", "-d", str(work))
        pip(python, "download", *options, f"anthropic=={version}")
        with tarfile.open(work / f"anthropic-{version}.tar.gz") as archive:
            archive.extractall(work, filter="data")
        (folder / "src").rename(folder / "src-not-tested")  # the installed package is
    return Suite(folder, python)


def pip(python: Path, *arguments: str) -> None:
    """Run pip in the suite's environment."""
    subprocess.run([python, "-m", "pip", *arguments], check=True)


def different(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """The tests that ended differently, or ran only once."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def as_argument(name: str) -> str:
    """`tests.lib.test_x.TestY::test_z[a]` as `tests/lib/test_x.py::TestY::test_z[a]`."""
    dotted, _, test = name.partition("::")
    parts = dotted.split(".")
    last = max(at for at, part in enumerate(parts) if part.startswith("test_"))
    return "::".join(["/".join(parts[: last + 1]) + ".py", *parts[last + 1 :], test])


def compare(suite: Suite, plain: Mapping[str, str], mode: str) -> bool:
    """Run the suite in a mode and print how it differs from the plain run; whether it may."""
    told = suite.run(mode, *SELECTION, "-n", "4")
    print(f"{mode:10}{summary(told)}", flush=True)
    failed = our_failures(suite, mode)
    for failure, times in Counter(failed).items():
        print(f"  our own code failed, {times} times: {failure}")
    suspects = different(plain, told)
    lasting = differing_alone(suite, mode, suspects) if suspects else []
    for name in suspects:
        known = "inherent" if inherent(mode, name) else "differs"
        verdict = known if name in lasting else "differed once, not when run alone"
        print(f"  {name}: {plain.get(name)!r} without us, {told.get(name)!r} with us: {verdict}")
    return not failed and all(inherent(mode, name) for name in lasting)


def our_failures(suite: Suite, mode: str) -> list[str]:
    """What failed in our own code, in tests that do not provoke it."""
    written = suite.failures(mode)
    lines = written.read_text().splitlines() if written.exists() else []
    return [text for test, text in map(json.loads, lines) if not inherent(mode, test)]


def differing_alone(suite: Suite, mode: str, names: Iterable[str]) -> list[str]:
    """Those of the tests that end differently when they run alone, too."""
    again = [*map(as_argument, names), "-n", "0"]
    one, other = (suite.run(each, *again, label="-alone") for each in (PLAIN, mode))
    return different(one, other)


def inherent(mode: str, name: str) -> bool:
    """Whether a test is known not to pass in a mode."""
    return mode in INHERENT.get(name.rpartition("::")[2].partition("[")[0], ())


def summary(results: Mapping[str, str]) -> str:
    """How many tests ended in which way."""
    kinds = list(results.values())
    bad = kinds.count("failure") + kinds.count("error")
    return f"{kinds.count(''):7} passed{bad:5} failed{kinds.count('skipped'):5} skipped"


def main() -> int:
    """Run all modes; 0 when no test can tell that we are there."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--version", default="2.14.0", help="of the SDK")
    arguments.add_argument("--work", type=Path, help="folder to keep; default is a temporary one")
    arguments.add_argument("--mode", choices=MODES, action="append", help="default: all")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = (given.work or Path(temporary)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        suite = prepare(work, given.version)
        plain = suite.run(PLAIN, *SELECTION, "-n", "4")
        print(f"{PLAIN:10}{summary(plain)}", flush=True)
        same = [compare(suite, plain, mode) for mode in given.mode or MODES]
    print("The suite cannot tell the difference." if all(same) else "There are differences.")
    return 0 if all(same) else 1


if __name__ == "__main__":
    sys.exit(main())
