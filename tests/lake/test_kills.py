"""Whatever is killed, no acknowledged call is lost and none counts twice.

A short run; `make lake-soak` kills everything again and again, on S3, and notes recovery times.
"""

from __future__ import annotations

import signal
from decimal import Decimal
from pathlib import Path

import pytest

from tests.lake.environment import LakeCollector, lake_collectors
from tests.lake.senders import COST_USD, Senders, totals
from tests.lake.services import Postgres, wait_until

pytestmark = pytest.mark.timeout(600)


def settings(cluster: Postgres, name: str, folder: Path) -> dict[str, str]:
    return {
        "SPANLEDGER_STORE__CATALOG": f"ducklake:postgres:{cluster.create(name)}",
        "SPANLEDGER_STORE__DATA_PATH": str(folder / "files"),
        "SPANLEDGER_STORE__MEMORY_LIMIT": "512MB",
    }


def maintainer(collectors: list[LakeCollector]) -> LakeCollector | None:
    return next((each for each in collectors if each.maintains()), None)


def test_nothing_acknowledged_is_lost_and_nothing_counts_twice(
    cluster: Postgres, tmp_path: Path
) -> None:
    """The maintainer is killed, then PostgreSQL with the next one, while calls come in."""
    with lake_collectors(tmp_path, 2, settings(cluster, "kills", tmp_path)) as collectors:
        wait_until(lambda: maintainer(collectors), "a maintainer is elected")
        with Senders([each.url for each in collectors]) as senders:
            wait_until(lambda: totals(collectors[0].url)[0] > 100, "calls are taken in")
            killed = maintainer(collectors)
            assert killed is not None
            killed.kill()
            wait_until(lambda: maintainer(collectors), "another collector maintains the lake")
            before = senders.acknowledged
            wait_until(lambda: senders.acknowledged > before + 100, "calls are acknowledged")
            killed.start()
            aborted = maintainer(collectors)
            assert aborted is not None
            cluster.stop(signal.SIGQUIT)
            aborted.kill()  # as DuckDB's extension now and then aborts it by itself then
            cluster.start()
            aborted.start()
            before = senders.acknowledged

            def acknowledged_again() -> bool:
                for collector in collectors:
                    collector.revive()
                return senders.acknowledged > before + 100

            wait_until(acknowledged_again, "calls are acknowledged again", 120)
        told = (senders.acknowledged, str(Decimal(COST_USD) * senders.acknowledged))
        for collector in collectors:
            collector.revive()
        for collector in collectors:
            wait_until(lambda url=collector.url: totals(url) == told, f"{told}", 120)
