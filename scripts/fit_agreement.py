"""Fit the confidence of numbers that are read twice, on composed documents.

    python scripts/fit_agreement.py [--documents N] [--handwriting FOLDER] [--seed N]

Documents of each kind are composed of digits of MNIST's calibration split and of calibration
writers. A number is right if its text is what was written there; what is read where nothing was
written is wrong. Numbers that are printed, struck out or cut off do not count, but a printed number
that only one reading has counts as wrong: printed forms must not fill a table of marks. Each kind
weighs as the root of its numbers, so that a page full of small boxes does not decide alone.
Numbers that may run over a border, or hold digits of several numbers, are left out: that is the
layout's fault, and composed pages are more crowded than real ones.
Prints the slopes and offsets of `digits/reading/agreement.py`, and how well they are calibrated.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, get_args

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from digits.errors import CrowdedError
from digits.evaluation.metrics import calibration_error
from digits.image.page_segmentation import open_page
from digits.inference.calibration import fit_platt, sigmoid
from digits.mnist import load_mnist
from digits.reader import Reader
from digits.reading import second_opinion
from digits.reading.agreement import Agreement, evidence
from digits.reading.borders import doubt_across_borders
from digits.reading.clean_lines import is_clean
from digits.reading.composition import ReadNumber
from digits.reading.sheets import find_sheet
from digits.registry import shipped_reader
from digits.synthesis.page import KINDS, ComposedPage, compose_document
from digits.training.handwriting import load_handwriting
from digits.training.ink_bank import load_bank
from digits.types import ANY

THRESHOLD = 0.95


class Seen(NamedTuple):
    """One number of a composed document that was read twice."""

    kind: str
    agreement: Agreement
    evidence: float
    right: bool


def main() -> None:
    """Compose, read, fit, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--documents", type=int, default=16, help="of each kind")
    parser.add_argument("--handwriting", type=Path, help="a folder with more writers' digits")
    parser.add_argument("--seed", type=int, default=99)
    options = parser.parse_args()
    other = load_handwriting(options.handwriting) if options.handwriting else None
    bank = load_bank(load_mnist().calibration, other and other.side("calibration"))
    reader = shipped_reader()
    seen: list[Seen] = []
    for number, kind in enumerate(KINDS):
        for i in range(options.documents):
            rng = np.random.default_rng((options.seed, i, number))
            seen += look(reader, compose_document(bank, rng, kind))
        print(f"{kind}: {len(seen)} numbers", file=sys.stderr, flush=True)
    for agreement in get_args(Agreement):
        report(agreement, [each for each in seen if each.agreement == agreement])


def look(reader: Reader, page: ComposedPage) -> Iterator[Seen]:
    """Yield the numbers of a document that is read twice."""
    picture = page.picture
    paper = find_sheet(picture, ANY, reader.segmenter)
    opened, _ = open_page(picture, paper)
    try:
        geometry = reader.read_geometry(opened, ANY)
    except CrowdedError:
        return
    maps = reader.read_maps(picture, paper)
    if maps is None or is_clean(geometry, opened, ANY):
        return
    found, other = second_opinion.choose(geometry, maps)
    doubted = doubt_across_borders(found)  # these have a factor of their own
    compared = second_opinion.compare(found, other)
    for number, same, each in zip(found.numbers, doubted.numbers, compared, strict=True):
        right = is_right(number, page, each.agreement) if number.line.digits else None
        if number is same and right is not None and min(each.confidences) > 0:
            yield Seen(page.kind, each.agreement, evidence(each.confidences), right)


def is_right(number: ReadNumber, page: ComposedPage, agreement: Agreement) -> bool | None:
    """Return whether a number was read right; None where it does not count."""
    touched = Counter(
        i
        for digit in number.line.digits
        for i, true in enumerate(page.numbers)
        if true.holds(digit.box.x + digit.box.width / 2, digit.box.y + digit.box.height / 2)
    )
    if not touched:
        return False
    if len(touched) > 1:
        return None
    true = page.numbers[touched.most_common(1)[0][0]]
    height, width = page.rgb.shape[:2]
    if true.printed:
        return False if agreement == "alone" else None
    if true.struck_out or not true.is_inside(width, height):
        return None
    return number.line.text == true.text


def report(agreement: Agreement, seen: list[Seen]) -> None:
    """Fit and print one kind of agreement."""
    kinds = Counter(each.kind for each in seen)
    scores = np.array([each.evidence for each in seen])
    right = np.array([each.right for each in seen], float)
    weights = np.array([kinds[each.kind] ** -0.5 for each in seen])
    slope, offset = fit_platt(scores, right, weights / weights.sum())
    confidence = sigmoid(slope * scores + offset)
    high = confidence >= THRESHOLD
    print(f'    "{agreement}": ({slope:.3f}, {offset:.3f}),')
    print(
        f"    # {len(seen)} numbers, {right.mean():.1%} right, calibration error "
        f"{calibration_error(confidence, right.astype(bool)):.1%}; {high.sum()} with a confidence "
        f"of {THRESHOLD:.0%} or more, {right[high].sum():.0f} of them right"
    )


if __name__ == "__main__":
    main()
