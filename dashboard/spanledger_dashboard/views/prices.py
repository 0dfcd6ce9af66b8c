"""Prices: what calls are priced by, and which calls are not."""

from spanledger_dashboard import address
from spanledger_dashboard.cards.prices import price_list, unpriced_models

settings = address.settings()

unpriced_models(settings)
price_list(settings)
