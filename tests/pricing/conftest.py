"""Leaves out what cannot run: `genai-prices`, the second opinion, needs Python 3.11."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore = [] if find_spec("genai_prices") else ["test_second_opinion.py"]
