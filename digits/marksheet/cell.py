"""One cell of a mark sheet: what speaks against its reading, and what else it may say.

A mark beside the digits, a reading above the maximum or a refused digit makes a cell doubtful.
Nothing is put right in silence; the likeliest readings that fit are offered.
"""

import heapq
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Literal

import numpy as np

from digits.marksheet.scan import Entry
from digits.types import CLASSES, Box, Line, Mark, MarkKind

Kind = Literal["mark", "total", "identifier", "leave out"]
KINDS: tuple[Kind, ...] = ("mark", "total", "identifier", "leave out")
SIGNS: dict[MarkKind, str] = {"dot": ".", "dash": "-", "stroke": "/", "other": "*"}
SURE = 0.95  # confidence below which a cell is to be looked at
POINT_HEIGHT = 0.5  # of the digits' height: the longest decimal point or comma
POINT_TOP = 0.5  # of the digits' height below their top, where one begins at the highest
OFFERS = 2  # other readings offered for a doubtful cell
SEARCHED = 2_000  # readings looked at before the search for one that fits is given up
PLAUSIBLE = 0.01  # of the likeliest reading's probability that another has to be offered
NUMBER = re.compile(r"[0-9]+([.,][0-9]+)?")


@dataclass(frozen=True, slots=True)
class Column:
    """What a column holds, as proposed or as the person says."""

    name: str
    kind: Kind = "mark"
    maximum: Decimal | None = None  # of a mark or total
    decimals: bool = False  # whether a mark may be 7.5


@dataclass(frozen=True, slots=True)
class Checked:
    """A cell as the person sees it."""

    text: str
    doubts: tuple[str, ...] = ()  # why it is to be looked at; none where it is fine
    offers: tuple[str, ...] = ()  # other readings that fit, the likeliest first
    confirmed: bool = False


def written_text(line: Line) -> str:
    """Return digits and marks as they stand: a 7.5 is never an unmarked 75.

    A low dot between or beside digits is ".", a dash "-", a stroke "/", another mark "*".
    """
    signs = [(mark.box.x + mark.box.right, _sign(mark, line)) for mark in line.marks]
    values = [(digit.box.x + digit.box.right, digit.text) for digit in line.digits]
    return "".join(sign for _, sign in sorted(values + signs, key=lambda placed: placed[0]))


def _sign(mark: Mark, line: Line) -> str:
    return "." if _is_point(mark, line) else SIGNS[mark.kind]


def _is_point(mark: Mark, line: Line) -> bool:
    """Say whether a mark may be a decimal point or comma: small, low, between two digits."""
    before = [
        digit.box for digit in line.digits if sum(_x_span(digit.box)) < sum(_x_span(mark.box))
    ]
    after = line.digits[len(before) :]
    if not before or not after or mark.kind == "dash":
        return False
    left, right = before[-1], after[0].box
    tall = (left.height + right.height) / 2
    top = (left.y + right.y) / 2
    return mark.box.height <= POINT_HEIGHT * tall and mark.box.y >= top + POINT_TOP * tall


def _x_span(box: Box) -> tuple[int, int]:
    return box.x, box.right


def has_point(line: Line) -> bool:
    """Say whether something like a decimal point or comma stands between the digits."""
    return any(_is_point(mark, line) for mark in line.marks)


def to_number(text: str) -> Decimal | None:
    """Return a mark's value, comma or point, or None where the text is no plain number."""
    text = text.strip()
    return Decimal(text.replace(",", ".")) if NUMBER.fullmatch(text) else None


def to_truth(text: str) -> str | None:
    """Return the digits that stand on the paper by what was typed, or None where it is a word."""
    return re.sub(r"[^0-9]", "", text) if not text.strip() or to_number(text) is not None else None


def check_cell(
    entry: Entry | None, column: Column, edit: str | None = None, *, sure: float = SURE
) -> Checked:
    """Return a cell as it is to be shown: its text, what speaks against it, what else it may be.

    Parameters
    ----------
    entry : what was read; None where this row has no such cell
    column : what it must be
    edit : what the person confirmed or typed instead
    sure : confidence below which the reading is doubted
    """
    if edit is not None:
        return Checked(edit, _misfits(edit, column), (), confirmed=True)
    if entry is None or column.kind == "leave out":
        return Checked("" if entry is None else written_text(entry.line))
    text = written_text(entry.line)
    seen = _seen_doubts(entry.line, sure)
    doubts = seen if seen and to_number(text) is None else seen + _misfits(text, column)
    if not doubts:
        return Checked(text)
    offers = [offer for offer in readings(entry.line, column) if offer != text]
    return Checked(text, doubts, tuple(offers[:OFFERS]))


