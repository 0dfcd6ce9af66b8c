"""TLS for both ports, from certificate files that are checked before anything listens."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spanledger_collector.settings import CollectorSettings

__all__ = ["TlsError", "server_context"]


class TlsError(Exception):
    """The certificate files cannot be used; the message says which and why."""


def server_context(settings: CollectorSettings) -> ssl.SSLContext | None:
    """The context for gRPC; HTTP is given the same files. None without TLS.

    Raises:
        TlsError: a file cannot be used.
    """
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2"])
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except OSError as error:  # ssl.SSLError is one
        files = f"collector.tls_cert ({settings.tls_cert}) and collector.tls_key"
        raise TlsError(f"{files} ({settings.tls_key}) {_unusable(error)}") from error
    if settings.tls_client_ca is not None:
        _demand_certificates(context, settings.tls_client_ca)
    return context


def _demand_certificates(context: ssl.SSLContext, authority: Path) -> None:
    try:
        context.load_verify_locations(authority)
    except OSError as error:
        raise TlsError(f"collector.tls_client_ca ({authority}) {_unusable(error)}") from error
    context.verify_mode = ssl.CERT_REQUIRED


def _unusable(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"cannot be used: {reason}. Both ports need PEM files that this user may read."
