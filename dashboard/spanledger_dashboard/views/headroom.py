"""Headroom: will rate limits be hit, and which first."""

from spanledger_dashboard import filters
from spanledger_dashboard.cards import headroom
from spanledger_dashboard.layout import grid

here = filters.scope()
where = (here.settings.source, here.shown, here.filters)

headroom.headline(*where)
with grid(2, min_column_width=340):
    headroom.use_over_time(*where)
    headroom.refusals(*where)
headroom.per_limit(*where)
