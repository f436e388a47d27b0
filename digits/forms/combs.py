"""Fields with a printed box for each digit: the ink of each box, and digits read in two ways."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from digits.forms.field_ink import MARK, FieldInk
from digits.image.components import Components, find_components
from digits.image.digit_segmentation import Glyph
from digits.reading.composition import ReadNumber
from digits.types import LINKED, Box, Digit, Line, Page

BROKEN = 0.08  # of a cell's height: so far apart lie the pieces of a broken stroke
OF_ONE = 0.25  # weight of the line's reading of a 1: docs/forms.md
OVERWRITTEN = 0.5  # probability of no digit above which one may be written over
LOOPS = (1, 0, 1, 0, 1, 0, 1, 0, 2, 1)  # that each digit has at most
LOOP = 0.002  # of a digit's height squared; less enclosed paper is a gap in a stroke
SPAN = 1.4  # times a cell's width; a wider piece of ink is several digits that touch


def cell_glyphs(cut: FieldInk, page: Page, pieces: Components) -> dict[int, Glyph]:
    """Return the ink of each cell that has any, with strokes that extend beyond the cell."""
    middles = np.array([cell.x + cell.width / 2 for cell in cut.cells])
    edges = (middles[1:] + middles[:-1]) / 2
    high, wide = cut.cells[0].height, cut.cells[0].width
    columns = np.broadcast_to(np.arange(page.ink.shape[1]), page.ink.shape)
    of_column = np.searchsorted(edges, columns)
    of_piece = np.searchsorted(edges, pieces.means(columns))
    is_large = np.maximum(pieces.width, pieces.height) >= MARK * high
    is_large[_beside(pieces, is_large, max(2, round(BROKEN * high)))] = True
    glyphs = {}
    names = pieces.labels - 1
    inked = pieces.labels > 0
    whole = np.where(inked, of_piece[names], -1)
    several = np.where(inked, (pieces.width > SPAN * wide)[names], False)
    cell_of = np.where(several, of_column, whole)
    kept = np.where(inked, is_large[names], False)
    for i in range(len(cut.cells)):
        mine = kept & (cell_of == i)
        if not mine.any():
            continue
        rows, across = np.flatnonzero(mine.any(axis=1)), np.flatnonzero(mine.any(axis=0))
        box = Box(
            max(0, int(across[0]) - 1),
            max(0, int(rows[0]) - 1),
            int(across[-1] - across[0]) + 3,
            int(rows[-1] - rows[0]) + 3,
        )
        part = box.rows_and_columns()
        rim = cv2.dilate(mine[part].astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
        bare = rim & ((cell_of[part] == i) | ~inked[part])
        ink = np.where(bare, page.ink[part], np.float32(0)).astype(np.float32)
        glyphs[i] = Glyph(Box(box.x, box.y, ink.shape[1], ink.shape[0]), ink)
    return glyphs


def _beside(pieces: Components, is_large: np.ndarray, gap: int) -> np.ndarray:
    """Return the pieces right beside large ones: the pen left the paper there for a moment.

    Parameters
    ----------
    gap : px
    """
    large = np.concatenate([[False], is_large])[pieces.labels].astype(np.uint8)
    around = cv2.dilate(large, np.ones((2 * gap + 1, 2 * gap + 1), np.uint8)) > 0
    touched = np.unique(pieces.labels[around])
    return np.asarray(touched[touched > 0] - 1)


def combine_readings(
    places: Sequence[int],
    glyphs: Sequence[Glyph],
    cells: Sequence[ReadNumber],
    whole: ReadNumber | None,
) -> tuple[Line, list[str]]:
    """Return the digits of a comb, read cell by cell and as a line: the mean of both.

    If the two disagree, the more probable digit has at most half its confidence. The last value has
    reasons for doubt about the positions of the digits.

    Parameters
    ----------
    places : which cells have ink, from 0
    glyphs, cells : the ink and the reading of each of them
    whole : reading of them as a line
    """
    singles = [number.line.digits[0] for number in cells]
    beside: list[Digit | None] = [None] * len(singles)
    if whole is not None and len(whole.line.digits) == len(singles):
        beside = list(whole.line.digits)
    digits = tuple(_mean(one, other) for one, other in zip(singles, beside, strict=True))
    text = "".join(digit.text for digit in digits)
    box = Box.around(digit.box for digit in digits)
    reasons = []
    if tuple(places) != tuple(range(places[0], places[-1] + 1)):
        reasons.append("A cell between the digits is empty")
    read_twice = zip(singles, beside, strict=True)
    is_doubted = any(_not_a_digit(each) > OVERWRITTEN for pair in read_twice for each in pair)
    if is_doubted or any(map(_has_another_loop, glyphs, digits)):
        reasons.append("May be written over")
    return Line(text, _confidence(digits, whole), box, digits), reasons


def _confidence(digits: Sequence[Digit], whole: ReadNumber | None) -> float:
    """Return the confidence in the digits of a comb; a lone digit is judged as a line too."""
    confidence = float(np.prod([digit.confidence for digit in digits]))
    if len(digits) != 1 or whole is None or whole.line.text != digits[0].text:
        return confidence
    # Both are probabilities of the whole: their logarithmic pool (Genest, Zidek 1986). A digit
    # that is struck out or written over still resembles one, but a line of one digit rarely.
    # Neither resembles a 1, but a slash does, which the line network seldom takes for one.
    weight = OF_ONE if digits[0].value == 1 else 0.5
    return float(confidence ** (1 - weight) * whole.line.confidence**weight)


def _has_another_loop(glyph: Glyph, digit: Digit) -> bool:
    """Return whether ink encloses more paper than its digit does: another one lies under it."""
    if digit.value is None:
        return False
    paper = np.pad(glyph.ink <= LINKED, 1, constant_values=True)
    areas = find_components(paper, connectivity=4).area
    large = int((areas >= LOOP * glyph.box.height**2).sum())
    return large - 1 > LOOPS[digit.value]  # one of them is around the digit


def _not_a_digit(each: Digit | None) -> float:
    return 0.0 if each is None or each.not_a_digit is None else each.not_a_digit


def _mean(one: Digit, other: Digit | None) -> Digit:
    """Return the mean of two readings of a digit."""
    if other is None:
        return one
    both = [np.array(each.probabilities) * (each.value is not None) for each in (one, other)]
    mean = (both[0] + both[1]) / 2
    value = int(mean.argmax())
    return replace(
        one,
        value=value if mean.any() else None,
        confidence=float(mean[value]),
        probabilities=tuple(float(share) for share in mean) if mean.any() else one.probabilities,
    )
