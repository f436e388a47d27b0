"""Photograph the pages, desktop and phone, light and dark, for README and for a look.

Start the app first: python -m streamlit run app.py --server.headless true
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parent.parent
OUT = ROOT / "docs" / "images"
EXAMPLE = ROOT / "digits" / "ui" / "examples" / "a year.jpg"
SIZES = {"desktop": (1280, 860), "phone": (390, 844)}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SEVEN = [(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)]  # share of the sheet's height


def read(page: Page, address: str) -> None:
    """Upload the example."""
    page.goto(address)
    page.locator("input[type=file]").set_input_files(str(EXAMPLE))
    page.get_by_test_id("answer").wait_for()


def draw(page: Page, address: str) -> None:
    """Draw a 7."""
    page.goto(f"{address}/draw")
    sheet = page.locator("canvas").first
    sheet.wait_for()
    page.wait_for_timeout(500)
    box = sheet.bounding_box()
    assert box is not None  # noqa: S101  # it was waited for
    points = [(box["x"] + x * box["height"], box["y"] + y * box["height"]) for x, y in SEVEN]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=12)
    page.mouse.up()
    page.get_by_test_id("answer").wait_for()


def sheet(page: Page, address: str) -> None:
    """Read the example sheet and go to a cell to check."""
    page.goto(f"{address}/sheet")
    page.get_by_role("button", name="Look at an example").click()
    further = page.get_by_role("button", name="Next cell to check")
    further.wait_for()
    page.wait_for_timeout(500)
    further.click()
    further.scroll_into_view_if_needed()


def main() -> None:
    """Write docs/images/PAGE-SIZE-SCHEME.png."""
    address = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8501"
    OUT.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        for size, (width, height) in SIZES.items():
            for scheme in ("light", "dark"):
                context = chromium.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme=scheme,
                    has_touch=size == "phone",
                )
                for name, act in (("read", read), ("draw", draw), ("sheet", sheet)):
                    page = context.new_page()
                    act(page, address)
                    page.wait_for_timeout(1200)
                    page.screenshot(path=OUT / f"{name}-{size}-{scheme}.png", full_page=False)
                    page.close()
                context.close()
        chromium.close()


if __name__ == "__main__":
    main()
