"""Receive OTLP/HTTP: bytes in, neutral spans out, answers to the letter of the protocol."""
