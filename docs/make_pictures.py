"""Takes the pictures of the documentation from a running dashboard.

spanledger demo &
python docs/make_pictures.py http://127.0.0.1:8501
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

FOLDER = Path(__file__).parent / "images"
CHROMIUM = "/usr/bin/chromium"
WIDTH, HEIGHT = 1400, 1250
MOST_BYTES = 150_000
# The pages in both modes; those of one mode keep the repository small.
BOTH = {"overview": "/", "explorer": "/explorer?range=7d&by=team&then=model"}
LIGHT = {
    "traces": "/traces?show=traces&range=7d",
    "cache": "/cache?range=30d",
    "latency": "/latency?range=30d",
    "headroom": "/headroom?range=24h",
    "alerts": "/alerts",
    "prices": "/prices",
    "health": "/health",
}


def main() -> None:
    """Photograph each page."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("url", nargs="?", default="http://127.0.0.1:8501")
    arguments.add_argument("--settle", type=float, default=8.0, help="seconds to let a page draw")
    arguments.add_argument("--zone", help="a zone in which some of today has passed")
    arguments.add_argument("--only", nargs="*", default=[*BOTH, *LIGHT], help="names of pages")
    given = arguments.parse_args()
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        for name in given.only:
            path = {**BOTH, **LIGHT}[name]
            zone = f"{'&' if '?' in path else '?'}tz={given.zone}" if given.zone else ""
            for scheme in ("light", "dark") if name in BOTH else ("light",):
                photograph(browser, given.url + path + zone, name, scheme, given.settle)
        browser.close()


def photograph(browser: Browser, url: str, name: str, scheme: str, settle_s: float) -> None:
    """One picture, in few colours so that it stays small."""
    page = browser.new_page(
        viewport={"width": WIDTH, "height": HEIGHT},
        color_scheme=scheme,  # type: ignore[arg-type]  # a literal either way
    )
    page.goto(url)
    page.wait_for_timeout(settle_s * 1000)
    taken = Image.open(io.BytesIO(page.screenshot()))
    page.close()
    file = FOLDER / f"{name}-{scheme}.png"
    taken.convert("RGB").quantize(96, dither=Image.Dither.NONE).save(file, optimize=True)
    if file.stat().st_size > MOST_BYTES:
        print(f"{file.name} has {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
