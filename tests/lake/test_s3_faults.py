"""S3 answers errors, late, or not at all: nothing acknowledged is lost, and all mends itself."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import httpx2
import pytest

from tests.lake.environment import lake_collectors
from tests.lake.s3 import KINDS, Faults, Gateway, versitygw
from tests.lake.senders import COST_USD, Senders, totals
from tests.lake.services import Postgres, wait_until

pytestmark = pytest.mark.timeout(600)
PATIENCE_S = 240.0
AWAY = ("503", "500", "reset")


def test_every_kind_of_failure_of_s3(cluster: Postgres, tmp_path: Path) -> None:
    """A third of all requests fails, then all do: senders are answered, in the end all is there.

    While S3 answers nothing, a question that needs files is answered by 503 and when to ask again.
    """
    program = versitygw()
    with (
        Gateway(program, tmp_path / "s3").running() as gateway,
        Faults(gateway.port).running() as faults,
    ):
        settings = {
            "SPANLEDGER_STORE__CATALOG": f"ducklake:postgres:{cluster.create('faults')}",
            "SPANLEDGER_STORE__MEMORY_LIMIT": "512MB",
            **faults.settings(),
        }
        with lake_collectors(tmp_path, 2, settings) as collectors:
            urls = [each.url for each in collectors]
            with Senders(urls) as senders:
                wait_until(lambda: totals(urls[0])[0] > 100, "calls are taken in", PATIENCE_S)
                faults.let(0.3)
                _acknowledged(senders, 400)
                wait_until(lambda: set(KINDS) <= set(faults.seen), "all went wrong", PATIENCE_S)
                faults.let(1.0, AWAY)
                failed = faults.failed(AWAY)
                _acknowledged(senders, 400)
                wait_until(lambda: faults.failed(AWAY) > failed + 10, "S3 is missed", PATIENCE_S)
                wait_until(
                    lambda: any(map(_refused, urls)),
                    "a question is answered by 503",
                    PATIENCE_S,
                )
                faults.let(0.0)
            told = (senders.acknowledged, str(Decimal(COST_USD) * senders.acknowledged))
            for url in urls:
                wait_until(lambda url=url: totals(url) == told, f"{told}", PATIENCE_S)
            alive = [each.process.poll() for each in collectors]

    assert alive == [None, None]


def _refused(url: str) -> bool:
    """Whether a question that reads every file is turned away; who read them may keep them."""
    answer = httpx2.get(f"{url}/api/v1/query/users", timeout=120)
    assert answer.status_code == 200 or "retry-after" in answer.headers, answer.text
    return answer.status_code == 503


def _acknowledged(senders: Senders, more: int) -> None:
    before = senders.acknowledged
    wait_until(lambda: senders.acknowledged > before + more, f"{more} more", PATIENCE_S)
