"""The time range of every page: also from one instant to another, as links of alerts have it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest
from streamlit.testing.v1 import AppTest

from tests.dashboard.conftest import Opening, collecting
from tests.dashboard.support import MILLION, Reported, labelled, report

EXPLORER = "views/explorer.py"
NOON = datetime.now(timezone.utc).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(
    days=3
)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def around_noon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """$1 that begins at noon three days ago, $2 half an hour later, $4 at one; $8 at ten."""
    with collecting(tmp_path_factory.mktemp("noon")) as url:
        taken, now = timedelta(milliseconds=800), datetime.now(timezone.utc)
        late = timedelta(seconds=2)  # the span is made a moment after this
        report(
            url,
            [
                Reported(now - at - taken - late, input_tokens=dollars * MILLION)
                for at, dollars in (
                    (NOON, 1),
                    (NOON + HOUR / 2, 2),
                    (NOON + HOUR, 4),
                    (NOON - 2 * HOUR, 8),
                )
            ],
        )
        yield url


def span(start: datetime, end: datetime) -> dict[str, str]:
    return {"from": f"{start:%Y-%m-%dT%H:%M}Z", "to": f"{end:%Y-%m-%dT%H:%M}Z"}


def headline(app: AppTest) -> dict[str, tuple[str, str]]:
    return {
        metric.label: (metric.value.replace("\\", ""), metric.proto.delta_description)
        for metric in app.metric
    }


def captions(app: AppTest) -> str:
    return "\n".join(each.value for each in app.caption).replace("\\", "")


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


@pytest.mark.parametrize("page", [EXPLORER, "views/traces.py"])
def test_a_link_to_an_hour_shows_that_hour(around_noon: str, open_app: Opening, page: str) -> None:
    """Not the day; compared with the hour before, in the zone of the page and with its name."""
    app = open_app(around_noon, page, zone="Asia/Kolkata", show="traces", **span(NOON, NOON + HOUR))

    assert not app.exception
    assert headline(app)["Cost (USD)"][0] == "$3.00"
    assert f"{NOON.day} {NOON:%b} {NOON.year} 17:30 to 18:30, Asia/Kolkata (UTC+5:30)" in captions(
        app
    )
    assert "compared with the hour before" in captions(app)
    assert [field.label.replace("\\", "") for field in app.datetime_input] == [
        "From, Asia/Kolkata (UTC+5:30)",
        "To, Asia/Kolkata (UTC+5:30)",
    ]


def test_an_hour_is_drawn_by_five_minutes(around_noon: str, open_app: Opening) -> None:
    """And a few minutes by the minute."""
    app = open_app(around_noon, EXPLORER, **span(NOON, NOON + HOUR))
    chart = app.get("vega_lite_chart")[0].proto.alt
    app = open_app(around_noon, EXPLORER, **span(NOON, NOON + HOUR / 12))

    assert chart.startswith("Cost (USD) by 5 minutes and model")
    assert app.get("vega_lite_chart")[0].proto.alt.startswith("Cost (USD) by minute and model")
    assert headline(app)["Cost (USD)"][0] == "$1.00"


@pytest.mark.parametrize("page", ["views/cache.py", "views/latency.py", "views/headroom.py"])
def test_every_page_shows_it(around_noon: str, open_app: Opening, page: str) -> None:
    """With steps of its length."""
    app = open_app(around_noon, page, zone="UTC", **span(NOON, NOON + HOUR))

    assert not app.exception
    assert not app.error
    assert f"{NOON.day} {NOON:%b} {NOON.year} 12:00 to 13:00" in captions(app)


def test_a_window_is_widened(around_noon: str, open_app: Opening) -> None:
    """By its length on both sides, to its day, and from there to any time."""
    app = open_app(around_noon, EXPLORER, zone="UTC", **span(NOON, NOON + HOUR))
    app = press(app, "Wider")
    wider = headline(app)["Cost (USD)"]
    app = press(app, "Whole days")
    day = headline(app)["Cost (USD)"]
    asked = {name: app.query_params[name] for name in ("range", "from", "to")}
    app = press(app, "Times")
    labelled(app.datetime_input, "From").set_value(NOON.replace(tzinfo=None)).run()

    assert (wider[0], day[0]) == ("$7.00", "$15.00")
    assert asked == {"range": "custom", "from": f"{NOON:%Y-%m-%d}", "to": f"{NOON:%Y-%m-%d}"}
    assert headline(app)["Cost (USD)"][0] == "$7.00"
    assert app.query_params["from"] == f"{NOON:%Y-%m-%dT%H:%M}Z"
    assert not app.exception


@pytest.mark.parametrize(
    ("ends", "says"),
    [
        ({"from": "noon", "to": "2026-11-28T14:00Z"}, "“from” is 'noon', which is no time such as"),
        ({"from": "2026-02-31", "to": "2026-03-01"}, "“from” is '2026-02-31'"),
        ({"from": "2026-11-28T13:00Z"}, "“to” is missing"),
        ({"from": "2026-11-28T13:00Z", "to": "2026-11-27"}, "has to be before"),
    ],
)
def test_a_link_that_cannot_be_read_says_so(
    around_noon: str, open_app: Opening, ends: dict[str, str], says: str
) -> None:
    """The page shows the default meanwhile, and a button leads to the days."""
    app = open_app(around_noon, EXPLORER, **ends)
    told = "\n".join(each.value for each in app.warning).replace("\\", "")

    assert not app.exception
    assert "The time range of this link cannot be read" in told
    assert says in told
    assert headline(app)["Cost (USD)"][0] == "$15.00"

    app = press(app, "Choose days")
    assert not app.warning
    assert [field.label for field in app.date_input] == ["From (day)", "To (day)"]


def test_a_window_ahead_is_empty_and_says_so(around_noon: str, open_app: Opening) -> None:
    """Nothing fails."""
    ahead = NOON + timedelta(days=30)
    app = open_app(around_noon, EXPLORER, **span(ahead, ahead + HOUR))

    assert not app.exception
    assert "lies ahead" in captions(app)
    assert "No call matches this range" in app.info[0].value


def test_days_ahead_do_not_fail(around_noon: str, open_app: Opening) -> None:
    """A link to a day that has not come."""
    day = f"{NOON + timedelta(days=30):%Y-%m-%d}"
    app = open_app(around_noon, EXPLORER, range="custom", **{"from": day, "to": day})

    assert not app.exception
    assert "No call matches this range" in app.info[0].value
