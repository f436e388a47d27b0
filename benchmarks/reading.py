"""Measure the time to read a picture, relative to decoding it and to the networks alone.

    python benchmarks/reading.py [--quick] [--only NAME]... [--root CHECKOUT] [--json FILE]

Pictures of seven kinds, composed of MNIST validation digits: a 28 x 28 PNG with `--single`; a
number of 300 x 100 px; a photographed row of 1 megapixel; a 12-megapixel page of ten lines; a mark
sheet of 150 cells; a page of noise; and an empty page. Times are of the processor, on one thread:
those of the clock depend on what else the machine does. `--root` measures another checkout.
"""

import argparse
import cProfile
import importlib
import io
import json
import pstats
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np
import onnxruntime
from PIL import Image

ROOT = Path(__file__).parent.parent
PAGE = (3000, 4000)  # px, height and width: 12 megapixels
SHEET_ROWS = 30  # of five cells
GRAIN = 3.0  # grey levels, standard deviation
ENOUGH = 1.0  # s of processor time for each picture
MOST_TIMES = 300
# What runs a network, here and in earlier checkouts.
RUNS = ("classifier.run", "classifier <listcomp>", "line_recognizer.__call__", "segmenter.__call__")
PROFILED = 0.3  # s of processor time
LARGEST = 3  # shares of the profile that are reported


@dataclass(frozen=True, slots=True)
class Measured:
    """How long one picture takes, in ms of processor time."""

    decoding: float  # to grey at full size, with Pillow alone
    networks: float
    reading: float  # all of it, decoding included
    cells: int  # cells or lines that were found
    shares: tuple[tuple[str, float], ...]  # of the time, by function

    @property
    def ratio(self) -> float:
        """How many times as long as decoding and the networks alone."""
        return self.reading / (self.decoding + self.networks)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of picture, and how long reading it may take."""

    title: str
    compose: Callable[[], bytes]
    goal: Callable[[Measured], float]  # ms
    single: bool = False


def digit() -> bytes:
    """Return one digit as black on white."""
    return encoded(255 - validation_digits()[0], "PNG")


def number() -> bytes:
    """Return a number of six digits, 300 x 100 px."""
    return encoded(photographed(lines_of_ink((100, 300), [6], 46, 44)), "PNG")


def photographed_row() -> bytes:
    """Return a row of eight digits, as a telephone would take it: 1 megapixel."""
    return encoded(np.dstack([photographed(lines_of_ink((640, 1600), [8], 180, 170))] * 3), "JPEG")


def page() -> bytes:
    """Return a page of ten lines: 12 megapixels."""
    rng = np.random.default_rng(0)
    lengths = [int(rng.integers(5, 11)) for _ in range(10)]
    return encoded(np.dstack([photographed(lines_of_ink(PAGE, lengths, 200, 168))] * 3), "JPEG")


def sheet() -> bytes:
    """Return a mark sheet of 150 cells, each ruled."""
    from sheets import compose_sheet, photograph

    from digits.mnist import load_mnist

    rng = np.random.default_rng(0)
    ink, _ = compose_sheet(load_mnist().validation, rng, ruled=True, rows=SHEET_ROWS)
    return encoded(photograph(ink, 0, rng, shaded=True), "PNG")


def noise() -> bytes:
    """Return a page of coarse noise: 12 megapixels."""
    rng = np.random.default_rng(0)
    small = rng.integers(90, 240, (PAGE[0] // 8, PAGE[1] // 8), np.uint8)
    grey = cv2.resize(small, PAGE[::-1], interpolation=cv2.INTER_CUBIC)
    return encoded(np.dstack([grey] * 3), "JPEG")


def empty() -> bytes:
    """Return an empty page: 12 megapixels."""
    return encoded(np.dstack([photographed(np.zeros(PAGE, np.float32))] * 3), "JPEG")


KINDS = {
    "digit": Kind("28 x 28 PNG, one digit", digit, lambda _: 1.0, single=True),
    "number": Kind("number, 300 x 100 px", number, lambda _: 15.0),
    "row": Kind("photographed row, 1 megapixel", photographed_row, lambda _: 80.0),
    "page": Kind(
        "page of 10 lines, 12 megapixels", page, lambda m: 2.5 * (m.decoding + m.networks)
    ),
    "sheet": Kind("mark sheet of 150 cells", sheet, lambda _: 800.0),
    "noise": Kind("page of noise, 12 megapixels", noise, lambda _: float("nan")),
    "empty": Kind("empty page, 12 megapixels", empty, lambda _: float("nan")),
}


def validation_digits() -> np.ndarray:
    """Return MNIST's validation digits: uint8, (n, 28, 28)."""
    from digits.mnist import load_mnist

    return load_mnist().validation.pictures


def lines_of_ink(size: tuple[int, int], lengths: list[int], pitch: int, side: int) -> np.ndarray:
    """Return lines of digits, evenly spread over a page: float32, 0.0 to 1.0."""
    digits, rng = validation_digits(), np.random.default_rng(0)
    ink = np.zeros(size, np.float32)
    for line, length in enumerate(lengths):
        y = (2 * line + 1) * size[0] // (2 * len(lengths)) - side // 2
        for place in range(length):
            glyph = digits[rng.integers(len(digits))] / np.float32(255)
            x = pitch // 4 + place * pitch
            area = ink[y : y + side, x : x + side]
            np.maximum(area, cv2.resize(glyph, (side, side))[:, : area.shape[1]], out=area)
    return ink


