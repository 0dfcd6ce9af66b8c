"""How the dashboard looks: theme and server options of Streamlit as plain values; pure.

System fonts and fixed colours only: nothing is fetched from elsewhere.
"""

from __future__ import annotations

from typing import Any

__all__ = ["options"]

_SHARED: dict[str, Any] = {
    "font": "sans-serif",
    "baseFontSize": 15,
    "baseRadius": "8px",
    "buttonRadius": "8px",
    "headingFontSizes": ["26px", "20px", "17px", "15px", "14px", "13px"],
    "headingFontWeights": [650, 600, 600, 600, 600, 600],
    "metricValueFontSize": "1.9rem",
    "metricValueFontWeight": 650,
    "linkUnderline": False,
    "showWidgetBorder": True,
    "showSidebarBorder": True,
    "paddingTop": "1rem",
    "paddingBottom": "3rem",
}

_LIGHT: dict[str, Any] = {
    "primaryColor": "#1f62b8",
    "backgroundColor": "#ffffff",
    "secondaryBackgroundColor": "#f3f5f8",
    "textColor": "#0f1723",
    "linkColor": "#1f62b8",
    "borderColor": "#dbe1e8",
    "redColor": "#c2362b",
    "redTextColor": "#b3271d",
    "orangeColor": "#b85c00",
    "orangeTextColor": "#9a4d00",
    "greenColor": "#0b7a5e",
    "greenTextColor": "#0b6f56",
    "blueColor": "#1f62b8",
    "violetColor": "#6f4fb5",
    "grayColor": "#5b6675",
    "grayTextColor": "#5b6675",
    "dataframeBorderColor": "#e4e8ee",
    "dataframeHeaderBackgroundColor": "#f3f5f8",
    "dataframeHeaderTextColor": "#4a5564",
}

_DARK: dict[str, Any] = {
    "primaryColor": "#3b7dd8",
    "backgroundColor": "#10151e",
    "secondaryBackgroundColor": "#1a212d",
    "textColor": "#e8ecf2",
    "linkColor": "#7fb2f2",
    "borderColor": "#2b3544",
    "redColor": "#f0776c",
    "redTextColor": "#f58e84",
    "orangeColor": "#f0a24a",
    "orangeTextColor": "#f3b066",
    "greenColor": "#3fbf9b",
    "greenTextColor": "#52cba9",
    "blueColor": "#7fb2f2",
    "violetColor": "#ad93e6",
    "grayColor": "#9aa6b6",
    "grayTextColor": "#a3aebd",
    "dataframeBorderColor": "#2b3544",
    "dataframeHeaderBackgroundColor": "#1a212d",
    "dataframeHeaderTextColor": "#b4beca",
}

_SERVER: dict[str, Any] = {
    "server.headless": True,
    "server.fileWatcherType": "none",
    "server.runOnSave": False,
    "browser.gatherUsageStats": False,  # the browser would ask data.streamlit.io
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,  # they would take an error's words to search engines
    "client.toolbarMode": "viewer",
    "logger.level": "warning",
}


def options(host: str, port: int) -> dict[str, Any]:
    """Every option Streamlit is started with.

    An unset address would make the server ask the internet for its own, so it is always set.
    """
    themed = {f"theme.{name}": value for name, value in _SHARED.items()}
    themed |= {f"theme.light.{name}": value for name, value in _LIGHT.items()}
    themed |= {f"theme.dark.{name}": value for name, value in _DARK.items()}
    return {
        **_SERVER,
        **themed,
        "server.address": host,
        "server.port": port,
        "browser.serverAddress": host,
    }
