"""The prices in force in the collector: the book, the contract over it, and what they change."""

from spanledger_collector.prices.contract import ContractError, read_contract
from spanledger_collector.prices.in_force import PricesInForce, book_under

__all__ = ["ContractError", "PricesInForce", "book_under", "read_contract"]
