"""Health: is the data fresh, complete and trustworthy, and what to do where it is not."""

from datetime import datetime

from spanledger_dashboard import address
from spanledger_dashboard.cards import health, reports
from spanledger_dashboard.time_range import choose_window

settings = address.settings()

health.freshness(settings.source, settings.zone)
health.to_do(settings.source, settings.zone)
shown = choose_window(datetime.now(settings.zone), settings.zone)
reports.refused(settings.source, shown)
reports.reporters(settings.source, shown)
reports.doubts(settings.source, shown)
health.ledger(settings.source, shown)
