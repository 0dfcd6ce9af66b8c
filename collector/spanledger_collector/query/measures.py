"""A query without the measures that nobody asked for: planning each costs more than adding it up.

Lines are left out of the query's own file, by names of a list; nothing of a request becomes SQL.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Final

from spanledger_collector.query.columns import MEASURES

__all__ = ["MADE_OF", "PARAMETER", "only"]

PARAMETER: Final = "measures"
"""The parameter that names them; it is not bound."""
MADE_OF: Final = {"cache_write_usd": ("cache_write_5m_usd", "cache_write_1h_usd")}
"""What a measure is worked out from, where that has another name."""
_NAMES: Final = frozenset(MEASURES).union(*MADE_OF.values())
_SUM = re.compile(r"^ +(?:whole\()?sum\(.* as (\w+),?\n", re.MULTILINE)
_LAST_COMMA = re.compile(r",(\n *from )")


def only(sql: str, measures: Collection[str]) -> str:
    """Leave out the sums of all measures but these; none are all."""
    return _only(sql, frozenset(measures)) if measures else sql


@lru_cache(maxsize=256)
def _only(sql: str, measures: frozenset[str]) -> str:
    wanted = measures.union(*(MADE_OF.get(name, ()) for name in measures))
    dropped = _NAMES - wanted
    kept = _SUM.sub(lambda line: "" if line[1] in dropped else line[0], sql)
    return _LAST_COMMA.sub(r"\1", kept)
