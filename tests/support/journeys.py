"""What people do on Read and Draw, for browser tests."""

import io
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
from app_server import ROOT
from PIL import Image

from digits.corrections.store import Corrections
from digits.mnist import load_mnist
from digits.settings import DATABASE

EXAMPLES = ROOT / "digits" / "ui" / "examples"
WAIT = 60_000  # ms, generous: machines are shared
# Resolves when the styles are there and nothing has moved for ten frames. Animations that have no
# end, such as the progress line, are none to wait for.
STILL = """async () => {
    const frame = () => new Promise(requestAnimationFrame);
    const isMoving = (one) =>
        one.playState === 'running' && one.effect.getComputedTiming().endTime !== Infinity;
    const places = () => [...document.querySelectorAll(
        '[data-testid=stElementContainer], [data-testid=stLayoutWrapper], [data-testid=stDialog]'
    )].map((element) => Object.values(element.getBoundingClientRect().toJSON())).join();
    const hasStyles = () => getComputedStyle(document.body).getPropertyValue('--header') !== '';
    await document.fonts.ready;
    let [before, same] = ['', 0];
    while (same < 10) {
        await frame();
        const now = places();
        const isStill = hasStyles() && now === before && !document.getAnimations().some(isMoving);
        same = isStill ? same + 1 : 0;
        before = now;
    }
}"""
FRAME = 0.016  # s from one movement of a finger to the next
SEVEN = [(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)]  # shares of the sheet's height
ONE = [(0.5, 0.2), (0.5, 0.8)]


def arrive(page, address: str) -> None:
    """Open a page and wait until it can be used."""
    page.goto(address)
    page.get_by_role("heading", level=1).wait_for(timeout=WAIT, state="attached")
    page.locator(".intake, canvas").first.wait_for(timeout=WAIT)


def upload(page, *files) -> None:
    """Choose files, as paths or as Playwright's dictionaries."""
    chosen = page.locator(".intake input.choice")
    chosen.wait_for(timeout=WAIT, state="attached")
    chosen.set_input_files([str(f) if isinstance(f, Path) else f for f in files])


def until_answer(page, text: str) -> None:
    page.get_by_test_id("answer").get_by_text(text, exact=True).wait_for(timeout=WAIT)


def until_idle(page) -> None:
    """Wait until the script has run."""
    page.locator("[data-test-script-state=notRunning]").wait_for(timeout=WAIT)


def until_still(page) -> None:
    """Wait until the script has run and the page moves no more."""
    until_idle(page)
    page.evaluate(STILL)


def to_be_corrected(page, box: int = 0):
    """Open the popover of a box, and return its field."""
    page.get_by_test_id("viewer").locator(".box").nth(box).click(timeout=WAIT)
    return page.get_by_role("dialog").get_by_label("Number")


def correct(page, truth: str, box: int = 0) -> None:
    field = to_be_corrected(page, box)
    field.fill(truth)
    field.press("Enter")


def stored(folder: Path) -> list[tuple[str, str, str, int | None, str | None]]:
    """Return (read, truth, source, digit, act) of what is stored, lines first."""
    store = Corrections(f"sqlite:///{folder / DATABASE}")
    found = [(c.read, c.truth, c.source, c.digit, c.act) for c in store.all()]
    store.close()
    return sorted(found, key=lambda each: -1 if each[3] is None else each[3])


def scan_of(*values: int) -> bytes:
    """Return a PDF with one validation digit a page."""
    mnist = load_mnist().validation
    sheets = []
    for value in values:
        digit = mnist.pictures[int(np.flatnonzero(mnist.labels == value)[0])]
        sheet = Image.new("L", (400, 300), 255)
        sheet.paste(Image.fromarray(255 - digit).resize((112, 112)), (150, 90))
        sheets.append(sheet)
    file = io.BytesIO()
    sheets[0].save(file, "PDF", save_all=True, append_images=sheets[1:])
    return file.getvalue()


def places_on_sheet(page, stroke):
    """Return where points of the sheet, as shares of its height, lie in the window."""
    sheet = page.locator("canvas").first
    sheet.wait_for(timeout=WAIT)
    until_still(page)
    box = sheet.bounding_box()
    return [(box["x"] + x * box["height"], box["y"] + y * box["height"]) for x, y in stroke]


def draw(page, stroke, *, lift: bool = True) -> None:
    """Draw a stroke with the mouse."""
    places = places_on_sheet(page, stroke)
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=12)
    if lift:
        page.mouse.up()
        until_read(page)


def until_read(page) -> None:
    """Wait until all that was drawn has been read, not only what was there in between."""
    page.locator(".sheet[data-waiting=false]").wait_for(timeout=WAIT)
    until_idle(page)


def draw_by_finger(page, stroke) -> None:
    """Draw a stroke with a finger that stands still before it is lifted.

    A browser takes a finger that is lifted in motion for a flick, and the next tap for its end.
    """
    places = places_on_sheet(page, stroke)
    path = [
        (x + (to_x - x) * step / 10, y + (to_y - y) * step / 10)
        for (x, y), (to_x, to_y) in pairwise(places)
        for step in range(1, 11)
    ]
    path += [path[-1]] * 10
    session = page.context.new_cdp_session(page)
    start = time.time() - FRAME * (len(path) + 2)  # so that all of it lies in the past

    def touch(kind, n, *points) -> None:
        touches = [{"x": x, "y": y} for x, y in points]
        event = {"type": kind, "touchPoints": touches, "timestamp": start + n * FRAME}
        session.send("Input.dispatchTouchEvent", event)

    touch("touchStart", 0, places[0])
    for n, place in enumerate(path, start=1):
        touch("touchMove", n, place)
    touch("touchEnd", len(path) + 1)
    until_read(page)