def _seen_doubts(line: Line, sure: float) -> tuple[str, ...]:
    """Say what speaks against a reading on the picture itself."""
    kinds = Counter("dot" if _is_point(mark, line) else mark.kind for mark in line.marks)
    doubts = [
        f"{'a' if kind != 'other' else 'another'} {kind if kind != 'other' else 'mark'} inside"
        for kind in kinds
    ]
    if not line.digits and not doubts and line.confidence == 0:
        doubts.append("something is written that is no number")
    elif "?" in line.text:
        doubts.append("not all of it are digits")
    elif line.digits and line.confidence < sure:
        doubts.append(f"only {line.confidence:.0%} sure")
    return tuple(doubts)


def _misfits(text: str, column: Column) -> tuple[str, ...]:
    """Say what a text cannot be in its column."""
    number = to_number(text)
    if column.kind not in ("mark", "total") or not text:
        return ()
    if number is None:
        return ("this is no number",)
    if column.maximum is not None and number > column.maximum:
        return (f"above the maximum of {column.maximum}",)
    if not column.decimals and number != number.to_integral_value():
        return ("no decimals here",)
    return ()


def readings(line: Line, column: Column, *, least: float = PLAUSIBLE) -> Iterator[str]:
    """Yield what a cell may say and its column allows, the likeliest first.

    Where decimals are allowed, a dot between the digits comes first as a decimal point.

    Parameters
    ----------
    least : of the likeliest reading's probability that another one must have; the first that fits
        need not
    """
    told: set[str] = set()
    best = 0.0
    for text, probability in _candidates(line, column):
        best = max(best, probability)
        if told and probability < least * best:
            return
        if text not in told and not _misfits(text, column) and not _padded(text, column):
            told.add(text)
            yield text


def _padded(text: str, column: Column) -> bool:
    """Say whether a mark begins with a zero that nobody writes."""
    return column.kind in ("mark", "total") and text[:1] == "0" and text[1:2] not in ("", ".")


def _candidates(line: Line, column: Column) -> Iterator[tuple[str, float]]:
    """Yield readings and their probabilities, with and without a decimal point."""
    point = None
    if column.decimals and (points := [mark for mark in line.marks if _is_point(mark, line)]):
        middle = points[0].box.x + points[0].box.right
        point = sum(sum(_x_span(digit.box)) < middle for digit in line.digits)
    elif column.decimals and len(line.digits) > 1:
        point = len(line.digits) - 1
    for digits, probability in islice(
        likeliest([digit.probabilities for digit in line.digits]), SEARCHED
    ):
        pointed = digits if point is None else f"{digits[:point]}.{digits[point:]}"
        # Without a point on the paper, it may have been missed; but the plain number comes first.
        for text in (pointed, digits) if has_point(line) else (digits, pointed):
            yield text, probability


def likeliest(probabilities: Sequence[Sequence[float]]) -> Iterator[tuple[str, float]]:
    """Yield all texts that some digits may stand for and their probabilities, which fall.

    Parameters
    ----------
    probabilities : for each digit, those of 0 to 9

    Examples
    --------
    >>> seven = (0.0, 0.4, 0.0, 0.0, 0.0, 0.0, 0.0, 0.6, 0.0, 0.0)
    >>> [(text, round(probability, 2)) for text, probability in islice(likeliest([seven] * 2), 4)]
    [('77', 0.36), ('71', 0.24), ('17', 0.24), ('11', 0.16)]
    """
    if not probabilities:
        return
    ranked = [np.argsort(np.negative(each), kind="stable") for each in probabilities]

    def unlikely(ranks: tuple[int, ...]) -> float:
        """Return minus the probability of a text, for a heap gives its least item first."""
        chosen = zip(probabilities, ranked, ranks, strict=True)
        return -math.prod(float(each[order[rank]]) for each, order, rank in chosen)

    start = (0,) * len(probabilities)
    heap, seen = [(unlikely(start), start)], {start}
    while heap:
        minus, ranks = heapq.heappop(heap)
        yield "".join(str(order[r]) for order, r in zip(ranked, ranks, strict=True)), -minus
        for place, rank in enumerate(ranks):
            further = (*ranks[:place], rank + 1, *ranks[place + 1 :])
            if rank + 1 < CLASSES and further not in seen:
                seen.add(further)
                heapq.heappush(heap, (unlikely(further), further))
