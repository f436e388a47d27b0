"""Measure the time to read a picture relative to decoding it.

    python benchmarks/reading.py [--quick] [--out FILE.md]

Two pictures, both composed of MNIST validation digits: a 28 x 28 PNG with `--single`, and a
12-megapixel photograph of a page with ten lines of up to ten digits, without hints.
"""

import argparse
import io
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent.parent))

import digits.image.page_segmentation
import digits.reader
import digits.reading.composition
import digits.reading.hypotheses
import digits.reading.number_reader
from digits.inference.classifier import Classifier
from digits.inference.line_recognizer import LineRecognizer
from digits.io.document import load_picture
from digits.mnist import load_mnist
from digits.reader import Reader
from digits.registry import current_reader
from digits.types import ANY, Hint, Picture

PAGE = (3000, 4000)  # px, height and width: 12 megapixels
LINES, LONGEST = 10, 10  # lines, and digits of the longest
DIGIT = 168  # px, side of a digit's frame on the page
STAGES = {  # name of each stage, and which function is timed
    "ink": (digits.reader, "open_page"),
    "grid": (digits.image.page_segmentation, "find_grid"),
    "lines": (digits.image.page_segmentation, "find_lines"),
    "strips": (digits.reading.number_reader, "to_strip"),
    "line network": (LineRecognizer, "decode"),
    "cutting": (digits.reading.hypotheses, "cut_symbols"),
    "frames": (digits.reading.number_reader, "to_frames"),
    "digit network": (Classifier, "classify"),
    "faults": (digits.reading.composition, "describe_faults"),
}
SMALL_GOAL = 1.5  # ms for the small picture
LINE_GOAL = 20.0  # ms for each line, besides twice the decoding


def median(
    work: Callable[[], object], times: int, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Return the median of how long `work` takes by a clock, in ms."""
    taken = []
    for _ in range(times):
        start = clock()
        work()
        taken.append(1000 * (clock() - start))
    return statistics.median(taken)


def small_png() -> bytes:
    """Return one digit as black on white."""
    return encoded(255 - load_mnist().validation.pictures[0], "PNG")


def page_jpeg() -> bytes:
    """Return a page with a shadow and grain, as a telephone would take it."""
    digits, rng = load_mnist().validation.pictures, np.random.default_rng(0)
    ink = np.zeros(PAGE, np.float32)
    for line in range(LINES):
        for place in range(int(rng.integers(LONGEST // 2, LONGEST + 1))):
            digit = digits[rng.integers(len(digits))] / np.float32(255)
            y, x = 150 + line * 280, 200 + place * 200
            area = ink[y : y + DIGIT, x : x + DIGIT]
            np.maximum(area, cv2.resize(digit, (DIGIT, DIGIT)), out=area)
    light = np.linspace(140, 230, PAGE[1])[None, :] * (1 - 0.8 * ink)
    grey = np.clip(light + rng.normal(0, 3, PAGE), 0, 255).astype(np.uint8)
    return encoded(np.dstack([grey] * 3), "JPEG", quality=90)


def encoded(pixels: np.ndarray, kind: str, **options: int) -> bytes:
    """Return a picture file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def decode(content: bytes) -> Image.Image:
    """Decode at full size to grey, as one would without a reader."""
    with Image.open(io.BytesIO(content)) as image:
        return image.convert("L")


def stages(reader: Reader, picture: Picture, times: int) -> dict[str, float]:
    """Return how long each stage of reading takes, in ms: the median of its sum over a page."""
    rounds: dict[str, list[float]] = {name: [] for name in STAGES}
    with ExitStack() as clocks:
        for name, (place, function) in STAGES.items():
            clocks.enter_context(
                patch.object(place, function, clocked(place, function, rounds[name]))
            )
        for _ in range(times):
            for taken in rounds.values():
                taken.append(0.0)
            reader.read(picture, ANY)
    return {name: statistics.median(taken) for name, taken in rounds.items()}


def clocked(place: object, function: str, taken: list[float]) -> Callable[..., Any]:
    """Return a function that does the same, and adds how long it took, in ms, to the last sum."""
    work = getattr(place, function)

    def run(*args: Any, **options: Any) -> Any:  # noqa: ANN401  # whatever the function takes
        start = time.perf_counter()
        try:
            return work(*args, **options)
        finally:
            taken[-1] += 1000 * (time.perf_counter() - start)

    return run


def measure(*, quick: bool) -> list[str]:
    """Run all and return the report as lines of Markdown."""
    cv2.setNumThreads(1)
    reader, single = current_reader(), Hint(single=True)
    small, page = small_png(), page_jpeg()
    often, seldom = (10, 1) if quick else (500, 9)
    reader.read(load_picture(small), single)  # the first call loads
    alone = median(lambda: decode(small), often)
    one = median(lambda: reader.read(load_picture(small), single), often)
    full = median(lambda: decode(page), seldom)
    whole = median(lambda: reader.read(load_picture(page), ANY), seldom)
    picture = load_picture(page)
    # Of the processor's time this program's share alone counts, however busy the machine is.
    busy = [
        median(work, seldom, time.process_time)
        for work in (lambda: decode(page), lambda: reader.read(load_picture(page), ANY))
    ]
    n_lines = len(reader.read(picture, ANY).lines)
    goal = 2 * full + LINE_GOAL * n_lines
    return [
        "| picture | decoding alone, ms | reading, ms | ratio | goal, ms | kept |",
        "|---|---|---|---|---|---|",
        f"| 28 x 28 PNG, one digit | {alone:.2f} | {one:.2f} | {one / alone:.1f} "
        f"| {SMALL_GOAL} | {'yes' if one <= SMALL_GOAL else 'no'} |",
        f"| 12-megapixel JPEG, {n_lines} lines | {full:.0f} | {whole:.0f} | {whole / full:.1f} "
        f"| {goal:.0f} | {'yes' if whole <= goal else 'no'} |",
        "",
        "Of the page: decoding at half size "
        f"{median(lambda: load_picture(page), seldom):.0f} ms, "
        + ", ".join(f"{name} {ms:.0f} ms" for name, ms in stages(reader, picture, seldom).items())
        + f". Processor time: decoding alone {busy[0]:.0f} ms, reading {busy[1]:.0f} ms.",
    ]


def main() -> int:
    """Print the report, and write it where `--out` says."""
    parser = argparse.ArgumentParser(description="How long reading takes.")
    parser.add_argument("--quick", action="store_true", help="a few repetitions, to see it run")
    parser.add_argument("--out", type=Path, help="a Markdown file to write")
    options = parser.parse_args()
    report = "\n".join(measure(quick=options.quick)) + "\n"
    sys.stdout.write(report)
    if options.out:
        options.out.write_text(report, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
