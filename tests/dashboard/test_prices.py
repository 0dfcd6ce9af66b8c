"""The Prices page: what calls are priced by, and which calls are not."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from streamlit.testing.v1 import AppTest

from spanledger_collector.server import running_collector
from spanledger_collector.settings import load_settings
from tests.dashboard.conftest import Collecting, Opening
from tests.dashboard.support import Reported, report

PRICES = "views/prices.py"


def texts(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption])


def test_models_without_a_price_stand_on_top(known_calls: str, open_app: Opening) -> None:
    """With the reason, how many calls, and what to do."""
    app = open_app(known_calls, PRICES)

    unpriced = app.dataframe[0].value
    assert not app.exception
    assert "1 call without a price" in texts(app)
    assert "spanledger prices reprice" in texts(app)
    assert list(unpriced["Model"]) == ["claude-unheard-of"]
    assert list(unpriced["Why"]) == ["not in the price book"]


def test_a_ledger_without_them_says_so(collector: Collecting, open_app: Opening) -> None:
    """All priced is worth a line, not a table."""
    with collector() as url:
        report(url, [Reported(timedelta(seconds=5))])
        app = open_app(url, PRICES)

    assert "Every call of the last 30 days has a price" in texts(app)
    assert len(app.dataframe) == 1


def test_the_list_has_every_rate_of_today(known_calls: str, open_app: Opening) -> None:
    """A line for each length and speed, without retired models."""
    app = open_app(known_calls, PRICES)

    prices = app.dataframe[1].value
    opus = prices[prices["Model"] == "claude-opus-5-5"]
    assert list(opus["Applies to"]) == ["standard", "fast"]
    assert list(opus["Input"]) == [4.0, 8.0]
    assert list(opus["Cache read"]) == [0.2, 0.4]
    assert set(prices["Lifecycle"]) <= {"active", "deprecated"}
    assert "US dollars per million tokens" in texts(app)


def test_prices_of_another_day_with_retired_models(known_calls: str, open_app: Opening) -> None:
    """The controls ask the collector; nothing is worked out here."""
    app = open_app(known_calls, PRICES)
    app.date_input(key="price_day").set_value(date(2026, 10, 6)).run()
    app.toggle(key="active").set_value(False).run()

    prices = app.dataframe[1].value
    sonnet = prices[prices["Model"] == "claude-sonnet-5-5"]
    assert not app.exception
    assert list(sonnet["Cache read"]) == [0.2]
    assert "claude-haiku-5-5" not in set(prices["Model"])
    assert "retired" in set(prices["Lifecycle"])


def test_the_day_is_todays_after_other_pages(known_calls: str, open_app: Opening) -> None:
    """Whatever they let one choose."""
    began = datetime.now(timezone.utc).date()
    app = open_app(known_calls, "views/traces.py")
    app = app.switch_page(PRICES).run()

    assert not app.exception
    assert app.date_input(key="price_day").value in {began, datetime.now(timezone.utc).date()}


def test_a_contract_stands_beside_the_list(tmp_path: Path, open_app: Opening) -> None:
    """On its platform: the agreed price, the list price, and the contract's words."""
    file = tmp_path / "prices.toml"
    file.write_text(
        '[[override]]\nmodels = ["claude-opus-5-5"]\nplatforms = ["aws.bedrock"]\n'
        'discount_percent = 25\nnote = "EDP 2026"\n'
    )
    settings = load_settings(
        collector={"port": 0}, store={"path": tmp_path / "ledger"}, prices={"overrides": file}
    )
    with running_collector(settings) as collector:
        report(collector.url, [Reported(timedelta(seconds=5))])
        app = open_app(collector.url, PRICES)
        anywhere = app.dataframe[0].value
        app.selectbox(key="platform").select("aws.bedrock").run()
        bedrock = app.dataframe[0].value

    opus = bedrock[bedrock["Model"] == "claude-opus-5-5"].iloc[0]
    assert set(anywhere["Override"]) == {""}
    assert (opus["Input"], opus["List input"]) == (3.0, 4.0)
    assert opus["Override"].startswith("EDP 2026")
    assert "1 model under contract" in texts(app)


def test_a_day_without_prices_says_so(known_calls: str, open_app: Opening) -> None:
    """Before the first model there is nothing to list."""
    app = open_app(known_calls, PRICES)
    app.date_input(key="price_day").set_value(date(2023, 1, 1)).run()

    assert not app.exception
    assert "No model had a price" in app.info[0].value
