"""How long pages take in Chromium: the first beside an empty app's, and answers while drawing.

    python benchmarks/pages.py [--quick] [--out FILE.md]

Two servers are started by turns, an empty Streamlit app and this one. "Cold" is the first visit to
a server that has just started, until its title stands there; "warm" is the next visitor's. While
drawing, the time runs from lifting the pen until the answer stands on the page.
"""

import argparse
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

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parent.parent
CHROMIUM = os.environ.get("DIGITS_CHROMIUM") or shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
ARGUMENTS += ["--no-first-run", "--disable-component-update", "--disable-sync"]
EMPTY = 'import streamlit as st\n\nst.title("Empty")\n'
PAGE_GOAL = 1.3  # times an empty app's first page
DRAW_GOAL = 150.0  # ms from stroke to answer
SETTLED = 400  # ms after which a page that was drawn on has nothing more to say
SEVEN, ONE = [(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)], [(0.5, 0.2), (0.5, 0.8)]

# The clock starts when the pen is lifted and stops when the answer stands on the page, both in the
# page itself. A stroke that was answered before it ended is not counted.
WATCH = """() => {
    window.taken = [];
    let lifted = null;
    const heard = () => document.querySelector('[data-testid=answer]')?.textContent ?? '';
    document.addEventListener('pointerup', (event) => {
        const drawn = event.composedPath()[0].tagName === 'CANVAS' && heard() === '';
        lifted = drawn ? performance.now() : null;
    }, true);
    new MutationObserver(() => {
        if (lifted === null || heard() === '') return;
        window.taken.push(performance.now() - lifted);
        lifted = null;
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""


@contextmanager
def serve(script: Path) -> Iterator[str]:
    """Run an app and give its address."""
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
    """Return how long somebody new waits for a page's title, in ms."""
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


def drawing(browser: Browser, times: int, sheet: str) -> list[float]:
    """Return how long each answer took after the last movement, in ms, in order."""
    taken: list[float] = []
    with serve(ROOT / "app.py") as address:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{address}/draw{sheet}")
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
        for what, sheet in (("one digit", ""), ("a number", "?sheet=A+number")):
            taken = drawing(browser, 2 * times, sheet)
            lines.append(
                f"drawing {what}: an answer {statistics.median(taken):.0f} ms after the "
                f"stroke (median of {len(taken)}), slowest {taken[-1]:.0f} ms "
                f"(goal {DRAW_GOAL:.0f})"
            )
        browser.close()
    text = "\n".join(f"- {line}" for line in lines) + "\n"
    print(text, end="")
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
