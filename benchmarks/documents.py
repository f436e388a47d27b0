"""Evaluate whole documents, composed of held-out writers' digits with known truth.

    python benchmarks/documents.py [--documents N] [--kinds KIND ...] [--handwriting FOLDER]
                                   [--seed N] [--geometry] [--out FILE.csv]

Each number that was written and not struck out counts once: it is right if the digits that were
read inside its box are its digits. It is silently wrong if it is not right and the reading's status
is "read". Digits that were read where no number stands are counted apart.
"""

import argparse
import csv
import dataclasses
import sys
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from digits.mnist import load_mnist
from digits.reader import Reader
from digits.registry import shipped_reader
from digits.synthesis.page import KINDS, ComposedPage, compose_document
from digits.synthesis.page_canvas import TrueNumber
from digits.types import Reading


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
    counts = np.zeros(5, int)
    seconds = 0.0
    for i in range(documents):
        page = compose_document(bank, np.random.default_rng((seed, i, KINDS.index(kind))), kind)
        picture = page.picture
        start = time.perf_counter()
        reading = reader.read(picture)
        seconds += time.perf_counter() - start
        counts += count(page, reading)
    numbers, right, silent, extra, read = (int(n) for n in counts)
    return Result(
        kind, documents, numbers, right, silent, extra, read, round(1000 * seconds / documents, 1)
    )


def count(page: ComposedPage, reading: Reading) -> np.ndarray:
    """Return numbers, right ones, silently wrong ones, extra digits, and whether it was read."""
    digits = [
        (d.box.x + d.box.width / 2, d.box.y + d.box.height / 2, d.text)
        for d in reading.digits
        if d.value is not None
    ]
    height, width = page.rgb.shape[:2]
    wanted = [n for n in page.numbers if not n.struck_out and not n.printed]
    whole = [n for n in wanted if n.is_inside(width, height)]
    right = [n for n in whole if text_inside(n, digits) == n.text]
    known = [n for n in page.numbers if not n.struck_out]
    extra = sum(not any(n.holds(x, y) for n in known) for x, y, _ in digits)
    silent = len(whole) - len(right) if reading.status == "read" else 0
    return np.array([len(whole), len(right), silent, extra, int(reading.status == "read")])


def text_inside(number: TrueNumber, digits: list[tuple[float, float, str]]) -> str:
    """Return the digits that were read in a number's box, from left to right."""
    inside = sorted(digit for digit in digits if number.holds(digit[0], digit[1]))
    return "".join(text for _, _, text in inside)


def describe(result: Result) -> str:
    """Return a result as one line."""
    share = result.right / max(1, result.numbers)
    silent = result.silently_wrong / max(1, result.numbers)
    return (
        f"{result.kind:12} {result.right:5} of {result.numbers:5} numbers ({share:6.1%}), "
        f"silently wrong {silent:5.1%}, extra digits {result.extra_digits}, "
        f"{result.milliseconds:.0f} ms each"
    )


if __name__ == "__main__":
    main()
