"""The overrides file: contract rates and discounts in TOML → a price book under that contract.

Every error names the file, the line, what stands there and what should; only `read_contract` reads.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spanledger.pricing import Model, PriceBook
from spanledger_collector.prices.entry import Entry
from spanledger_collector.prices.lines import ContractError, Lines

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["ContractError", "contract_from_toml", "read_contract"]

_DIGEST_LENGTH = 8


def read_contract(path: Path, book: PriceBook) -> PriceBook:
    """Put the contract of a file over a price book.

    Raises:
        ContractError: with the line, what is wrong there and what to write.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ContractError(
            f"The overrides file {path} (prices.overrides) cannot be read: {reason}."
        ) from error
    return contract_from_toml(text, str(path), book)


def contract_from_toml(text: str, name: str, book: PriceBook) -> PriceBook:
    """Put a contract over a price book.

    Raises:
        ContractError: with the line, what is wrong there and what to write.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ContractError(f"{name} is not valid TOML: {error}.") from error
    lines = Lines(text, name)
    for key in data:
        if key != "override":
            lines.refuse(None, key, f"'{key}' means nothing here; write [[override]] tables")
    tables = data.get("override", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        lines.refuse(None, "override", "write [[override]] with two brackets, once for each")
    entries = [Entry(table, index, lines, book) for index, table in enumerate(tables)]
    more = tuple(_unknown_models(entries))
    terms = tuple(entry.term(more) for entry in entries)
    if not terms:
        return book
    digest = hashlib.sha256(repr(_essence(tables)).encode()).hexdigest()[:_DIGEST_LENGTH]
    return book.under(terms, digest, more)


def _unknown_models(entries: list[Entry]) -> Iterator[Model]:
    """Models that only the contract knows, each once."""
    found: dict[str, Model] = {}
    for entry in entries:
        for model in entry.new_models():
            found.setdefault(model.id, model)
    return iter(found.values())


def _essence(value: Any) -> Any:
    """A value by which two files that say the same are the same, whatever they look like."""
    if isinstance(value, Mapping):
        return sorted((key, _essence(each)) for key, each in value.items() if key != "note")
    return [_essence(each) for each in value] if isinstance(value, list) else str(value)
