"""Latency and reliability: slow, failing, retried, and what that costs."""

from spanledger_dashboard import filters
from spanledger_dashboard.cards import latency, latency_names

here = filters.scope()
where = (here.settings.source, here.shown, here.filters)

latency.headline(*where)
latency.over_time(*where)
group = filters.choose_group("latency")
latency_names.by_name(*where, group)
latency_names.failures(*where, group)
