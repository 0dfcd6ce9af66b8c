"""Overview: what was spent, is it usual, who caused it, and what happens right now."""

from spanledger_dashboard import address
from spanledger_dashboard.cards.breakdown import cost_by
from spanledger_dashboard.cards.calls import latest_calls
from spanledger_dashboard.cards.days import cache_by_day, cost_by_day, tokens_by_day
from spanledger_dashboard.cards.spend import spend_cards
from spanledger_dashboard.layout import grid

settings = address.settings()

spend_cards(settings)
cost_by_day(settings)
with grid(2, min_column_width=300):
    cost_by("service", settings)
    cost_by("team", settings)
with grid(2, min_column_width=300):
    tokens_by_day(settings)
    cache_by_day(settings)
latest_calls(settings)
