"""The query API: named, parameterised, read-only questions to the ledger."""
