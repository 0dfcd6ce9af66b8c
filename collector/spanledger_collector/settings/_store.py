"""The store's own options: a file on this machine, or a lake that many collectors share."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import ByteSize, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from spanledger_collector.settings._section import Section
from spanledger_collector.settings._values import HttpUrl, Memory

CATALOG_PREFIX: Final = "ducklake:postgres:"


class StoreSettings(Section):
    """Where the ledger lies and what the database may use."""

    path: Path = Field(
        default=Path("spanledger-data"),
        description="Data folder; the database is `ledger.duckdb` in it. In the settings file a"
        " relative path starts at the file's own folder.",
    )
    memory_limit: Memory | None = Field(default="2GB", description="Memory the database may use.")
    threads: int | None = Field(
        default=None, gt=0, description="Threads the database may use; by default one per core."
    )
    min_free_bytes: ByteSize = Field(
        default=ByteSize(512 * 1024 * 1024),
        ge=0,
        description="Room on the disk below which nothing more is written; reading goes on.",
    )
    calls_keep_days: int = Field(
        default=400,
        ge=1,
        le=36_500,
        description="Days for which calls are kept. Sums by hour of older ones remain.",
    )
    spans_keep_days: int = Field(
        default=30,
        ge=1,
        le=36_500,
        description="Days for which other spans, metric points and refused spans are kept.",
    )
    alerts_keep_days: int = Field(
        default=400,
        ge=35,
        le=36_500,
        description="Days for which alerts that are over, their history and messages are kept; at"
        " least 35, as what is usual is learned from four weeks.",
    )
    catalog: SecretStr | None = Field(
        default=None,
        description="Makes the ledger a lake, which many collectors share (`docs/scaling.md`):"
        " `ducklake:postgres:` and how to connect to PostgreSQL.",
    )
    data_path: str | None = Field(
        default=None,
        min_length=1,
        description="Where a lake's Parquet files are: `s3://bucket/prefix`, or a folder that all"
        " collectors see.",
    )
    s3_endpoint: HttpUrl | None = Field(
        default=None, description="Where S3 answers; by default Amazon's."
    )
    s3_region: str | None = Field(default=None, description="The bucket's region.")
    s3_key_id: str | None = Field(default=None, description="Access key for the bucket.")
    s3_secret: SecretStr | None = Field(default=None, description="The access key's secret.")
    max_inbox_bytes: ByteSize = Field(
        default=ByteSize(8 * 1024**3),
        gt=0,
        description="What may wait in PostgreSQL to be taken into a lake; beyond it clients are"
        " told to retry.",
    )
    extension_repository: HttpUrl | None = Field(
        default=None,
        description="Where a lake downloads DuckDB's extensions if no wheel of them fits, such as a"
        " mirror in a closed network; by default DuckDB's own server.",
    )

    @model_validator(mode="after")
    def _whole_lake(self) -> StoreSettings:
        if (self.catalog is None) != (self.data_path is None):
            raise PydanticCustomError("lake", "needs catalog and data_path together, or neither")
        if self.catalog and not self.catalog.get_secret_value().startswith(CATALOG_PREFIX):
            raise PydanticCustomError(
                "catalog",
                "has a catalog that does not begin with 'ducklake:postgres:', such as"
                " 'ducklake:postgres:host=db dbname=ledger user=spanledger'",
            )
        return self