def photographed(ink: np.ndarray) -> np.ndarray:
    """Return ink on paper with a shadow and grain, as a telephone would take it."""
    rng = np.random.default_rng(1)
    light = np.linspace(140, 230, ink.shape[1])[None, :] * (1 - 0.8 * ink)
    return np.clip(light + rng.normal(0, GRAIN, ink.shape), 0, 255).astype(np.uint8)


def encoded(pixels: np.ndarray, kind: str) -> bytes:
    """Return a picture file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, quality=90)
    return file.getvalue()


def decode(content: bytes) -> Image.Image:
    """Decode at full size to grey, as one would without a reader."""
    with Image.open(io.BytesIO(content)) as image:
        return image.convert("L")


def median(work: Callable[[], object], enough: float) -> float:
    """Return the median of how long `work` takes, in ms of processor time."""
    taken: list[float] = []
    while sum(taken) < 1000 * enough and len(taken) < MOST_TIMES:
        start = time.process_time()
        work()
        taken.append(1000 * (time.process_time() - start))
    return statistics.median(taken)


def measure(content: bytes, *, single: bool, enough: float) -> Measured:
    """Measure one picture."""
    from digits.io.document import load_picture
    from digits.registry import current_reader
    from digits.types import Hint

    cv2.setNumThreads(1)
    reader, hint = current_reader(), Hint(single=single)

    def read() -> Any:  # noqa: ANN401  # a Reading of either checkout
        return reader.read(load_picture(content), hint)

    reading = read()  # the first call loads what is loaded once
    return Measured(
        median(lambda: decode(content), enough),
        time_of_networks(read),
        median(read, enough),
        len(reading.cells or reading.lines),
        largest_shares(read),
    )


def time_of_networks(read: Callable[[], object]) -> float:
    """Return how long the networks take of one reading, in ms of processor time."""
    work, taken = onnxruntime.InferenceSession.run, [0.0]

    def run(*args: Any, **options: Any) -> Any:  # noqa: ANN401  # as the wrapped function
        start = time.process_time()
        try:
            return work(*args, **options)
        finally:
            taken[0] += 1000 * (time.process_time() - start)

    with patch.object(onnxruntime.InferenceSession, "run", run):
        read()
    return taken[0]


def largest_shares(read: Callable[[], object]) -> tuple[tuple[str, float], ...]:
    """Return the functions of the package that take most of the time, with what they call."""
    profile = cProfile.Profile(time.process_time)
    until = time.process_time() + PROFILED
    with profile:
        read()
        while time.process_time() < until:
            read()
    stats: dict[Any, Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    load = {function: each[2] for function, each in stats.items()}
    total = sum(load.values())
    for _ in range(30):  # what others take is that of their callers
        for function in [f for f in load if load[f] > 0 and not is_ours(f)]:
            callers = {c: times[3] for c, times in stats[function][4].items() if c != function}
            whole = sum(callers.values())
            if whole > 0:
                taken, load[function] = load[function], 0.0
                for caller, share in callers.items():
                    load[caller] += taken * share / whole
    ours: Counter[str] = Counter()
    for function in filter(is_ours, load):
        ours[name_of(function)] += load[function] / total
    return tuple(ours.most_common(LARGEST))


def is_ours(function: tuple[str, int, str]) -> bool:
    """Return whether a profiled function is of the package."""
    return "/digits/" in function[0] and "site-packages" not in function[0]


def name_of(function: tuple[str, int, str]) -> str:
    """Return module and name of a profiled function, or that it runs a network."""
    name = f"{Path(function[0]).stem}.{function[2]}".replace(".<", " <")
    return "a network" if name in RUNS else name


def shares_in_words(measured: Measured) -> str:
    """Return the largest shares as text."""
    return ", ".join(f"`{name}` {share:.0%}" for name, share in measured.shares)


def report(found: dict[str, Measured]) -> str:
    """Return a table of all kinds."""
    lines = [
        "| picture | reading, ms | decoding + networks, ms | ratio | goal, ms | largest shares |",
        "|---|---|---|---|---|---|",
    ]
    for name, each in found.items():
        kind = KINDS[name]
        lines.append(
            f"| {kind.title} | {each.reading:.2f} | {each.decoding:.2f} + {each.networks:.2f} "
            f"| {each.ratio:.1f} | {kind.goal(each):.0f} | {shares_in_words(each)} |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    """Print the table, and write the figures where `--json` says."""
    parser = argparse.ArgumentParser(description="How long reading takes.")
    parser.add_argument("--quick", action="store_true", help="each once, to see it run")
    parser.add_argument("--only", choices=KINDS, action="append", help="kinds of pictures")
    parser.add_argument("--root", type=Path, default=ROOT, help="a checkout to measure")
    parser.add_argument("--json", type=Path, help="a file to write")
    options = parser.parse_args()
    sys.path[:0] = [str(options.root.resolve()), str(Path(__file__).parent)]
    importlib.import_module("digits")  # of that checkout, before others prefer their own
    found = {}
    for name in options.only or KINDS:
        kind = KINDS[name]
        enough = 0.0001 if options.quick else ENOUGH
        found[name] = measure(kind.compose(), single=kind.single, enough=enough)
    sys.stdout.write(report(found))
    if options.json:
        options.json.write_text(json.dumps({name: asdict(each) for name, each in found.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
