"""Photograph every page, on a desk and on a phone, light and dark, for README and for a look.

    python scripts/make_screenshots.py [FOLDER]

The app is started for it, with nothing kept; without a folder the pictures go to docs/images.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parent.parent
MAIN = ("Read", "Draw", "Sheets")  # the others are in the menu
PORT = 8637
ADDRESS = f"http://localhost:{PORT}"
SIZES = {"desktop": (1280, 860), "phone": (390, 844)}  # px
SCHEMES = ("light", "dark")
CHROMIUM = os.environ.get("DIGITS_CHROMIUM") or shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SEVEN = [(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)]  # share of the sheet's height
STILL = 1500  # ms after which a page moves no more
START = 60_000  # ms, for the first page of a server that is only starting


def read(page: Page) -> None:
    """Read the example with a table, and open a number that is to be checked."""
    page.get_by_role("button", name="a mark sheet", exact=True).click()
    page.get_by_test_id("answer").get_by_text("01384").wait_for(timeout=START)
    page.wait_for_timeout(STILL)
    page.get_by_test_id("viewer").get_by_label("7.5, unsure", exact=True).click()
    page.get_by_role("dialog").get_by_label("Number").wait_for()


def draw(page: Page) -> None:
    """Draw a 7."""
    sheet = page.locator("canvas").first
    sheet.wait_for()
    page.wait_for_timeout(STILL)
    box = sheet.bounding_box()
    assert box is not None  # noqa: S101  # it was waited for
    points = [(box["x"] + x * box["height"], box["y"] + y * box["height"]) for x, y in SEVEN]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=12)
    page.mouse.up()
    page.get_by_test_id("answer").get_by_text("7").wait_for(timeout=START)


def sheets(page: Page) -> None:
    """Read the example sheet."""
    page.get_by_role("button", name="Try the example").click()
    page.locator(".strip .title").wait_for(timeout=START)


# Page, what is done there before it is photographed, and the picture's name.
VIEWS: list[tuple[str, Callable[[Page], None], str]] = [
    ("Read", lambda page: page.wait_for_timeout(STILL), "start"),
    ("Read", read, "read"),
    ("Draw", draw, "draw"),
    ("Sheets", sheets, "sheets"),
    ("Your handwriting", lambda page: page.wait_for_timeout(STILL), "handwriting"),
    ("How it works", lambda page: page.wait_for_timeout(STILL), "how-it-works"),
]


def photograph(browser: Browser, out: Path) -> None:
    """Write NAME-SIZE-SCHEME.png for every view of the app."""
    for size, (width, height) in SIZES.items():
        for scheme in SCHEMES:
            for name, act, file in VIEWS:
                context = browser.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme=scheme,  # type: ignore[arg-type]  # one of its own words
                    has_touch=size == "phone",
                )
                page = context.new_page()
                page.goto(ADDRESS)
                page.get_by_role("heading", level=1).wait_for(timeout=START)
                if name not in MAIN:
                    page.locator(".st-key-menu button").click()
                page.get_by_role("link", name=name, exact=True).click(timeout=START)
                page.get_by_role("heading", level=1, name=name).wait_for(timeout=START)
                act(page)
                page.wait_for_timeout(STILL)
                page.screenshot(path=out / f"{file}-{size}-{scheme}.png")
                context.close()


def main() -> None:
    """Start the app, photograph it, stop it."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    out.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    with tempfile.TemporaryDirectory() as kept, sync_playwright() as driver:
        server = subprocess.Popen(
            [*command, "--server.port", str(PORT)],
            cwd=ROOT,
            env={**os.environ, "DIGITS_HOME": kept, "DIGITS_MODE": "personal"},
            stdout=subprocess.DEVNULL,
        )
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            wait_for_server(browser)
            photograph(browser, out)
        finally:
            browser.close()
            server.terminate()
            server.wait()


def wait_for_server(browser: Browser) -> None:
    """Wait until the app answers."""
    page = browser.new_page()
    for _ in range(START // STILL):
        try:
            page.goto(ADDRESS)
            break
        except Exception:  # not there yet
            page.wait_for_timeout(STILL)
    page.close()


if __name__ == "__main__":
    main()
