"""`prices reprice`: price history anew, by the collector when it runs, else in the ledger."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

import typer
from rich.table import Table

from spanledger_collector.cli.api import ApiError, Unreachable, WrongRequest, client
from spanledger_collector.cli.console import FAILED, MISUSED, fail, print_table, say
from spanledger_collector.cli.offline import lies_by_itself, opened_ledger
from spanledger_collector.cli.options import (
    ConfigOption,
    DataDirOption,
    TokenOption,
    UrlOption,
    settings_or_fail,
)
from spanledger_collector.settings import Settings


class Format(str, Enum):
    """How to print what changes."""

    table = "table"
    json = "json"


def reprice(
    first: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="First day, YYYY-MM-DD, UTC.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="Last day, YYYY-MM-DD, UTC.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change; change nothing.")
    ] = False,
    format: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = Format.table,
    url: UrlOption = None,
    token: TokenOption = None,
    data_dir: DataDirOption = None,
    config: ConfigOption = None,
) -> None:
    """Price the ledger's calls anew by today's price book and overrides, all or nothing.

    A running collector does it itself and reads the overrides file anew. Otherwise the file of the
    data folder is opened, and so is one that --data-dir names and that no process has open. What
    changed is kept in the table `reprices`.

    [bold]Examples[/bold]
      spanledger prices reprice --dry-run
      spanledger prices reprice --from 2026-10-07 --to 2026-10-31
    """
    settings = settings_or_fail(config, store={"path": data_dir})
    wanted = {"from": first, "to": last, "apply": not dry_run}
    try:
        if lies_by_itself(settings, url, data_dir):
            answer = _offline(settings, wanted, asked=False)
        else:
            with client(settings, url, token, timeout_s=3600.0) as api:
                answer = api.reprice(wanted)
    except Unreachable as error:
        if url is not None:
            fail(str(error), FAILED)
        answer = _offline(settings, wanted, asked=True)
    except WrongRequest as error:
        fail(str(error), MISUSED)
    except ApiError as error:
        fail(str(error), FAILED)
    if format is Format.json:
        sys.stdout.write(json.dumps(answer, indent=2) + "\n")
    else:
        _print(answer)


def _offline(settings: Settings, wanted: Mapping[str, Any], *, asked: bool) -> dict[str, Any]:
    """The same without a collector, on the ledger itself."""
    from spanledger_collector.prices import ContractError, book_under
    from spanledger_collector.prices.http import BadRequest, answer_of, request_of
    from spanledger_collector.prices.reprice import RepriceError
    from spanledger_collector.store import StoreError, StoreUnavailable

    try:
        request, apply = request_of(wanted)
        book = book_under(settings.prices.overrides)
        started = time.monotonic()
        with opened_ledger(settings, asked=asked) as store:
            plan = request.plan(store, book)
            plan = request.apply(store, book, plan) if apply else plan
    except (BadRequest, ContractError) as error:
        fail(str(error), MISUSED)
    except (RepriceError, StoreError, StoreUnavailable) as error:
        fail(str(error), FAILED)
    return answer_of(plan, book.version, applied=apply, seconds=time.monotonic() - started)


def _print(answer: Mapping[str, Any]) -> None:
    rows = answer["rows"]
    changed = [row for row in rows if row["changed"]]
    table = Table()
    for column in ("day", "model", "calls", "changed", "before", "after", "difference", "unpriced"):
        table.add_column(column, justify="left" if column in {"day", "model"} else "right")
    for row in changed:
        table.add_row(row["day"], row["model"], *_cells([row]))
    if len(changed) > 1:
        table.add_section()
        table.add_row("all", "", *_cells(changed))
    if changed:
        print_table(table)
    looked_at = sum(row["calls"] for row in rows)
    count = sum(row["changed"] for row in rows)
    verb = "changed" if answer["applied"] else "would change"
    say(
        f"{count:,} of {looked_at:,} calls {verb} under prices {answer['prices_version']}"
        f" ({answer['seconds']:.1f} s)."
    )


def _cells(rows: list[dict[str, Any]]) -> list[str]:
    before, after = (sum(Decimal(row[key]) for row in rows) for key in ("before_usd", "after_usd"))
    unpriced = [sum(row[key] for row in rows) for key in ("unpriced_before", "unpriced_after")]
    return [
        f"{sum(row['calls'] for row in rows):,}",
        f"{sum(row['changed'] for row in rows):,}",
        f"${before:f}",
        f"${after:f}",
        f"{after - before:+f}",
        str(unpriced[0]) if unpriced[0] == unpriced[1] else f"{unpriced[0]} → {unpriced[1]}",
    ]
