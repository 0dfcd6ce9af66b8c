"""Overview: what was spent, is it usual, what changed, who caused it, what happens right now."""

from spanledger_dashboard import filters
from spanledger_dashboard.cards.attention import attention_card
from spanledger_dashboard.cards.calls import latest_calls
from spanledger_dashboard.cards.changes import change, choose_split, movers
from spanledger_dashboard.cards.days import cost_by_day
from spanledger_dashboard.cards.spend import spend_cards

here = filters.scope()

attention_card(here)
spend_cards(here)
cost_by_day(here)
split = choose_split()
change(here, split)
movers(here, split)
latest_calls(here)
