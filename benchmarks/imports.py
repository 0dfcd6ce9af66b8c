"""What `import spanledger` adds to a process that has the SDK and OpenTelemetry loaded already.

    python benchmarks/imports.py

Each sample is a process of its own; the baseline is the import of what was loaded before.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

PROGRAM = """
import time
start = time.perf_counter()
import anthropic, opentelemetry.sdk.trace
loaded = time.perf_counter()
import spanledger
imported = time.perf_counter()
spanledger.instrument()
instrumented = time.perf_counter()
print(loaded - start, imported - loaded, instrumented - imported)
"""


def main(samples: int = 11) -> None:
    """Run and print the medians."""
    rows = []
    for _ in range(samples):
        out = subprocess.run(
            [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
        ).stdout
        rows.append([float(number) * 1000 for number in out.split()])
    base, added, switch = (statistics.median(column) for column in zip(*rows, strict=True))
    print(f"anthropic and the OpenTelemetry SDK   {base:7.1f} ms   (baseline)")
    print(f"import spanledger                     {added:7.1f} ms   ({added / base:.3f} of it)")
    print(f"spanledger.instrument()               {switch:7.1f} ms   ({switch / base:.3f} of it)")


if __name__ == "__main__":
    main()
