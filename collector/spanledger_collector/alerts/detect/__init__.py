"""Detectors: is this spend, or this silence, out of the ordinary? Pure; no clock, no database.

Everything works on many groups at once, one row a group, and on what the caller hands in: sums by
hour for what is usual, sums by minutes for what is judged.
"""
