"""Overview shows what the ledger knows, through the entry script and a real collector."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qsl

import httpx2
import pytest
from streamlit.testing.v1 import AppTest

from spanledger_collector.server import running_collector
from spanledger_collector.settings import load_settings
from spanledger_dashboard.cards.spend import projection
from tests.dashboard.conftest import Collecting, Opening
from tests.dashboard.support import HAIKU, Reported, noon_zone, report


def texts(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption])


def test_spend_today_has_both_comparisons(known_calls: str, open_app: Opening) -> None:
    """Yesterday to the same time, and the same weekday last week."""
    app = open_app(known_calls)

    spend = app.metric[0]
    assert not app.exception
    assert (spend.label, spend.value) == ("Spend today", r"\$6.00")
    assert spend.delta == r"+\$4.00 (+200%)"
    assert re.search(r"vs \$2\.00 yesterday to 1\d:", spend.proto.delta_description)
    assert r"-\$2.00 (-25%)] :gray[vs \$8.00 last" in texts(app)


def test_unpriced_calls_stand_beside_the_sum(known_calls: str, open_app: Opening) -> None:
    """They are counted where the sum is read, not summed as zero."""
    app = open_app(known_calls)

    assert "+ 1 unpriced call (20.0%)]" in texts(app)


def test_charts_say_what_they_lack(known_calls: str, open_app: Opening) -> None:
    """A call without a price has no bar, so the card says so."""
    app = open_app(known_calls)

    assert texts(app).count("1 unpriced call is not in this chart") == 1


def test_shares_are_compared_in_points(known_calls: str, open_app: Opening) -> None:
    """Four answers and one failure today; ten of thirteen million tokens from the cache."""
    app = open_app(known_calls)

    values = {metric.label: (metric.value, metric.delta) for metric in app.metric}
    assert values["Error share today"] == ("20.0%", "+20.0 pts")
    assert values["Cache-hit share today"] == ("71.4%", "+71.4 pts")
    assert values["Calls today"] == ("5", "+4 (+400%)")


def test_time_zone_and_freshness_are_on_the_page(known_calls: str, open_app: Opening) -> None:
    """A number without its zone and its age is not trusted."""
    app = open_app(known_calls, zone="Asia/Kolkata")

    assert r"Asia/Kolkata \(UTC\+5\:30\)" in texts(app)
    assert "Last call" in texts(app)


def test_every_chart_has_words_for_those_who_do_not_see_it(
    known_calls: str, open_app: Opening
) -> None:
    """Two charts, each with its own description."""
    app = open_app(known_calls)

    words = [chart.proto.alt for chart in app.get("vega_lite_chart")]
    assert len(words) == 2
    assert words[1] == (
        "What changed by team: no change, $8.00 as before; "
        "legal -$8.00 gone, payments +$6.00 new, discovery +$2.00 new"
    )


def test_a_difference_is_told_by_who_and_why(known_calls: str, open_app: Opening) -> None:
    """The largest first, each with its reason and the way to its slice."""
    app = open_app(known_calls)

    drivers = [text.value for text in app.markdown if ":red[**" in text.value]
    assert drivers == [
        r":red[**+\$6.00**] payments :gray[new]",
        r":red[**+\$2.00**] discovery :gray[new]",
    ]
    moved = app.dataframe[0].value
    assert list(moved["Team"]) == ["legal", "payments", "discovery"]
    assert list(moved["Change"]) == ["-$8.00", "+$6.00", "+$2.00"]
    assert [sum(days) for days in moved["Days"]] == [8.0, 6.0, 2.0]


def test_what_changed_can_be_told_apart_otherwise(known_calls: str, open_app: Opening) -> None:
    """The choice is a parameter of the link, and the ways lead to that slice."""
    app = open_app(known_calls, split="service", tz="Etc/UTC")

    ways = [
        (link.proto.label, link.proto.query_string)
        for link in app.get("page_link")
        if link.proto.label == "Explore"
    ]
    assert ("Explore", "tz=Etc%2FUTC&by=feature&service=search") in ways


def test_filters_hold_for_every_part(known_calls: str, open_app: Opening) -> None:
    """One team's sums, its changes and its calls."""
    app = open_app(known_calls, team=["discovery"])

    assert app.metric[0].value == r"\$2.00"
    assert list(app.dataframe[0].value["Team"]) == ["discovery"]
    assert list(app.dataframe[1].value["Team"]) == ["discovery"]


