"""Side by side where there is room, one below the other where there is not."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

__all__ = ["grid"]


def grid(columns: int, min_column_width: int) -> DeltaGenerator:
    """A container that lays what is put into it out in columns.

    Args:
        columns: how many columns at most.
        min_column_width: pixels below which a column moves to the next line.
    """
    if hasattr(st, "grid"):
        return st.grid(columns, min_column_width=min_column_width)
    # Streamlit 1.65, the last line for Python 3.10: a row that wraps, without equal columns.
    return st.container(horizontal=True)
