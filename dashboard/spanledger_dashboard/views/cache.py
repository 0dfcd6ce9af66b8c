"""Cache: does caching pay, and why does it miss."""

from spanledger_dashboard import filters
from spanledger_dashboard.cards import cache
from spanledger_dashboard.layout import grid

here = filters.scope()
where = (here.settings.source, here.shown, here.filters)

cache.headline(*where)
cache.over_time(*where)
with grid(2, min_column_width=340):
    cache.misses(*where)
    cache.writes_by_lifetime(*where)
group = filters.choose_group("cache")
cache.worst(*where, group)
cache.late_reuses(*where)
