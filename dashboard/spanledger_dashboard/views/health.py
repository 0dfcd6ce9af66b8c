"""Health: is the data fresh, complete and trustworthy, and what to do where it is not."""

from datetime import datetime

from spanledger_dashboard import address, filters
from spanledger_dashboard.cards import health

settings = address.settings()

health.freshness(settings.source, settings.zone)
health.to_do(settings.source, settings.zone)
shown = filters.choose_window(datetime.now(settings.zone), settings.zone)
health.refused(settings.source, shown)
health.reporters(settings.source, shown)
health.doubts(settings.source, shown)
health.ledger(settings.source, shown)
