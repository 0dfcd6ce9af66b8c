"""The collector: receives OTLP, prices each Claude call, stores it once and answers questions."""
