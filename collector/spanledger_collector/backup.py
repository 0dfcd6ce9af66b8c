"""`POST /api/v1/backup`: a copy of the ledger as it is now, made and checked beside the writer."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from spanledger_collector.problems import problem
from spanledger_collector.store import Backup, Store, StoreUnavailable

__all__ = ["FACTS_HEADER", "PATH", "backup_routes", "digest_of", "facts_of"]

PATH: Final = "/api/v1/backup"
FACTS_HEADER: Final = "x-spanledger-backup"
"""What the copy holds and its SHA-256, as JSON, by which whoever receives it can check it."""
_SPARE: Final = 512 << 20
"""Bytes that stay free on the ledger's disk while a copy lies there."""
_CHUNK: Final = 1 << 20
_PREFIX: Final = ".backup-"


def backup_routes(store: Store) -> list[Route]:
    """Make the route that backs up; what an earlier process left half made goes."""
    for left in store.folder.glob(f"{_PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)
    at_work = asyncio.Lock()

    async def back_up(request: Request) -> Response:
        if at_work.locked():
            return problem(409, "A backup is being made already. Ask again later.")
        async with at_work:
            return await asyncio.to_thread(_made, store)

    return [Route(PATH, back_up, methods=["POST"])]


def facts_of(backup: Backup, digest: str) -> dict[str, object]:
    """Say what a copy holds."""
    told = {
        name: str(value) if name.startswith("cost") else value
        for name, value in zip(Backup._fields, backup, strict=True)
    }
    return {**told, "sha256": digest}


def digest_of(file: Path) -> str:
    """Work out the SHA-256 of a file of any size."""
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _made(store: Store) -> Response:
    needed = store.state().database_bytes + _SPARE
    free = shutil.disk_usage(store.folder).free
    if free < needed:
        return problem(
            507,
            f"A backup needs {needed / 1e9:.1f} GB free on the disk of the ledger for a moment; "
            f"there are {free / 1e9:.1f} GB.",
        )
    place = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=store.folder))
    try:
        file = place / "ledger.duckdb"
        facts = facts_of(store.back_up(file), digest_of(file))
    except StoreUnavailable as error:
        shutil.rmtree(place, ignore_errors=True)
        return problem(503, str(error), {"retry-after": "10"})
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    headers = {
        FACTS_HEADER: orjson.dumps(facts).decode(),
        "content-length": str(file.stat().st_size),
        "cache-control": "no-store",
    }
    # No FileResponse: the server would open the file itself, after it is deleted.
    return StreamingResponse(_sent(file), media_type="application/octet-stream", headers=headers)


def _sent(file: Path) -> Iterator[bytes]:
    """Read a copy piece by piece; it is gone afterwards, whether it was fetched or not."""
    try:
        with file.open("rb") as opened:
            while chunk := opened.read(_CHUNK):
                yield chunk
    finally:
        shutil.rmtree(file.parent, ignore_errors=True)
