"""Two readings of one page, by geometry and by the page network's maps: which holds, and where.

The two make different mistakes. A number on which they agree is rarely wrong; one on which they
differ is never returned as certain.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from digits.image.map_layout import APART
from digits.image.page_segmentation import Layout
from digits.reading.agreement import Agreement, confidence_of, evidence
from digits.reading.composition import (
    PageReading,
    ReadNumber,
    is_lone_stroke,
    join_numbers,
    n_digits,
)
from digits.types import Box, Digit, Line

BETTER = 0.5  # digits more of a page that must be likely to be right for the maps' to be taken
BETTER_SHARE = 0.1  # of geometry's; a few digits more may be print beside a table that both have
SPLIT = 0.05  # probability by which cells must be likelier than the lines they are parts of
# Log-odds by which the other reading's number must be more confident to be taken: of 57 such
# numbers of composed documents it was right in 58 %, the one it replaces in 9 %.
SURER = 3.0
NO_VALUE = -1  # of a rejected character
MOSTLY = 0.5  # share of a number's digits that must lie in a box for it to belong there
CROWDED_SHARE = 0.5  # of the digits on a page full of marks that must be likely to be right
AROUND = 0.25  # of a number's height: digits so near its box belong to it


def settle(geometry: PageReading, maps: PageReading | None) -> PageReading:
    """Return the better of two readings, its numbers less confident where the other differs.

    Parameters
    ----------
    geometry : of the page by its geometry
    maps : by the page network's maps; None where they show no number

    Returns
    -------
    PageReading
        Digits that only the other reading has count as not read.
    """
    if maps is None:
        return geometry
    return _with_struck_out(confirm(*choose(geometry, maps)), maps.layout.struck_out)


def choose(geometry: PageReading, maps: PageReading) -> tuple[PageReading, PageReading]:
    """Return the reading that holds, and the other one."""
    least = max(BETTER, BETTER_SHARE * expected_digits(geometry.lines))
    if maps.layout.is_table and not geometry.layout.is_table and _is_better_split(geometry, maps):
        least = -least  # cells are worth a few digits: without them the numbers of a row are one
    if _own_digits(maps, geometry) - _own_digits(geometry, maps) > least:
        return maps, geometry
    return geometry, maps


def _is_better_split(geometry: PageReading, maps: PageReading) -> bool:
    """Return whether lines of geometry are less likely than the cells that the maps make of them.

    A line is as likely as its number, cells as all of theirs together: so the digits of one number
    that stand far apart, below those of others, stay one number. Very far apart they are several.
    """
    lines = cells = digits = 0.0
    for line in (number.line for number in geometry.numbers):
        inside = [n.line for n in maps.numbers if _share_in(n.line, (line.box,)) > MOSTLY]
        if line.digits and len(inside) > 1:
            digits += len(line.digits)
            lines += len(line.digits) * (0.0 if _widest_gap(line) > APART else line.confidence)
            cells += len(line.digits) * float(np.prod([cell.confidence for cell in inside]))
    return cells > lines + SPLIT * digits


def _widest_gap(line: Line) -> float:
    """Return the widest gap between neighbouring digits, in heights of the line."""
    boxes = sorted((digit.box for digit in line.digits), key=lambda box: box.x)
    gaps = [after.x - before.right for before, after in pairwise(boxes)]
    return max(gaps, default=0) / max(1, *(box.height for box in boxes))


def _with_struck_out(found: PageReading, boxes: Sequence[Box]) -> PageReading:
    """Mark the numbers most of whose digits lie in struck-out ones."""
    return replace(
        found,
        numbers=tuple(
            replace(number, line=replace(number.line, struck_out=True))
            if _share_in(number.line, boxes) > MOSTLY
            else number
            for number in found.numbers
        ),
    )


def _share_in(line: Line, boxes: Sequence[Box]) -> float:
    """Return the share of a number's digits whose middle lies in one of `boxes`."""
    if not line.digits or not boxes:
        return 0.0
    centres = np.array([_centre(digit.box) for digit in line.digits])
    return float(np.any([_lies_in(centres, box) for box in boxes], axis=0).mean())


def settle_boxes(
    geometry: PageReading, maps: PageReading | None, boxes: Sequence[Box]
) -> PageReading:
    """Return the more confident reading of each of `boxes`, less so where the other differs.

    Parameters
    ----------
    geometry : one number for each box
    maps : of the whole page; what it shows in a box counts as one number
    boxes : px of the original
    """
    if maps is None:
        return geometry
    numbers, left_out = [], list(geometry.layout.left_out)
    pairs = zip(geometry.layout.numbers, geometry.numbers, boxes, strict=True)
    for part, number, box in pairs:
        layout = Layout((part,))
        inside = _read_inside(maps, box)
        if inside is None:
            numbers.append(number)
            continue
        readings = [PageReading(layout, (one,)) for one in (number, inside)]
        readings.sort(key=lambda reading: -reading.confidence)
        settled = confirm(*readings)
        numbers += settled.numbers
        left_out += settled.layout.left_out
    layout = replace(geometry.layout, left_out=tuple(left_out))
    settled = replace(geometry, layout=layout, numbers=tuple(numbers))
    return _with_struck_out(settled, maps.layout.struck_out)


