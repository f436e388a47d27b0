"""Film the Read page for README: an example is read, one number checked, the answer copied.

    python scripts/make_animation.py [FILE.webp]

Each frame is a picture of the page in a browser; without a file it goes to docs/images/read.webp.
"""

import io
import sys
from pathlib import Path

from make_screenshots import ADDRESS, IMAGES, START, STILL, running_app
from PIL import Image
from playwright.sync_api import Page

SIZE = {"width": 1120, "height": 840}  # px of the page
SHOWN = (960, 720)  # px of the animation
QUALITY = 82

Frame = tuple[Image.Image, int]  # and for how many ms it is shown


def film(page: Page) -> list[Frame]:
    """Use the page as somebody new does."""
    frames: list[Frame] = []

    def shoot(ms: int) -> None:
        with Image.open(io.BytesIO(page.screenshot())) as image:
            frames.append((image.convert("RGB").resize(SHOWN, Image.Resampling.LANCZOS), ms))

    page.goto(ADDRESS)
    example = page.get_by_role("button", name="a mark sheet", exact=True)
    example.wait_for(timeout=START)
    page.wait_for_timeout(STILL)
    shoot(1400)
    example.hover()
    shoot(500)
    example.click()
    page.get_by_test_id("viewer").wait_for(timeout=START)
    shoot(700)
    page.get_by_test_id("answer").get_by_text("01384").wait_for(timeout=START)
    page.wait_for_timeout(STILL)
    shoot(1800)
    page.get_by_test_id("viewer").get_by_label("7.5, unsure", exact=True).click()
    page.get_by_role("dialog").get_by_label("Number").wait_for(timeout=START)
    page.wait_for_timeout(STILL)
    shoot(1800)
    page.keyboard.press("Enter")
    page.wait_for_timeout(2 * STILL)
    shoot(1600)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Copy table").click()
    page.wait_for_timeout(300)
    shoot(2000)
    return frames


def main() -> None:
    """Film the page, and write the animation."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES / "read.webp"
    with running_app() as browser:
        context = browser.new_context(
            viewport=SIZE,  # type: ignore[arg-type]  # Playwright's own dictionary
            color_scheme="light",
            permissions=["clipboard-read", "clipboard-write"],
        )
        frames = film(context.new_page())
        context.close()
    images, durations = zip(*frames, strict=True)
    images[0].save(
        out,
        save_all=True,
        append_images=images[1:],
        duration=list(durations),
        loop=0,
        quality=QUALITY,
        method=6,
    )
    print(f"{out}: {len(frames)} frames, {out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
