"""A local server that speaks the Messages API: a test double of Anthropic's, never of our code.

    from spanledger_demo.simulator import running_simulator

    with running_simulator() as simulator:
        client = anthropic.Anthropic(base_url=simulator.url, api_key="any")
        ...
        assert simulator.bill().usd() == Decimal("0.0165")

The `x-simulator` request header, which `asking(…)` makes, asks for any case (the table is in
`spanledger_demo.simulator.directives`), and `GET /_simulator/bill` shows what was billed. Nothing
here imports `spanledger`.
"""

from spanledger_demo.simulator.bill import Bill, BillLine, BillTotals
from spanledger_demo.simulator.counts import Counts
from spanledger_demo.simulator.directives import HEADER, asking
from spanledger_demo.simulator.server import Simulator, running_simulator

__all__ = [
    "HEADER",
    "Bill",
    "BillLine",
    "BillTotals",
    "Counts",
    "Simulator",
    "asking",
    "running_simulator",
]
