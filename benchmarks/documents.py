"""Evaluate whole documents, composed of held-out writers' digits with known truth.

    python benchmarks/documents.py [--documents N] [--kinds KIND ...] [--handwriting FOLDER]
                                   [--seed N] [--geometry] [--out FILE.csv]

Each number that was written and not struck out counts once: it is right if the digits that were
read inside its box, in reading order, are its digits. A digit that lies in the boxes of several
numbers belongs to the nearest one. A number is silently wrong if it is not right and the reading's
status is "read". Digits that were read where no number stands are counted apart. Numbers that the
picture does not show, such as pencil on a black-and-white scan, do not count.

The structure of tables is measured by neighbours (Göbel et al. 2012): a right number and the next
one in its row, or below it in its column, are to be next to each other in the reading too.
"""

import argparse
import csv
import dataclasses
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from digits.mnist import load_mnist
from digits.reader import Reader
from digits.registry import shipped_reader
from digits.synthesis.page import KINDS, ComposedPage, compose_document
from digits.synthesis.page_canvas import TrueCell, TrueNumber
from digits.synthesis.page_ink import Rectangle
from digits.types import BACKGROUND, DIGIT, Box, Cell, Digit, Reading

VISIBLE = 8  # grey levels between ink and paper; less is no ink to an eye either


@dataclass(frozen=True, slots=True)
class Result:
    """Figures of documents of one kind."""

    kind: str
    documents: int
    numbers: int
    right: int
    silently_wrong: int
    extra_digits: int  # read where no handwritten number stands
    read: int  # documents with status "read"
    neighbours: int  # pairs of right numbers that are next to each other in a table
    neighbours_kept: int  # pairs of these that are next to each other in the reading
    milliseconds: float  # for each document


def main() -> None:
    """Compose, read, count, print."""
    options = parse_arguments()
    bank = open_bank(options.handwriting)
    reader = shipped_reader()
    if options.geometry:
        reader = dataclasses.replace(reader, segmenter=None)
    results = []
    for kind in options.kinds:
        results.append(measure(reader, bank, kind, options.documents, options.seed))
        print(describe(results[-1]), flush=True)
    if options.out:
        with options.out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, [field.name for field in fields(Result)])
            writer.writeheader()
            writer.writerows(asdict(result) for result in results)


def parse_arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description="Read composed documents.")
    parser.add_argument("--documents", type=int, default=20, help="of each kind")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--handwriting", type=Path, help="a folder with more writers' digits")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--geometry", action="store_true", help="without the page network")
    parser.add_argument("--out", type=Path, help="a .csv file")
    return parser.parse_args()


def open_bank(folder: Path | None):  # type: ignore[no-untyped-def]  # noqa: ANN201  # needs Keras' extras
    """Return the validation writers."""
    from digits.training.handwriting import load_handwriting
    from digits.training.ink_bank import load_bank

    other = load_handwriting(folder).side("validation") if folder else None
    return load_bank(load_mnist().validation, other)


