"""Measure pages in Chromium: how long a user waits, from the action until its result is shown.

    python benchmarks/pages.py [--quick] [--only NAME]... [--out FILE.md]

- `first`: the first page, of a server that has just started ("cold") and for the next visitor
  ("warm"), as a multiple of an empty Streamlit app's; the two take turns.
- `upload`: a photograph of 12 megapixels with a row of digits, from choosing the file until its
  picture and until its answer are there; and the same in two browsers at once.
- `draw`: from lifting the pen until the answer is there.
- `sheet`: a composed mark sheet of 9 rows and 5 columns, from choosing the file until its table is
  there; then from Enter until the next cell is selected.
- `teacher`: a sheet of 45 rows and 4 columns is checked and downloaded. Its inputs are counted: a
  file, a click, a key, or a number that is typed; and all of its keys and clicks.

Clocks run in the page itself. Servers and browser share the machine, whose load is reported too.
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
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]
from sheets import COLUMNS, compose_sheet, photograph  # noqa: E402

from digits.mnist import load_mnist  # noqa: E402

CHROMIUM = os.environ.get("DIGITS_CHROMIUM") or shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
ARGUMENTS += ["--no-first-run", "--disable-component-update", "--disable-sync"]
EMPTY = 'import streamlit as st\n\nst.title("Empty")\n'
PAGE_GOAL = 1.3  # times an empty app's first page
PICTURE_GOAL, ANSWER_GOAL = 500.0, 1500.0  # ms from choosing a file
TWO_GOAL = 2.0  # times the time of one alone: half of the processor for each of two
STROKE_GOAL = 150.0  # ms
TABLE_GOAL, CELL_GOAL = 2500.0, 150.0  # ms
EXTRA_INPUTS = 6  # besides one for each cell to check: the files, the way into the table and out
LARGE = (4000, 3000)  # px of the photograph
EXAMPLE = ROOT / "digits" / "ui" / "examples" / "a year.jpg"
WAIT = 120_000  # ms, for anything to appear
PAUSE = 400  # ms between two acts, as a person makes them
FIRST_SHEET = 7000  # seed of the first composed sheet
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

# The clock starts when a file is chosen. `seen` names what is waited for by a selector within a
# component; what it matches has a width, and pictures are loaded.
UPLOADED = """(seen) => {
    const all = () => [...document.querySelectorAll('*')];
    const roots = () => all().map((element) => element.shadowRoot).filter(Boolean);
    const isThere = (element) => element.clientWidth > 0 &&
        (element.tagName === 'IMG' ? element.src && element.complete : element.textContent);
    let start;
    window.seen = {};
    const look = () => {
        for (const [name, selector] of Object.entries(seen)) {
            const found = roots().flatMap((root) => [...root.querySelectorAll(selector)]);
            if (found.some(isThere)) window.seen[name] ??= performance.now() - start;
        }
        if (Object.keys(window.seen).length < Object.keys(seen).length) requestAnimationFrame(look);
    };
    const choice = roots().map((root) => root.querySelector('input.choice')).find(Boolean);
    choice.addEventListener('change', () => {
        start = performance.now();
        look();
    }, { capture: true, once: true });
}"""
ON_READ = {"picture": ".coming img, .stage img", "answer": "[data-testid=answer]"}
ON_SHEETS = {"table": "td[data-id]"}

# From Enter until the frame in which another cell is selected was drawn.
ENTERED = """() => {
    window.taken = [];
    const table = [...document.querySelectorAll('*')]
        .map((element) => element.shadowRoot?.querySelector('.sheet table')).find(Boolean);
    const selected = () => table.querySelector('td.selected')?.dataset.id;
    document.addEventListener('keydown', (event) => {
        if (event.key !== 'Enter') return;
        const [start, before] = [performance.now(), selected()];
        const look = () => {
            if (selected() === before) return requestAnimationFrame(look);
            requestAnimationFrame(() => window.taken.push(performance.now() - start));
        };
        look();
    }, { capture: true });
}"""


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, several times, and what it should not exceed."""

    what: str
    values: tuple[float, ...]
    goal: float
    unit: str = "ms"

    def row(self) -> str:
        """Return it as a row of a table."""
        digits = 0 if self.unit != "times" else 2
        median, least, most = (
            f"{value:.{digits}f}"
            for value in (statistics.median(self.values), min(self.values), max(self.values))
        )
        return (
            f"| {self.what} | {median} {self.unit} | {least} to {most} ({len(self.values)}) "
            f"| {self.goal:.{1 if digits else 0}f} {self.unit} |"
        )


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


