"""Write a file whole or not at all, telling how far it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from rich.progress import DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from spanledger_collector.cli.console import talk

__all__ = ["fsync_folder", "progress", "written_whole"]


@contextmanager
def written_whole(target: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """Open a file beside the target that takes its place, once it is complete and on disk.

    Yields:
        The open file and its present name.
    """
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("wb") as file:
            yield file, part
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
        fsync_folder(target.parent)
    finally:
        part.unlink(missing_ok=True)


def fsync_folder(folder: Path) -> None:
    """Make a rename in a folder last."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def progress(doing: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show at a terminal how many bytes there are so far; yields what to call with more."""
    columns = (TextColumn("{task.description}"), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=talk, disable=not talk.is_terminal, transient=True) as shown:
        task = shown.add_task(doing, total=total)
        yield lambda size: shown.advance(task, size)
