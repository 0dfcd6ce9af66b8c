"""Certificates made on the fly, as files, for tests of TLS."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

import trustme


class Pair(NamedTuple):
    """A certificate with its key."""

    cert: Path
    key: Path


class Authority:
    """A certificate authority that keeps its files in a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._ca = trustme.CA(organization_name=name)
        self._folder = folder / name
        self.cert = folder / f"{name}.pem"
        self._ca.cert_pem.write_to_path(self.cert)

    def issue(self, name: str, *, expired: bool = False) -> Pair:
        """A certificate for this machine."""
        yesterday = datetime.now(timezone.utc) - timedelta(days=1)
        leaf = self._ca.issue_cert(
            "localhost", "127.0.0.1", not_after=yesterday if expired else None
        )
        pair = Pair(
            self._folder.with_name(f"{self._folder.name}-{name}.pem"),
            self._folder.with_name(f"{self._folder.name}-{name}.key"),
        )
        leaf.private_key_pem.write_to_path(pair.key)
        for blob in leaf.cert_chain_pems:
            blob.write_to_path(pair.cert, append=True)
        return pair
