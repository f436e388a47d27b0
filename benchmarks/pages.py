"""Measure pages in Chromium: the first page, an upload, and readings while drawing.

    python benchmarks/pages.py [--quick] [--out FILE.md]

Two servers are started by turns, an empty Streamlit app and this one. "Cold" is the first visit to
a server that has just started, until its title stands there; "warm" is the next visitor's. An
upload is a photograph of 12 megapixels with a row of digits: the time runs from choosing the file
until its picture and until its answer stand on the page. While drawing, it runs from lifting the
pen until the answer does. The machine's load is reported with the figures.
"""

import argparse
import io
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, sync_playwright

ROOT = Path(__file__).parent.parent
CHROMIUM = os.environ.get("DIGITS_CHROMIUM") or shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
ARGUMENTS += ["--no-first-run", "--disable-component-update", "--disable-sync"]
EMPTY = 'import streamlit as st\n\nst.title("Empty")\n'
PAGE_GOAL = 1.3  # times an empty app's first page
DRAW_GOAL = 150.0  # ms from stroke to answer
PICTURE_GOAL, ANSWER_GOAL = 500.0, 1500.0  # ms from choosing a file
LARGE = (4000, 3000)  # px of the photograph
EXAMPLE = ROOT / "digits" / "ui" / "examples" / "a year.jpg"
SETTLED = 400  # ms after which a page that was drawn on has nothing more to say
SEVEN, ONE = [(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)], [(0.5, 0.2), (0.5, 0.8)]

# The clock starts when the pen is lifted and stops when the answer stands on the page, both in the
# page itself. A stroke that was answered before it ended is not counted.
WATCH = """() => {
    window.taken = [];
    let lifted = null;
    const card = () => [...document.querySelectorAll('.st-key-drawn-answer *')]
        .map((element) => element.shadowRoot).find(Boolean);
    const heard = () => card()?.querySelector('[data-testid=answer]')?.textContent ?? '';
    document.addEventListener('pointerup', (event) => {
        const drawn = event.composedPath()[0].tagName === 'CANVAS' && heard() === '';
        lifted = drawn ? performance.now() : null;
    }, true);
    new MutationObserver(() => {
        if (lifted === null || heard() === '') return;
        window.taken.push(performance.now() - lifted);
        lifted = null;
    }).observe(card(), { childList: true, subtree: true, characterData: true });
}"""

# In the page too: from the moment at which the file was chosen.
COMING = """() => {
    const start = performance.now();
    const all = () => [...document.querySelectorAll('*')];
    const shadows = () => all().map((element) => element.shadowRoot).filter(Boolean);
    const shown = (image) => image.src && image.complete && image.clientWidth > 0;
    window.seen = {};
    const look = () => {
        for (const root of shadows()) {
            const images = [...root.querySelectorAll('.coming img, .stage img')];
            if (images.some(shown)) window.seen.picture ??= performance.now() - start;
            if (root.querySelector('[data-testid=answer]')?.textContent) {
                window.seen.answer ??= performance.now() - start;
            }
        }
        if (!window.seen.answer) requestAnimationFrame(look);
    };
    look();
}"""


@contextmanager
def serve(script: Path) -> Iterator[str]:
    """Run an app and yield its address."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless", "true"]
    with tempfile.TemporaryDirectory() as kept:
        process = subprocess.Popen(
            [*command, "--server.port", str(port)],
            cwd=ROOT,  # the same settings for both
            env={**os.environ, "DIGITS_HOME": kept, "DIGITS_MODE": "personal"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        address = f"http://localhost:{port}"
        try:
            for _ in range(600):
                try:
                    urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()  # noqa: S310
                    break
                except OSError:
                    time.sleep(0.1)
            yield address
        finally:
            process.terminate()
            process.wait()


def visit(browser: Browser, address: str) -> float:
    """Return the time to a page's title for a new visitor, in ms."""
    context = browser.new_context()
    page = context.new_page()
    start = time.perf_counter()
    page.goto(address)
    page.get_by_role("heading", level=1).wait_for()
    taken = 1000 * (time.perf_counter() - start)
    context.close()
    return taken


def first_pages(browser: Browser, times: int) -> dict[str, tuple[float, float, float]]:
    """Return both apps' medians in ms and the median of their ratios: the empty one's, ours."""
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.py"
        empty.write_text(EMPTY, encoding="utf-8")
        rounds: dict[str, list[tuple[float, float]]] = {"cold": [], "warm": []}
        for _ in range(times):
            with serve(empty) as theirs, serve(ROOT / "app.py") as ours:
                rounds["cold"].append((visit(browser, theirs), visit(browser, ours)))
                rounds["warm"].append((visit(browser, theirs), visit(browser, ours)))
    return {
        name: (
            statistics.median(theirs for theirs, _ in pairs),
            statistics.median(ours for _, ours in pairs),
            statistics.median(ours / theirs for theirs, ours in pairs),
        )
        for name, pairs in rounds.items()
    }