def measure(reader: Reader, bank, kind: str, documents: int, seed: int) -> Result:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Read documents of one kind."""
    counts = np.zeros(7, int)
    seconds = 0.0
    for i in range(documents):
        page = compose_document(bank, np.random.default_rng((seed, i, KINDS.index(kind))), kind)
        picture = page.picture
        start = time.perf_counter()
        reading = reader.read(picture)
        seconds += time.perf_counter() - start
        counts += count(page, reading)
    numbers, right, silent, extra, read, pairs, kept = (int(n) for n in counts)
    each = round(1000 * seconds / documents, 1)
    return Result(kind, documents, numbers, right, silent, extra, read, pairs, kept, each)


def count(page: ComposedPage, reading: Reading) -> np.ndarray:
    """Return the counts of `Result`, from `numbers` to `neighbours_kept`."""
    read: dict[int, list[Digit]] = {}
    extra = 0
    known = [i for i, number in enumerate(page.numbers) if not number.struck_out]
    for digit in (digit for digit in reading.digits if digit.value is not None):
        number = number_of(page.numbers, digit)
        extra += number not in known
        if number is not None:
            read.setdefault(number, []).append(digit)
    height, width = page.rgb.shape[:2]
    grey = page.picture.grey.astype(int)
    labels = cv2.resize(page.labels, (width, height), interpolation=cv2.INTER_NEAREST)
    whole = [
        i
        for i in known
        if not page.numbers[i].printed
        and page.numbers[i].is_inside(width, height)
        and is_visible(page.numbers[i], grey, labels)
    ]
    right = [
        i for i in whole if "".join(digit.text for digit in read.get(i, [])) == page.numbers[i].text
    ]
    is_read = reading.status == "read"
    written = neighbours(
        (cell.table, cell.row, cell.column, number)
        for cell in page.cells
        if cell.kind == "number"
        for number in right
        if page.numbers[number].written == cell.written and stands_in(page.numbers[number], cell)
    )
    found = neighbours(
        (0, cell.row, cell.column, number)
        for number in right
        if (cell := cell_of(reading, read[number])) is not None
    )
    return np.array(
        [
            len(whole),
            len(right),
            len(whole) - len(right) if is_read else 0,
            extra,
            int(is_read),
            len(written),
            len(written & found),
        ]
    )


def is_visible(number: TrueNumber, grey: np.ndarray, labels: np.ndarray) -> bool:
    """Return whether the usual pixel of a number's ink differs from its paper.

    Parameters
    ----------
    grey, labels : grey level and class of each pixel of the page: (h, w)
    """
    left, top, right, bottom = (max(0, int(side)) for side in number.box)
    place = np.s_[top:bottom, left:right]
    ink, paper = (grey[place][labels[place] == kind] for kind in (DIGIT, BACKGROUND))
    return bool(len(ink) and len(paper) and abs(np.median(ink) - np.median(paper)) >= VISIBLE)


def number_of(numbers: Sequence[TrueNumber], digit: Digit) -> int | None:
    """Return the index of the number that a digit belongs to; None where no number stands."""
    x, y = middle(digit.box)
    near = [i for i, number in enumerate(numbers) if number.holds(x, y)]
    return min(near, key=lambda i: distance(numbers[i], x, y), default=None)


def distance(number: TrueNumber, x: float, y: float) -> tuple[float, float]:
    """Return how far a point is from a number's box, and from its middle, both relative."""
    left, top, right, bottom = map(float, number.box)
    high = bottom - top
    outside = max(left - x, x - right, top - y, y - bottom, 0.0) / high
    aside = max(abs(2 * x - left - right) / (right - left), abs(2 * y - top - bottom) / high)
    return outside, aside


def stands_in(number: TrueNumber, cell: TrueCell) -> bool:
    """Return whether the middle of a number lies in a cell."""
    left, top, right, bottom = map(float, number.box)
    return is_inside((left + right) / 2, (top + bottom) / 2, cell.box)


def is_inside(x: float, y: float, box: Rectangle) -> bool:
    """Return whether a point lies in a rectangle."""
    left, top, right, bottom = box
    return bool(left <= x < right and top <= y < bottom)


def cell_of(reading: Reading, digits: Sequence[Digit]) -> Cell | None:
    """Return the cell of a reading that most of these digits stand in."""
    cells = [
        cell
        for cell in reading.cells
        if sum(is_inside(*middle(digit.box), corners(cell.box)) for digit in digits) * 2
        > len(digits)
    ]
    return min(cells, key=lambda cell: cell.box.width * cell.box.height, default=None)


def neighbours(cells: Iterable[tuple[int, int, int, int]]) -> set[tuple[int, int, bool]]:
    """Return which numbers follow each other in a row, and which (True) in a column.

    Parameters
    ----------
    cells : table, row, column and number of each cell
    """
    pairs = set()
    for down in (False, True):
        lines: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for table, row, column, number in cells if down else (cells := list(cells)):
            key, place = ((table, column), row) if down else ((table, row), column)
            lines.setdefault(key, []).append((place, number))
        for line in lines.values():
            pairs |= {(a, b, down) for (_, a), (_, b) in pairwise(sorted(line))}
    return pairs


def corners(box: Box) -> Rectangle:
    """Return left, top, right and bottom of a box."""
    return box.x, box.y, box.right, box.bottom


def middle(box: Box) -> tuple[float, float]:
    """Return the middle of a box in px."""
    return box.x + box.width / 2, box.y + box.height / 2


def describe(result: Result) -> str:
    """Return a result as one line."""
    share = result.right / max(1, result.numbers)
    silent = result.silently_wrong / max(1, result.numbers)
    return (
        f"{result.kind:12} {result.right:5} of {result.numbers:5} numbers ({share:6.1%}), "
        f"silently wrong {silent:5.1%}, extra digits {result.extra_digits}, "
        f"neighbours {result.neighbours_kept} of {result.neighbours}, "
        f"{result.milliseconds:.0f} ms each"
    )


if __name__ == "__main__":
    main()
