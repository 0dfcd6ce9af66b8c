"""Trace requests in protobuf, many spans at once: the fast lane beside `ledger.book`."""

from __future__ import annotations

from spanledger_collector.columnar.request import Booked, Sent, book_protobuf, book_together

__all__ = ["Booked", "Sent", "book_protobuf", "book_together"]
