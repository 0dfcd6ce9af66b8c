"""Alerts: what fires, who hears of it, and until when."""
