"""Getting finished spans to the collector: bounded, retried until delivered, out of the way.

The stock OTLP exporters give up after about eight seconds. Here a span is serialised once and held,
in memory or on disk, until the collector has it. Only a full buffer or an answer that calls the
data itself wrong loses anything, and both are counted.

`keeper` takes spans out of the callers' hands and, serialised (`records`, `otlp`), into a store
(`store`, `spool`), `courier` empties the store, `sending` gets one batch across, and `processor`
ties them together.
"""

from .processor import Delivery
from .settings import Pace, SpoolSettings, Target
from .tally import DeliveryStats

__all__ = ["Delivery", "DeliveryStats", "Pace", "SpoolSettings", "Target"]
