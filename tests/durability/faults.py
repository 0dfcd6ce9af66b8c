"""Faults that a test switches on and off in a running collector (`faults.c`)."""

from __future__ import annotations

import mmap
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOURCE = Path(__file__).with_name("faults.c")
COMPILER = shutil.which("cc")


class Faults:
    """What goes wrong in the collector's process now.

    Args:
        folder: for the library and the file through which it is told.
    """

    def __init__(self, folder: Path) -> None:
        assert COMPILER is not None
        library = folder / "faults.so"
        subprocess.run(
            [COMPILER, "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], check=True
        )
        told = folder / "faults"
        told.write_bytes(bytes(16))
        self.environment = {"LD_PRELOAD": str(library), "FAULTS": str(told)}
        """With which the collector has to be started."""
        with told.open("r+b") as file:
            self._told = mmap.mmap(file.fileno(), 16)

    def jump(self, seconds: int) -> None:
        """Set the wall clock off by so many seconds."""
        struct.pack_into("q", self._told, 0, seconds)

    @contextmanager
    def broken_disk(self) -> Iterator[None]:
        """Let every sync to disk fail with an I/O error."""
        struct.pack_into("q", self._told, 8, 1)
        yield
        struct.pack_into("q", self._told, 8, 0)