def test_the_latest_calls_are_listed(known_calls: str, open_app: Opening) -> None:
    """Newest first, with ids to copy, and no price where there is none."""
    app = open_app(known_calls)

    calls = app.dataframe[1].value
    assert list(calls["Model"][:4]) == [HAIKU, HAIKU, HAIKU, "claude-unheard-of"]
    assert list(calls["Cost"][:5]) == ["$1.00", "$2.00", "$3.00", "unpriced", "$0.00"]
    assert calls["Outcome"][4] == "overloaded_error"
    assert all(len(trace) == 32 for trace in calls["Trace"])
    assert calls["Request"][0].startswith("req_")


def test_a_latest_call_opens_in_full(known_calls: str, open_app: Opening) -> None:
    """Its link leads to its trace, and there to itself."""
    calls = open_app(known_calls).dataframe[1].value
    page, _, params = calls["Open"][0].partition("?")
    link = dict(parse_qsl(params))

    app = open_app(known_calls, f"views/{page}.py", **link)

    assert link["trace"] == calls["Trace"][0]
    assert not app.exception
    assert any(calls["Request"][0] in code.value for code in app.code)


def test_a_young_ledger_is_not_compared_with_nothing(
    collector: Collecting, open_app: Opening
) -> None:
    """Before the first call nothing is known, which is not $0."""
    with collector() as url:
        report(url, [Reported(timedelta(seconds=5))])
        app = open_app(url)

    assert app.metric[0].delta == ""
    assert "no earlier data: the ledger begins on" in app.metric[0].proto.delta_description


def test_an_old_ledger_still_opens(collector: Collecting, open_app: Opening) -> None:
    """Nothing in the last thirty days is a page with zeros, not a failure."""
    with collector() as url:
        report(url, [Reported(timedelta(days=200))])
        app = open_app(url)

    assert not app.exception
    assert app.metric[0].value == r"\$0.00"
    assert "No team costs more or less than before." in [info.value for info in app.info]


@pytest.mark.parametrize("demo", [True, False])
def test_demo_data_is_called_so(known_calls: str, open_app: Opening, demo: bool) -> None:
    """On every page, and only in the demo."""
    for page in (None, "views/explorer.py"):
        app = open_app(known_calls, page, demo=demo)

        assert ("Demo data" in texts(app)) is demo


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 11, 16), Decimal(200)),
        (datetime(2026, 11, 30, 23, 59, 59), None),
        (datetime(2026, 11, 1, 23, 59), "none"),
        (datetime(2026, 2, 15), Decimal(200)),
    ],
)
def test_the_projection_is_linear(now: datetime, expected: Decimal | str | None) -> None:
    """Half a month at $100 is $200; the first day says nothing yet."""
    projected = projection(Decimal(100), now)

    if expected == "none":
        assert projected is None
    elif expected is None:
        assert projected is not None
        assert Decimal(100) < projected < Decimal("100.01")
    else:
        assert projected == expected


def test_open_alerts_and_budgets_stand_on_top(tmp_path: Path, open_app: Opening) -> None:
    """A budget that is used up fires, and both are told in a line."""
    file = tmp_path / "spanledger.toml"
    file.write_text(
        f'[collector]\nport = 0\n[dashboard]\ntime_zone = "{noon_zone()}"\n'
        '[[budgets]]\nname = "all-of-it"\nusd = 2\n'
    )
    settings = load_settings(file, store={"path": tmp_path / "ledger"})
    with running_collector(settings) as collector:
        report(collector.url, [Reported(timedelta(seconds=5), input_tokens=5_000_000)])
        judged = httpx2.post(f"{collector.url}/api/v1/alerts/evaluate", json={})
        judged.raise_for_status()
        app = open_app(collector.url)

    assert not app.exception
    (budget,) = (bar.proto.text for bar in app.get("progress"))
    assert budget.startswith(r"Budget all\-of\-it: **\$5.00** of \$2.00 (250%)")
    (alert,) = (text.value for text in app.markdown if "notifications_active" in text.value)
    assert alert.startswith(
        ":red[:material/notifications_active: **Budget all\\-of\\-it**, critical]"
    )
    assert r"\$5\.00 of \$2\.00" in alert


def test_what_has_no_price_is_compared_with_nothing(
    collector: Collecting, open_app: Opening
) -> None:
    """An unknown cost is not $0: it has neither changed nor stayed."""
    with collector() as url:
        unknown = Reported(timedelta(seconds=5), model="claude-unheard-of")
        report(url, [unknown, Reported(timedelta(days=1, hours=1))])
        app = open_app(url)

    spend = next(metric for metric in app.metric if metric.label == "Spend today")
    assert (spend.value, spend.delta) == ("unpriced", "")
    assert "no change" not in texts(app)


def test_without_alerts_and_budgets_there_is_no_card(known_calls: str, open_app: Opening) -> None:
    """Silence is what one wants to see in the morning."""
    app = open_app(known_calls)

    assert not app.get("progress")
    assert "open alert" not in texts(app)
