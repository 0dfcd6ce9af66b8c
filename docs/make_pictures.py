"""Takes the pictures of the documentation from a running dashboard.

spanledger demo &
python docs/make_pictures.py http://127.0.0.1:8501
"""

from __future__ import annotations

import argparse
from pathlib import Path

from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).parent / "images"
CHROMIUM = "/usr/bin/chromium"
PICTURES = {
    "overview": ("/", 1180),
    "explorer": ("/explorer?range=7d&by=team&then=model", 1250),
    "cache": ("/cache", 1150),
    "latency": ("/latency", 1150),
    "headroom": ("/headroom", 1150),
    "health": ("/health", 1000),
}
IN_THE_DARK = ("overview", "explorer")


def main() -> None:
    """Photograph each page in light, and some in dark."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("url", nargs="?", default="http://127.0.0.1:8501")
    arguments.add_argument("--settle", type=float, default=8.0, help="seconds to let a page draw")
    given = arguments.parse_args()
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        for scheme in ("light", "dark"):
            for name, (path, height) in PICTURES.items():
                if scheme == "dark" and name not in IN_THE_DARK:
                    continue
                page = browser.new_page(
                    viewport={"width": 1280, "height": height},
                    color_scheme=scheme,  # type: ignore[arg-type]  # a literal either way
                )
                page.goto(given.url + path)
                page.wait_for_timeout(given.settle * 1000)
                page.screenshot(path=FOLDER / f"{name}-{scheme}.png")
                page.close()
        browser.close()


if __name__ == "__main__":
    main()
