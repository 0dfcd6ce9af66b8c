"""Whose certificates the commands believe when a collector speaks TLS."""

from __future__ import annotations

import os
import ssl

__all__ = ["authority_file", "trusted"]


def trusted(url: str) -> ssl.SSLContext | bool:
    """What to verify at an address: by the authorities in SSL_CERT_FILE, else this machine's."""
    return ssl.create_default_context() if url.startswith("https:") else True


def authority_file() -> str | None:
    """The file of an authority of one's own, for exporters, which read other variables."""
    return os.environ.get("SSL_CERT_FILE") or None
