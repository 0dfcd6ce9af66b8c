"""A link is a promise: what it says is what opens, now and with later versions."""

from __future__ import annotations

from datetime import date

import pytest

from spanledger_dashboard.catalogue import DIMENSIONS, MEASURES
from spanledger_dashboard.links import EXPLORER, SHARED, as_params, as_view, carried
from spanledger_dashboard.windows import RANGES


def test_the_default_view_has_a_clean_address() -> None:
    """Nothing chosen, nothing written."""
    assert as_params(as_view({}, EXPLORER), EXPLORER) == {}


def test_a_view_survives_its_link() -> None:
    """Every kind of control, also values with commas, ampersands and nothing in them."""
    params = {
        "range": ["custom"],
        "from": ["2026-11-01"],
        "to": ["2026-11-03"],
        "by": ["team"],
        "then": ["model"],
        "measure": ["cache_hit"],
        "bucket": ["hour"],
        "team": ["r&d, berlin", "(none)"],
        "user": ["u=1"],
        "tz": ["Europe/Berlin"],
    }

    view = as_view(params, EXPLORER)

    written = as_params(view, EXPLORER).items()
    assert view["from"] == date(2026, 11, 1)
    assert {name: [each] if isinstance(each, str) else each for name, each in written} == params


@pytest.mark.parametrize("name", ["range", *EXPLORER.choices])
def test_a_choice_that_does_not_exist_is_the_default(name: str) -> None:
    """The rest of the link still holds."""
    view = as_view({name: ["no such thing"], "team": ["search"]}, EXPLORER)

    assert view[name] == as_view({}, EXPLORER)[name]
    assert view["team"] == ["search"]


@pytest.mark.parametrize("end", ["2026-02-31", "2026-11-28T13:00+01:00", "noon", "1" * 64])
def test_an_end_that_is_no_day_is_kept_as_it_is(end: str) -> None:
    """An instant, or what the page then says is none; and the link stays as it was."""
    view = as_view({"from": [end], "to": ["2026-11-29"]}, SHARED)

    assert view["from"] == end
    assert as_params(view, SHARED) == {"range": "custom", "from": end, "to": "2026-11-29"}


def test_ends_make_a_custom_range() -> None:
    """A link that has them need not say so; one that names another range has no use for them."""
    ends = {"from": ["2026-11-01"], "to": ["2026-11-03"]}

    assert as_view(ends, SHARED)["range"] == "custom"
    assert as_params(as_view({"range": ["30d"], **ends}, SHARED), SHARED) == {"range": "30d"}


def test_time_zone_and_filters_go_along_to_other_pages() -> None:
    """What only one page can choose stays there."""
    address = {"range": ["30d"], "team": ["search"], "tz": ["UTC"], "by": ["team"], "call": ["x"]}

    assert carried(address) == {"range": "30d", "team": ["search"], "tz": "UTC"}


def test_the_words_of_links_do_not_change() -> None:
    """Links stand in chats and alerts for years; add names, never rename them."""
    assert set(RANGES) >= {"today", "yesterday", "24h", "7d", "30d", "90d", "month", "last_month"}
    assert set(MEASURES) >= {"cost", "calls", "tokens", "errors", "unpriced", "cache_hit"}
    assert set(DIMENSIONS) >= {"model", "service", "team", "feature", "environment", "user"}