def first_pages(browser: Browser, times: int) -> list[Figure]:
    """Measure the first page of this app beside that of an empty one."""
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.py"
        empty.write_text(EMPTY, encoding="utf-8")
        rounds: dict[str, list[tuple[float, float]]] = {"cold": [], "warm": []}
        for _ in range(times):
            with serve(empty) as theirs, serve(ROOT / "app.py") as ours:
                rounds["cold"].append((visit(browser, theirs), visit(browser, ours)))
                rounds["warm"].append((visit(browser, theirs), visit(browser, ours)))
    return [
        Figure(
            f"first page, {name}, in multiples of an empty app's",
            tuple(ours / theirs for theirs, ours in pairs),
            PAGE_GOAL,
            "times",
        )
        for name, pairs in rounds.items()
    ]


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


def photographed_row() -> bytes:
    """Return a photograph of 12 megapixels with a row of digits, as a JPEG."""
    with Image.open(EXAMPLE) as row:
        width = LARGE[0]
        scaled = row.convert("RGB").resize((width, row.height * width // row.width))
    page = Image.new("RGB", LARGE, scaled.getpixel((0, 0)))
    page.paste(scaled, (0, (LARGE[1] - scaled.height) // 2))
    noise = np.random.default_rng(1).normal(0, 4, (*LARGE[::-1], 1))
    return to_jpeg(np.clip(np.asarray(page) + noise, 0, 255).astype(np.uint8))


def to_jpeg(levels: np.ndarray) -> bytes:
    """Return grey or RGB levels as a JPEG."""
    file = io.BytesIO()
    Image.fromarray(levels).save(file, "JPEG", quality=88)
    return file.getvalue()


def composed_sheet(seed: int, rows: int, columns: int) -> tuple[bytes, list[list[str]]]:
    """Return a ruled mark sheet as a JPEG, and what its cells say."""
    rng = np.random.default_rng(seed)
    calibration = load_mnist().calibration
    left, _ = COLUMNS[columns - 1]
    places = (*COLUMNS[: columns - 1], (left, COLUMNS[-1][1]))  # the total beside the last mark
    ink, truth = compose_sheet(calibration, rng, ruled=True, rows=rows, columns=places)
    return to_jpeg(photograph(ink, 0, rng, shaded=True)), truth


@contextmanager
def opened(browser: Browser, address: str, seen: dict[str, str]) -> Iterator[Page]:
    """Open a page for a new visitor, with a clock that waits for a file."""
    context = browser.new_context()
    context.set_default_timeout(WAIT)
    page = context.new_page()
    page.goto(address)
    page.locator(".intake input.choice").wait_for(state="attached")
    page.locator("[data-test-script-state=notRunning]").wait_for()
    page.evaluate(UPLOADED, seen)
    try:
        yield page
    finally:
        context.close()


def choose(page: Page, file: Path) -> None:
    """Choose a file, as a user does in the browser's dialog."""
    page.locator(".intake input.choice").set_input_files(file)


def until_seen(page: Page, seen: dict[str, str]) -> dict[str, float]:
    """Return when each thing was seen after a file was chosen, in ms."""
    page.wait_for_function(f"() => Object.keys(window.seen).length === {len(seen)}")
    return {name: float(ms) for name, ms in page.evaluate("window.seen").items()}


def uploading(browser: Browser, times: int, folder: Path) -> list[Figure]:
    """Measure how long picture and answer take, alone and in two browsers at once."""
    file = folder / "row.jpg"
    file.write_bytes(photographed_row())
    alone, together = [], []
    with serve(ROOT / "app.py") as address:
        for n in range(times + 1):
            with opened(browser, address, ON_READ) as page:
                choose(page, file)
                seen = until_seen(page, ON_READ)
                if n:  # the first answer loads the model
                    alone.append(seen)
        for _ in range(times):
            with (
                opened(browser, address, ON_READ) as one,
                opened(browser, address, ON_READ) as other,
            ):
                choose(one, file)
                choose(other, file)
                both = [until_seen(page, ON_READ)["answer"] for page in (one, other)]
                together.append(max(both))
    usual = statistics.median(seen["answer"] for seen in alone)
    return [
        Figure("12 megapixels: picture", tuple(s["picture"] for s in alone), PICTURE_GOAL),
        Figure("12 megapixels: answer", tuple(s["answer"] for s in alone), ANSWER_GOAL),
        Figure(
            "the later answer of two at once, in multiples of one alone",
            tuple(ms / usual for ms in together),
            TWO_GOAL,
            "times",
        ),
    ]


def drawing(browser: Browser, times: int) -> list[Figure]:
    """Measure how long an answer takes after the pen was lifted."""
    with serve(ROOT / "app.py") as address:
        context = browser.new_context()
        context.set_default_timeout(WAIT)
        page = context.new_page()
        page.goto(f"{address}/draw")
        page.locator("canvas").first.wait_for()
        page.wait_for_timeout(2 * PAUSE)
        for drawn in range(2 * times + 1):
            page.evaluate(WATCH) if drawn == 1 else None  # the first answer loads the model
            for points in (SEVEN, ONE):
                stroke(page, points)
                page.wait_for_timeout(PAUSE)
                page.get_by_role("button", name="Clear").click()
                page.wait_for_timeout(PAUSE)
        taken = tuple(float(ms) for ms in page.evaluate("window.taken"))
        context.close()
    return [Figure("answer after the pen is lifted", taken, STROKE_GOAL)]


def tables(browser: Browser, times: int, folder: Path) -> list[Figure]:
    """Measure how long a sheet takes to its table, and Enter to the next cell."""
    taken, entered = [], []
    with serve(ROOT / "app.py") as address:
        for n in range(times + 1):
            file = folder / f"sheet {n}.jpg"
            file.write_bytes(composed_sheet(FIRST_SHEET + n, rows=9, columns=5)[0])
            with opened(browser, f"{address}/sheet", ON_SHEETS) as page:
                choose(page, file)
                seen = until_seen(page, ON_SHEETS)
                if not n:  # the first answer loads the model
                    continue
                taken.append(seen["table"])
                page.evaluate(ENTERED)
                page.locator("td.selected").click()
                for _ in range(min(times, page.locator("td.open").count())):
                    page.keyboard.press("Enter")
                    page.wait_for_timeout(PAUSE)
                entered += [float(ms) for ms in page.evaluate("window.taken")]
    return [
        Figure("9 x 5 cells: table", tuple(taken), TABLE_GOAL),
        *([Figure("next cell after Enter", tuple(entered), CELL_GOAL)] if entered else []),
    ]


def teaching(browser: Browser, times: int, folder: Path) -> list[Figure]:
    """Count what a teacher presses beyond one key for each cell that is marked uncertain."""
    more, keys = [], []
    with serve(ROOT / "app.py") as address:
        for n in range(times):
            content, truth = composed_sheet(FIRST_SHEET + 100 + n, rows=45, columns=4)
            file = folder / f"class {n}.jpg"
            file.write_bytes(content)
            with opened(browser, f"{address}/sheet", ON_SHEETS) as page:
                choose(page, file)
                until_seen(page, ON_SHEETS)
                marked = page.locator("td.open").count()
                cells = page.locator("td[data-id]").count()
                if cells != sum(map(len, truth)):
                    print(f"  45 x 4 cells, read as {cells} cells: not counted")
                    continue
                inputs, pressed = check_sheet(page, truth)
                print(f"  {marked} of 45 x 4 cells to check: {inputs} inputs, {pressed} keys")
                more.append(float(inputs - marked))
                keys.append(float(pressed - marked))
    what = "45 x 4 cells: {}, beyond one for each cell to check"
    return [
        Figure(what.format("inputs"), tuple(more), EXTRA_INPUTS, ""),
        Figure(what.format("keys and clicks"), tuple(keys), EXTRA_INPUTS, ""),
    ]


def check_sheet(page: Page, truth: list[list[str]]) -> tuple[int, int]:
    """Check a sheet as a teacher with the paper in hand; return inputs, and keys and clicks."""
    page.locator("td.selected").click()
    inputs = keys = 4  # with the file, and the two clicks of the download
    for _ in range(2 * sum(map(len, truth))):
        answered(page)
        if not page.locator("td.open").count():
            break
        steps, pressed = settle_cell(page, truth)
        inputs, keys = inputs + steps, keys + pressed
    assert not page.locator("td.open").count(), "the table never came to an end"  # noqa: S101
    page.locator(".st-key-sheet-download button").first.click()
    with page.expect_download():
        page.get_by_role("button", name="CSV").click()
    return inputs, keys


def settle_cell(page: Page, truth: list[list[str]]) -> tuple[int, int]:
    """Put the selected cell right, or the cell of its row that makes its sum differ.

    Returns
    -------
    tuple of int and int
        Inputs, and keys.
    """
    _, row, column = map(int, str(page.locator("td.selected").get_attribute("data-id")).split())
    read = [text.strip() for text in page.locator(f"td[data-id^='0 {row} ']").all_inner_texts()]
    wrong = [i for i, text in enumerate(read) if text != truth[row][i]]
    steps = 0
    if read[column] == truth[row][column] and wrong:  # the cell is right, and its sum is not
        steps = wrong[0] - column
        for _ in range(abs(steps)):
            page.keyboard.press("ArrowRight" if steps > 0 else "ArrowLeft")
        column = wrong[0]
    text = truth[row][column]
    offered = [
        each.get_attribute("data-candidate") for each in page.locator(".candidates button").all()
    ]
    if read[column] == text:
        keys = ["Enter"]
    elif text in offered:
        keys = [str(offered.index(text) + 1)]
    else:  # the first digit may be the key of a reading that is offered
        is_key = text[0] in [str(n) for n in range(1, len(offered) + 1)]
        keys = [*(["F2"] if is_key else []), *text, "Enter"]
    for key in keys:
        page.keyboard.press(key)
    return abs(steps) + 1, abs(steps) + len(keys)


def answered(page: Page) -> None:
    """Wait until Python has answered what was said."""
    page.locator(".sheet[data-waiting=false]").wait_for()
    page.locator("[data-test-script-state=notRunning]").wait_for()


MEASURES = ("first", "upload", "draw", "sheet", "teacher")


def measure(browser: Browser, name: str, times: int, folder: Path) -> list[Figure]:
    """Return the figures of one measure."""
    if name == "first":
        return first_pages(browser, times)
    if name == "draw":
        return drawing(browser, times)
    by_name = {"upload": uploading, "sheet": tables, "teacher": teaching}
    return by_name[name](browser, times, folder)


def main() -> None:
    """Print the figures, and write them where they are wanted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="once each")
    parser.add_argument("--only", action="append", choices=MEASURES, help="measure only this")
    parser.add_argument("--out", type=Path, help="a Markdown file")
    options = parser.parse_args()
    times = 1 if options.quick else 5
    lines = ["| what | median | from, to (times) | goal |", "|---|---|---|---|"]
    print("\n".join(lines))
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for name in options.only or MEASURES:
            for figure in measure(browser, name, times, Path(folder)):
                lines.append(figure.row())
                print(lines[-1], flush=True)
        browser.close()
    load, cores = os.getloadavg()[0], os.cpu_count()
    lines += ["", f"Load average at the end: {load:.1f} on {cores} cores."]
    print(lines[-1])
    if options.out:
        options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
