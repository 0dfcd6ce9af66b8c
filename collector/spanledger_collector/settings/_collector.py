"""The collector's own options: where it listens, whom it lets in, how much it takes on."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import ByteSize, Field, model_validator
from pydantic_core import PydanticCustomError

from spanledger_collector.settings._section import Section
from spanledger_collector.settings._tokens import TeamToken
from spanledger_collector.settings._values import Port, Token, authority, base_url

MIB = 1024 * 1024
STANDARD_PORT, STANDARD_GRPC_PORT = 4318, 4317


class CollectorSettings(Section):
    """Where the collector listens and how much it takes on at once."""

    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address to listen on. Any but a loopback address needs `collector.token`.",
    )
    port: Port = Field(
        default=STANDARD_PORT,
        description="Port for OTLP/HTTP and the query API; 0 takes any free port.",
    )
    grpc_port: Port | Literal["off"] | None = Field(
        default=None,
        description="Port for OTLP/gRPC, 0 takes any free port, `off` none at all. By default"
        " 4317 beside port 4318, any free one beside port 0, otherwise off.",
    )
    token: Token | None = Field(
        default=None,
        description="When set, every request must carry `Authorization: Bearer <token>`. This"
        " token opens everything.",
    )
    tokens: tuple[TeamToken, ...] | None = Field(
        default=None,
        description="Further tokens, of single teams for example (`docs/security.md`).",
    )
    tls_cert: Path | None = Field(
        default=None, description="Certificate chain (PEM): both ports then speak TLS alone."
    )
    tls_key: Path | None = Field(default=None, description="The certificate's private key (PEM).")
    tls_client_ca: Path | None = Field(
        default=None, description="CA (PEM) that must have signed the certificate of every client."
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="How log lines are written to standard error."
    )
    max_body_bytes: ByteSize = Field(
        default=ByteSize(64 * MIB), gt=0, description="Largest request body, after decompression."
    )
    max_inflight_bytes: ByteSize = Field(
        default=ByteSize(256 * MIB),
        gt=0,
        description="Memory for requests under way, in which each byte counts three times; beyond"
        " it clients are told to retry.",
    )
    query_timeout_s: float = Field(
        default=30.0, gt=0, description="A query that takes longer is stopped."
    )
    query_max_rows: int = Field(
        default=100_000, gt=0, description="Rows of one answer; longer answers are cut and say so."
    )

    @property
    def url(self) -> str:
        """The collector's address for a client on this machine."""
        return base_url(self.host, self.port, "https" if self.tls_cert else "http")

    @property
    def grpc_asked(self) -> int | None:
        """The port to ask for, 0 for any; None when gRPC is off."""
        if self.grpc_port is None:
            return {STANDARD_PORT: STANDARD_GRPC_PORT, 0: 0}.get(self.port)
        return None if self.grpc_port == "off" else self.grpc_port

    def grpc_target(self, port: int) -> str:
        """Where a gRPC client on this machine finds a port."""
        return authority(self.host, port)

    @model_validator(mode="after")
    def _whole_tls(self) -> CollectorSettings:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise PydanticCustomError("tls_pair", "needs tls_cert and tls_key together, or neither")
        if self.tls_client_ca is not None and self.tls_cert is None:
            raise PydanticCustomError("tls_ca", "has a tls_client_ca, which needs tls_cert, too")
        return self
