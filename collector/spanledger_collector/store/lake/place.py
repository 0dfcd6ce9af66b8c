"""Where a lake is: its catalog, its files, and what opens them; knows no database."""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["PREFIX", "LakePlace"]

PREFIX: Final = "ducklake:postgres:"


class LakePlace(NamedTuple):
    """A catalog in PostgreSQL, and a folder or bucket of Parquet files."""

    catalog: str
    """`ducklake:postgres:` and how libpq connects, such as `host=db dbname=ledger`."""
    data_path: str
    """A folder, or `s3://bucket/prefix`."""
    s3_endpoint: str | None = None
    s3_region: str | None = None
    s3_key_id: str | None = None
    s3_secret: str | None = None
    max_inbox_bytes: int = 8 << 30
    """What may wait in PostgreSQL before collectors turn senders away."""
    extension_repository: str | None = None
    """Where DuckDB's extensions are downloaded if no wheel fits; by default from DuckDB."""

    @property
    def connection(self) -> str:
        """How libpq connects."""
        return self.catalog.removeprefix(PREFIX)

    @property
    def is_s3(self) -> bool:
        """Whether the files are on S3."""
        return self.data_path.startswith("s3://")