def _read_inside(found: PageReading, box: Box) -> ReadNumber | None:
    """Return the digits of a page that lie in a box as one number; None where there are none."""
    inside = (number for number in found.numbers if _share_in(number.line, (box,)) > MOSTLY)
    numbers = sorted(inside, key=lambda number: number.line.box.x)
    return join_numbers(numbers) if numbers else None


def expected_digits(lines: Iterable[Line]) -> float:
    """Return how many digits are likely to be right, those of whole numbers alone."""
    return float(
        sum(line.confidence * sum(d.value is not None for d in line.digits) for line in lines)
    )


def is_likely(found: PageReading) -> bool:
    """Return whether most of a page's digits are likely to be right."""
    return expected_digits(found.lines) > CROWDED_SHARE * n_digits(found.lines)


def _own_digits(found: PageReading, other: PageReading) -> float:
    """Return how many digits are likely to be right of those that `other` does not have there.

    A digit that `other` has too counts for nothing, unless its number there has a digit that is not
    here: then by how much more confident this number is than so many digits of that one. Those
    inside one digit of `other` may be its pieces: only the most confident counts. A rejected
    character counts against them: where many are rejected, letters are written.
    """
    own = [(line, digit) for line in found.lines for digit in line.digits]
    named = _named(other)
    theirs = [(other.numbers[i].line, digit) for i, digit in named]
    values, centres, low, high = _as_arrays([digit for _, digit in own])
    their_values, their_centres, their_low, their_high = _as_arrays([d for _, d in theirs])
    inside = ((centres[:, None] > their_low) & (centres[:, None] < their_high)).all(axis=2)
    around = ((their_centres > low[:, None]) & (their_centres < high[:, None])).all(axis=2)
    # (n, m): one of two readings may have a piece of a digit
    overlaps = np.logical_or(inside, around)
    same = overlaps & (values[:, None] == their_values)
    number = np.array([i for i, _ in named], int)
    missed = np.bincount(number, ~same.any(axis=0), len(other.numbers))
    shares = [[_share(line, len(mine.digits)) for line, _ in theirs] for mine, _ in own]
    their_shares = np.where(missed[number] > 0, np.reshape(shares, same.shape), 1.0)
    known = np.where(same, their_shares, 0.0)
    confidences = np.array([line.confidence for line, _ in own])
    gain = np.maximum(confidences - known.max(axis=1, initial=0.0), 0.0)
    is_rejected = values == NO_VALUE
    whole = len(theirs) + np.arange(len(own))  # the digit of which each is a piece, or itself
    pieces, wholes = np.nonzero(inside)
    whole[pieces] = wholes
    most = np.zeros(len(theirs) + len(own))
    np.maximum.at(most, whole, np.where(is_rejected, 0.0, gain))
    likely = float(most.sum())
    return likely - int((is_rejected & ~overlaps.any(axis=1)).sum())


def _as_arrays(digits: Sequence[Digit]) -> tuple[np.ndarray, ...]:
    """Return values (n,), and centres, top left and bottom right corners of boxes (n, 2)."""
    values = np.array([NO_VALUE if d.value is None else d.value for d in digits], np.int64)
    boxes = [digit.box for digit in digits]
    sides = [
        np.array(each, np.float64).reshape(-1, 2)
        for each in (
            [_centre(box) for box in boxes],
            [(box.x, box.y) for box in boxes],
            [(box.right, box.bottom) for box in boxes],
        )
    ]
    return values, *sides


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two readings make of the place of one number."""

    agreement: Agreement
    confidences: tuple[float, ...]  # of the readings that have its text
    others: tuple[ReadNumber, ...]  # numbers of the other reading that have its text
    rival: ReadNumber | None  # the other reading's only number there, if it is another one
    inside: np.ndarray  # (n,) bool, which of the other reading's digits lie there


def confirm(found: PageReading, other: PageReading) -> PageReading:
    """Return `found` with the confidence and the doubts that `other` gives it.

    A number that both read keeps the marks of either. What only `other` has counts as not read.
    """
    theirs = _named(other)
    compared = _compare(found, other, theirs)
    numbers = tuple(map(_judged, found.numbers, compared))
    left_out = found.layout.left_out + tuple(_missed(found, theirs, compared))
    return replace(found, layout=replace(found.layout, left_out=left_out), numbers=numbers)


def _missed(
    found: PageReading, theirs: list[tuple[int, Digit]], compared: Sequence[Comparison]
) -> Iterator[Box]:
    """Yield the boxes of digits that only the other reading has."""
    claimed = np.zeros(len(theirs), bool)
    for each in compared:
        claimed |= each.inside
    for (_, digit), is_claimed in zip(theirs, claimed.tolist(), strict=True):
        if not is_claimed and not any(map(digit.box.overlaps, found.layout.left_out)):
            yield digit.box


def compare(found: PageReading, other: PageReading) -> list[Comparison]:
    """Return what `other` has in the place of each number of `found`."""
    return _compare(found, other, _named(other))


def _compare(
    found: PageReading, other: PageReading, theirs: list[tuple[int, Digit]]
) -> list[Comparison]:
    centres = np.array([_centre(digit.box) for _, digit in theirs]).reshape(-1, 2)
    return [_compare_place(number, other, theirs, centres) for number in found.numbers]


def _named(found: PageReading) -> list[tuple[int, Digit]]:
    """Return all digits that were not rejected, each with its number's index."""
    return [
        (i, d) for i, n in enumerate(found.numbers) for d in n.line.digits if d.value is not None
    ]


