"""The collector's address as people write it."""

from __future__ import annotations

__all__ = ["address"]


def address(endpoint: str) -> str:
    """Understand an address as it is written for other exporters: nobody sees a wrong one fail."""
    url = endpoint.strip().rstrip("/").removesuffix("/v1/traces").rstrip("/")
    return url if "://" in url else f"http://{url}"
