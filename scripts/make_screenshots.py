"""Photograph every page, on a desk and on a phone, light and dark, for README and for a look.

    python scripts/make_screenshots.py [FOLDER] [--only TEXT]

The app is started for it, with one writer's digits stored; without a folder, those that documents
show go to docs/images.
"""

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, sync_playwright

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]
from writers import corrected_digits  # noqa: E402

from digits.corrections.store import Corrections  # noqa: E402
from digits.settings import DATABASE  # noqa: E402

IMAGES = ROOT / "docs" / "images"
EXAMPLES = ROOT / "digits" / "ui" / "examples"
N_DIGITS = 34  # stored before the pages are photographed
LEAN = 0.8  # of their writer
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


def on_a_desk(page: Page) -> None:
    """Read a photograph of a sheet that lies on a desk."""
    page.locator(".intake input.choice").set_input_files(
        [FilePayload(name="photo.jpg", mimeType="image/jpeg", buffer=sheet_on_a_desk())]
    )
    page.get_by_role("button", name="Move corners").wait_for(timeout=START)


def taught(page: Page) -> None:
    """Teach from the digits that are stored, and look at before and after."""
    page.get_by_role("button", name="Teach").click()
    page.get_by_test_id("before-after").wait_for(timeout=START)


def look(page: Page) -> None:
    """Wait until all is there."""
    page.wait_for_timeout(STILL)


def view(name: str) -> Callable[[Page], None]:
    """Return what opens a view of "How it works"."""

    def choose(page: Page) -> None:
        page.get_by_text(name, exact=True).first.click()
        page.wait_for_timeout(2 * STILL)

    return choose


def sheet_on_a_desk() -> bytes:
    """Return a JPEG of the example sheet as somebody photographs it from the side."""
    with Image.open(EXAMPLES / "a mark sheet.jpg") as image:
        sheet = np.asarray(image.convert("RGB"), np.float32)
    height, width = sheet.shape[:2]
    size = (3 * width // 2, 8 * height // 5)
    desk = np.full((size[1], size[0], 3), (105, 80, 60), np.float32)
    desk += np.random.default_rng(0).normal(0, 4, (size[1], size[0], 1))
    ends = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    seen = np.array([(0.18, 0.12), (0.86, 0.17), (0.8, 0.86), (0.13, 0.8)], np.float32) * size
    matrix = cv2.getPerspectiveTransform(ends, seen.astype(np.float32))
    laid = cv2.warpPerspective(sheet, matrix, size)
    mask = cv2.warpPerspective(np.ones_like(sheet), matrix, size)
    file = io.BytesIO()
    levels = np.clip(laid * mask + desk * (1 - mask), 0, 255).astype(np.uint8)
    Image.fromarray(levels).save(file, "JPEG", quality=90)
    return file.getvalue()


# Page, what is done there before it is photographed, and the picture's name.
View = tuple[str, Callable[[Page], None], str]
VIEWS: list[View] = [
    ("Read", look, "start"),
    ("Read", read, "read"),
    ("Read", on_a_desk, "paper"),
    ("Draw", look, "draw-empty"),
    ("Draw", draw, "draw"),
    ("Sheets", look, "sheets-empty"),
    ("Sheets", sheets, "sheets"),
    ("Your handwriting", look, "handwriting"),
    ("Your handwriting", taught, "taught"),
    ("How it works", look, "how-it-works"),
    ("How it works", view("Dense network"), "dense"),
    ("How it works", view("Training"), "training"),
    ("How it works", view("Accuracy"), "accuracy"),
]


# Of all those pictures, the ones that documents show.
SHOWN = (
    "read-desktop-light",
    "read-phone-dark",
    "draw-desktop-light",
    "sheets-desktop-light",
    "taught-desktop-light",
)


def open_view(browser: Browser, size: str, scheme: str, view: View) -> Page:
    """Open a page for somebody new, and do there what a view shows."""
    name, act, _ = view
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]  # one of its own words
        has_touch=size == "phone",
    )
    context.set_default_timeout(START)
    page = context.new_page()
    page.goto(ADDRESS)
    page.get_by_role("heading", level=1).wait_for()
    if name not in MAIN:
        page.locator(".st-key-menu button").click()
    page.get_by_role("link", name=name, exact=True).click()
    page.get_by_role("heading", level=1, name=name).wait_for()
    act(page)
    page.wait_for_timeout(STILL)
    return page


def all_views() -> Iterator[tuple[str, str, str, View]]:
    """Yield NAME-SIZE-SCHEME of each picture with what it shows."""
    for size in SIZES:
        for scheme in SCHEMES:
            for view in VIEWS:
                yield f"{view[2]}-{size}-{scheme}", size, scheme, view


@contextmanager
def running_app() -> Iterator[Browser]:
    """Start the app, with one writer's digits stored, and a browser."""
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    with tempfile.TemporaryDirectory() as kept, sync_playwright() as driver:
        store = Corrections(f"sqlite:///{(Path(kept) / DATABASE).as_posix()}")
        store.add(corrected_digits(N_DIGITS, read="1", lean=LEAN))
        store.close()
        server = subprocess.Popen(
            [*command, "--server.port", str(PORT)],
            cwd=ROOT,
            env={**os.environ, "DIGITS_HOME": kept, "DIGITS_MODE": "personal"},
            stdout=subprocess.DEVNULL,
        )
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            wait_for_server(browser)
            yield browser
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


def main() -> None:
    """Photograph what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, help="all pictures go there")
    parser.add_argument("--only", default="", help="pictures whose names hold this text")
    options = parser.parse_args()
    out = options.folder or IMAGES
    out.mkdir(parents=True, exist_ok=True)
    with running_app() as browser:
        for file, size, scheme, view in all_views():
            if options.only in file and (options.folder or file in SHOWN):
                page = open_view(browser, size, scheme, view)
                page.screenshot(path=out / f"{file}.png")
                page.context.close()


if __name__ == "__main__":
    main()
