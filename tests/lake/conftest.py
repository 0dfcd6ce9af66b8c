"""What the tests of a lake share."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lake.environment import lake_python
from tests.lake.services import Postgres, postgres


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    """A PostgreSQL of its own, in a folder that its user may enter."""
    lake_python()
    with tempfile.TemporaryDirectory(prefix="spanledger-pg-") as folder:
        Path(folder).chmod(0o755)
        with postgres(Path(folder) / "pg") as cluster:
            yield cluster
