"""The upstream OpenTelemetry Collector in front of a lake, with deploy/otelcol.yaml."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path

import pytest

from tests.clients.edge import Edge
from tests.lake.balancer import balanced
from tests.lake.environment import lake_collectors, lake_python
from tests.lake.senders import COST_USD, Senders, totals
from tests.lake.services import postgres, wait_until

PATIENCE_S = 240.0


@pytest.mark.timeout(600)
def test_everything_behind_and_in_front_is_killed(tmp_path: Path) -> None:
    """Both collectors, PostgreSQL and the upstream Collector: all that it took counts, once."""
    lake_python()
    with (
        tempfile.TemporaryDirectory(prefix="spanledger-pg-") as folder,
        postgres(_open_to_all(folder) / "pg") as cluster,
    ):
        settings = {
            "SPANLEDGER_STORE__CATALOG": f"ducklake:postgres:{cluster.create('edge')}",
            "SPANLEDGER_STORE__DATA_PATH": str(tmp_path / "files"),
            "SPANLEDGER_STORE__MEMORY_LIMIT": "512MB",
        }
        with (
            lake_collectors(tmp_path, 2, settings) as collectors,
            balanced([each.port for each in collectors]) as address,
        ):
            edge = Edge(tmp_path / "queue", address)
            urls = [each.url for each in collectors]
            with Senders([edge.url]) as senders:
                with edge.running():
                    wait_until(lambda: totals(urls[1])[0] > 100, "calls come in", PATIENCE_S)
                    collectors[0].kill()
                    _taken(senders)
                    cluster.restart_immediately()
                    _taken(senders)
                    collectors[1].kill()  # it may have ended with PostgreSQL
                    _taken(senders)
                with edge.running():  # killed with all that in its queue
                    for collector in collectors:
                        collector.start()
                    _taken(senders)
                    senders.finish()
                    told = (senders.acknowledged, str(Decimal(COST_USD) * senders.acknowledged))
                    for url in urls:
                        wait_until(lambda url=url: totals(url) == told, f"{told}", PATIENCE_S)


def _open_to_all(folder: str) -> Path:
    """PostgreSQL's user has to enter it."""
    Path(folder).chmod(0o755)
    return Path(folder)


def _taken(senders: Senders) -> None:
    before = senders.acknowledged
    wait_until(lambda: senders.acknowledged > before + 200, "more is taken", PATIENCE_S)