def _compare_place(
    number: ReadNumber, other: PageReading, theirs: list[tuple[int, Digit]], centres: np.ndarray
) -> Comparison:
    line, inside = number.line, _inside(centres, number.line)
    here = [theirs[i] for i in np.flatnonzero(inside)]
    if not here or _text(digit for _, digit in here) != line.text:
        rival = _only(other, here)
        agreement: Agreement = "disputed" if here else "alone"
        return Comparison(agreement, (line.confidence,), (), rival, inside)
    others = tuple(other.numbers[i] for i in sorted({i for i, _ in here}))
    confidence = float(np.prod([_share(one.line, len(line.digits)) for one in others]))
    return Comparison("agreed", (line.confidence, confidence), others, None, inside)


def _only(found: PageReading, here: Sequence[tuple[int, Digit]]) -> ReadNumber | None:
    """Return the number that all of these digits belong to and that has no others, if any."""
    if len({i for i, _ in here}) != 1:
        return None
    number = found.numbers[here[0][0]]
    return number if len(number.line.digits) == len(here) else None


def _text(digits: Iterable[Digit]) -> str:
    """Return the text of digits, from left to right."""
    return "".join(digit.text for digit in sorted(digits, key=lambda digit: digit.box.x))


def _judged(number: ReadNumber, compared: Comparison) -> ReadNumber:
    """Return a number with the confidence of its comparison and the marks of either reading.

    Where the other reading has another number of far more confidence, that one is returned.
    """
    line, others, rival = number.line, compared.others, compared.rival
    if not line.digits:
        return number
    is_named = any(digit.value is not None for digit in line.digits)  # else it may be no number
    if (
        rival
        and is_named
        and evidence((rival.line.confidence,)) - evidence((line.confidence,)) > SURER
    ):
        confidence = confidence_of("disputed", (rival.line.confidence,))
        return replace(rival, line=replace(rival.line, confidence=confidence))
    confidence = confidence_of(compared.agreement, compared.confidences)
    if all(is_lone_stroke(each.line) for each in (number, *others)):
        # Both ask the line network, so what they share is no evidence that a stroke is a 1.
        confidence = min(confidence, *compared.confidences)
    line = replace(line, confidence=confidence)
    is_same = len(others) == 1 and others[0].line.text == line.text  # not a box of a longer number
    if is_same and line.written == line.text and others[0].line.marks:
        line = replace(line, marks=others[0].line.marks, written=others[0].line.written)
    is_marked = number.is_marked or any(other.is_marked for other in others)
    return replace(number, line=line, is_marked=is_marked)


def _share(line: Line, n_digits: int) -> float:
    """Return the confidence in so many digits of a number, as if all of its digits shared it."""
    return float(line.confidence ** min(1.0, n_digits / max(1, len(line.digits))))


def _inside(centres: np.ndarray, line: Line) -> np.ndarray:
    """Return which points (n, 2) lie on a number: (n,) bool."""
    if not line.digits:
        return np.zeros(len(centres), bool)
    box = Box.around(digit.box for digit in line.digits)
    return _lies_in(centres, box, AROUND * box.height)


def _lies_in(points: np.ndarray, box: Box, around: float = 0.0) -> np.ndarray:
    """Return which points (n, 2) lie in a box, or so many px around it: (n,) bool."""
    low = np.array([box.x, box.y]) - around
    high = np.array([box.right, box.bottom]) + around
    return np.asarray(((points > low) & (points < high)).all(axis=1))


def _centre(box: Box) -> tuple[float, float]:
    return box.x + box.width / 2, box.y + box.height / 2
