"""Prices: what calls are priced by, and which calls are not."""

from spanledger_dashboard.cards.prices import price_list, unpriced_models
from spanledger_dashboard.settings import from_environment

settings = from_environment()

unpriced_models(settings)
price_list(settings)