def stroke(page: Page, points: list[tuple[float, float]]) -> None:
    """Draw through points, given as shares of the sheet's height."""
    box = page.locator("canvas").first.bounding_box()
    assert box is not None  # noqa: S101  # it was waited for
    places = [(box["x"] + x * box["height"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for _, (x, y) in pairwise(places):
        page.mouse.move(x, y, steps=3)
    page.mouse.up()


def photograph() -> bytes:
    """Return a photograph of 12 megapixels with a row of digits, as a JPEG."""
    with Image.open(EXAMPLE) as row:
        width = LARGE[0]
        scaled = row.convert("RGB").resize((width, row.height * width // row.width))
    page = Image.new("RGB", LARGE, scaled.getpixel((0, 0)))
    page.paste(scaled, (0, (LARGE[1] - scaled.height) // 2))
    noise = np.random.default_rng(1).normal(0, 4, (*LARGE[::-1], 1))
    file = io.BytesIO()
    levels = np.clip(np.asarray(page) + noise, 0, 255).astype(np.uint8)
    Image.fromarray(levels).save(file, "JPEG", quality=88)
    return file.getvalue()


def uploading(browser: Browser, times: int) -> list[tuple[float, float]]:
    """Return how long picture and answer took after a file was chosen, in ms."""
    taken = []
    picture = FilePayload(name="row.jpg", mimeType="image/jpeg", buffer=photograph())
    with serve(ROOT / "app.py") as address:
        for n in range(times + 1):
            context = browser.new_context()
            page = context.new_page()
            page.goto(address)
            page.locator(".intake input.choice").wait_for(state="attached")
            page.wait_for_timeout(2 * SETTLED)
            page.evaluate(COMING)
            page.locator(".intake input.choice").set_input_files([picture])
            page.wait_for_function("() => window.seen.answer")
            seen = page.evaluate("window.seen")
            if n:  # the first answer loads the model
                taken.append((float(seen["picture"]), float(seen["answer"])))
            context.close()
    return taken


def drawing(browser: Browser, times: int) -> list[float]:
    """Return how long each answer took after the last movement, in ms, in order."""
    taken: list[float] = []
    with serve(ROOT / "app.py") as address:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{address}/draw")
        page.locator("canvas").first.wait_for()
        page.wait_for_timeout(2 * SETTLED)
        for drawn in range(times + 1):
            page.evaluate(WATCH) if drawn == 1 else None  # the first answer loads the model
            for points in (SEVEN, ONE):
                stroke(page, points)
                page.wait_for_timeout(SETTLED)
                page.get_by_role("button", name="Clear").click()
                page.wait_for_timeout(SETTLED)
        taken = [float(ms) for ms in page.evaluate("window.taken")]
        context.close()
    return sorted(taken)


def main() -> None:
    """Print the figures, and write them where they are wanted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="once each")
    parser.add_argument("--out", type=Path, help="a Markdown file")
    options = parser.parse_args()
    times = 1 if options.quick else 5
    lines = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for name, (theirs, ours, ratio) in first_pages(browser, times).items():
            lines.append(
                f"first page, {name}: {ours:.0f} ms, an empty app's {theirs:.0f} ms, "
                f"ratio {ratio:.2f} (goal {PAGE_GOAL})"
            )
        uploads = uploading(browser, times)
        for i, (what, goal) in enumerate((("picture", PICTURE_GOAL), ("answer", ANSWER_GOAL))):
            figures = [each[i] for each in uploads]
            lines.append(
                f"upload of a row of 12 megapixels: {what} after "
                f"{statistics.median(figures):.0f} ms (median of {len(figures)}), "
                f"slowest {max(figures):.0f} ms (goal {goal:.0f})"
            )
        taken = drawing(browser, 2 * times)
        lines.append(
            f"drawing: an answer {statistics.median(taken):.0f} ms after the stroke "
            f"(median of {len(taken)}), slowest {taken[-1]:.0f} ms (goal {DRAW_GOAL:.0f})"
        )
        load, cores = os.getloadavg()[0], os.cpu_count()
        lines.append(f"load average at the end: {load:.1f} on {cores} cores")
        browser.close()
    text = "\n".join(f"- {line}" for line in lines) + "\n"
    print(text, end="")
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
