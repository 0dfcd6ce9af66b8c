"""Cache: does caching pay, and why does it miss."""

from spanledger_dashboard import filters
from spanledger_dashboard.cards import cache, cache_names, cache_time
from spanledger_dashboard.layout import grid

here = filters.scope()
where = (here.settings.source, here.shown, here.filters)

cache.headline(*where)
cache_time.over_time(*where)
with grid(2, min_column_width=340):
    cache_time.misses(*where)
    cache_time.writes_by_lifetime(*where)
group = filters.choose_group("cache")
cache_names.worst(*where, group)
cache_names.late_reuses(*where)
