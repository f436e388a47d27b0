"""One cell of a mark sheet: what speaks against its reading, and what else it may say.

Nothing is corrected in silence; the likeliest readings that fit the column are offered.
"""

import heapq
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Literal

import numpy as np

from digits.marksheet.scan import Entry
from digits.types import CLASSES, CONFIDENCE_THRESHOLD, REJECTED, Box, Line, Mark, MarkKind

Kind = Literal["points", "decimal", "fraction", "total", "identifier", "name", "ignore"]
KINDS: tuple[Kind, ...] = (
    "points", "decimal", "fraction", "total", "identifier", "name", "ignore",
)  # fmt: skip
POINTS: tuple[Kind, ...] = ("points", "decimal", "fraction")  # what a total adds up
DoubtKind = Literal[
    "unsure", "decimal", "separator", "rejected", "dash", "other", "struck out",  # on the paper
    "no number", "maximum", "whole", "length",  # against the column
    "sum", "suspect",
]  # fmt: skip
KEPT: tuple[DoubtKind, ...] = ("maximum", "whole", "length", "sum")  # that a person may overrule

SIGNS: dict[MarkKind, str] = {"dot": ".", "dash": "-", "stroke": "/", "other": "*"}
ABSENT = "absent"  # is written where nothing was handed in
POINT_HEIGHT = 0.5  # of the digits' height: the longest decimal point or comma
POINT_TOP = 0.5  # of the digits' height below their top, where one begins at the highest
CANDIDATES = 3  # readings offered for a doubtful cell, one for each of the keys 1 2 3
SEARCHED = 2_000  # readings looked at before the search for one that fits is given up
PLAUSIBLE = 0.01  # of the likeliest reading's probability that another has to be offered
NUMBER = re.compile(r"-?[0-9]+([.,][0-9]+)?")
FRACTION = re.compile(r"([0-9]+(?:[.,][0-9]+)?)/([0-9]+)")  # points of how many
DASH = re.compile(r"[-–—]+")


@dataclass(frozen=True, slots=True)
class Column:
    """What a column holds, as proposed or as set by a person."""

    name: str
    kind: Kind = "points"
    maximum: Decimal | None = None  # of points or a total
    decimals: bool = False  # of a total: whether what it adds up may have decimals

    @property
    def is_numeric(self) -> bool:
        """Whether its cells are points, or their sum."""
        return self.kind in POINTS or self.kind == "total"

    @property
    def allows_decimals(self) -> bool:
        """Whether 7.5 is a value like any other here."""
        return self.kind in ("decimal", "fraction") or (self.kind == "total" and self.decimals)


@dataclass(frozen=True, slots=True)
class Doubt:
    """One reason why a cell is to be looked at."""

    kind: DoubtKind
    text: str  # for people: "Unsure", "Is this 7.5?"


@dataclass(frozen=True, slots=True)
class Edit:
    """What a person confirmed or typed for a cell."""

    text: str
    kept: bool = False  # although it does not fit its column or its sum
    is_reading: bool = True  # what stands on the paper; else a mark that differs from it


@dataclass(frozen=True, slots=True)
class Checked:
    """A cell as it is shown to a person."""

    text: str
    doubts: tuple[Doubt, ...] = ()  # why it is to be looked at; none where it is fine
    candidates: tuple[str, ...] = ()  # readings that fit, the likeliest first
    confirmed: bool = False


def written_text(line: Line) -> str:
    """Return digits and separators as they stand: a 7.5 is never an unmarked 75.

    Where the reader gives no separators, they are told from the marks: a low dot between digits is
    ".", a dash "-", a stroke "/", another mark "*".
    """
    if line.written != line.text:
        return line.written
    signs = [(mark.box.x + mark.box.right, _sign(mark, line)) for mark in line.marks]
    values = [(digit.box.x + digit.box.right, digit.text) for digit in line.digits]
    return "".join(sign for _, sign in sorted(values + signs, key=lambda placed: placed[0]))


def shown_text(entry: Entry | None) -> str:
    """Return the text of a cell as it was read; letters and ticks have none."""
    if entry is None:
        return ""
    text = written_text(entry.line)
    return text if entry.line.digits or is_dash(entry) else ""


def is_dash(entry: Entry) -> bool:
    """Return whether a cell holds a dash and nothing else: somebody was absent, perhaps."""
    return not entry.line.digits and bool(DASH.fullmatch(written_text(entry.line)))


def _sign(mark: Mark, line: Line) -> str:
    return "." if _is_point(mark, line) else SIGNS[mark.kind]


def _is_point(mark: Mark, line: Line) -> bool:
    """Return whether a mark may be a decimal point or comma: small, low, between two digits."""
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


def is_written(entry: Entry) -> bool:
    """Return whether anything stands in a cell."""
    line = entry.line
    return bool(line.digits or line.marks) or entry.kind == "other" or line.confidence == 0


def to_number(text: str) -> Decimal | None:
    """Return the value of a plain number with comma or point, or None where it is none."""
    text = text.strip()
    return Decimal(text.replace(",", ".")) if NUMBER.fullmatch(text) else None


def to_points(text: str) -> Decimal | None:
    """Return the points of a mark: 17 for "17" and for "17/20"; None where it is no number."""
    fraction = FRACTION.fullmatch(text.strip())
    return to_number(fraction[1] if fraction else text)


def to_truth(text: str) -> str | None:
    """Return the digits on the paper by what was typed, or None where it is a word."""
    text = text.strip()
    is_number = not text or to_points(text) is not None
    return re.sub(r"[^0-9]", "", text) if is_number else None


def is_word(text: str) -> bool:
    """Return whether a text is a word in the place of a mark, such as "absent"."""
    return any(letter.isalpha() for letter in text) and not any(c.isdigit() for c in text)


def check_cell(
    entry: Entry | None,
    column: Column,
    edit: Edit | None = None,
    *,
    sure: float = CONFIDENCE_THRESHOLD,
) -> Checked:
    """Return a cell as it is to be shown: its text, what speaks against it, what else it may be.

    Parameters
    ----------
    entry : what was read; None where this row has no such cell
    column : what it must be
    edit : what a person confirmed or typed instead
    sure : confidence below which the reading is doubted
    """
    if edit is not None:
        return _check_edit(edit, column)
    text = shown_text(entry)
    if entry is None or column.kind in ("name", "ignore"):
        return Checked(text)
    seen = _seen_doubts(entry, text, column, sure)
    is_seen = any(doubt.kind != "unsure" for doubt in seen)  # one reason is enough
    doubts = seen if is_seen else seen + find_misfits(text, column)
    if not doubts:
        return Checked(text)
    return Checked(text, doubts, tuple(islice(_candidates(entry, text, column), CANDIDATES)))


def _check_edit(edit: Edit, column: Column) -> Checked:
    """Return what a person said; it has to fit its column too."""
    misfits = () if is_word(edit.text) else find_misfits(edit.text, column)
    kept = KEPT if edit.kept else ()
    return Checked(edit.text, tuple(d for d in misfits if d.kind not in kept), confirmed=True)


def _seen_doubts(entry: Entry, text: str, column: Column, sure: float) -> tuple[Doubt, ...]:
    """Return what speaks against a reading on the paper itself."""
    line = entry.line
    if line.struck_out:
        return (Doubt("struck out", "Struck out"),)
    if not line.digits:
        return _doubts_without_digits(entry)
    if REJECTED in line.text:
        return (Doubt("rejected", "Not all of it is digits"),)
    unsure = (Doubt("unsure", "Unsure"),) if line.confidence < sure else ()
    return _separator_doubts(text, column) + unsure


def _doubts_without_digits(entry: Entry) -> tuple[Doubt, ...]:
    if is_dash(entry):
        return (Doubt("dash", "A dash: absent?"),)
    if is_written(entry):
        return (Doubt("other", "Not a number"),)
    return ()


def _separator_doubts(text: str, column: Column) -> tuple[Doubt, ...]:
    """Return what speaks against the separators in a text."""
    if text.isdigit() or _is_expected(text, column):
        return ()
    number = to_number(text)
    if number is not None and number != number.to_integral_value():
        return (Doubt("decimal", f"Is this {text}?"),)
    if number is not None or FRACTION.fullmatch(text):
        return (Doubt("separator", f"Is this {text}?"),)
    return (Doubt("separator", "Another mark inside"),)


def _is_expected(text: str, column: Column) -> bool:
    """Return whether a text with separators is a value like any other in its column."""
    if FRACTION.fullmatch(text):
        return column.kind == "fraction"
    number = to_number(text)
    return number is not None and number >= 0 and column.allows_decimals


def find_misfits(text: str, column: Column) -> tuple[Doubt, ...]:
    """Return what a text cannot be in its column."""
    if not column.is_numeric or not text:
        return ()
    points = to_points(text) if column.kind == "fraction" else to_number(text)
    if points is None:
        return (Doubt("no number", "Not a number"),)
    if misfit := _beyond_maximum(text, points, column.maximum):
        return (Doubt("maximum", misfit),)
    if not column.allows_decimals and points != points.to_integral_value():
        return (Doubt("whole", "No decimals here"),)
    return ()


def _beyond_maximum(text: str, points: Decimal, maximum: Decimal | None) -> str:
    """Say how points contradict their maximum; nothing where they do not."""
    if maximum is None:
        return ""
    if points > maximum:
        return f"More than {maximum}"
    fraction = FRACTION.fullmatch(text)
    return (
        f"Out of {fraction[2]}, not {maximum}"
        if fraction and Decimal(fraction[2]) != maximum
        else ""
    )


def _candidates(entry: Entry, text: str, column: Column) -> Iterator[str]:
    """Yield the reading itself where a person may confirm it, then others that fit.

    Beside a reading that may be confirmed, only plausible ones are of use.
    """
    misfits = {doubt.kind for doubt in find_misfits(text, column)}
    least = 0.0
    if entry.line.digits and REJECTED not in text and misfits <= {"whole"}:
        least = PLAUSIBLE
        yield text
    for other, share in likely_texts(entry.line, column):
        if other != text and share >= least:
            yield other


def likely_texts(
    line: Line, column: Column, *, least: float = PLAUSIBLE
) -> Iterator[tuple[str, float]]:
    """Yield what a cell may say and its column allows, the likeliest first.

    Parameters
    ----------
    least : of the likeliest reading's probability that another one must have; the first that fits
        need not

    Yields
    ------
    tuple of str and float
        The text, and its probability as a share of the likeliest reading's.
    """
    told: set[str] = set()
    best = 0.0
    for text, probability in _texts(line, column):
        best = max(best, probability)
        if told and probability < least * best:
            return
        if text not in told and not find_misfits(text, column) and not _padded(text, column):
            told.add(text)
            yield text, probability / best if best else 0.0


def _padded(text: str, column: Column) -> bool:
    """Return whether a mark begins with a zero that nobody writes."""
    return column.is_numeric and text[:1] == "0" and text[1:2] not in ("", ".", ",", "/")


def _texts(line: Line, column: Column) -> Iterator[tuple[str, float]]:
    """Yield texts and their probabilities, with and without the separators."""
    separators = _separators(line) if column.allows_decimals or not column.is_numeric else {}
    missed = None  # where the reader may have missed a decimal point
    if not _separators(line) and column.allows_decimals and len(line.digits) > 1:
        missed = {len(line.digits) - 1: "."}
    for digits, probability in islice(
        likeliest([digit.probabilities for digit in line.digits]), SEARCHED
    ):
        if separators:
            yield _separated(digits, separators), probability
        yield digits, probability
        if missed:
            yield _separated(digits, missed), probability


def _separators(line: Line) -> dict[int, str]:
    """Return what stands before each digit besides digits; after the last one too."""
    found: dict[int, str] = {}
    digits = 0
    for sign in written_text(line):
        if sign.isdigit() or sign == REJECTED:
            digits += 1
        else:
            found[digits] = found.get(digits, "") + sign
    return found


def _separated(digits: str, separators: dict[int, str]) -> str:
    signs = [separators.get(i, "") + digit for i, digit in enumerate(digits)]
    return "".join(signs) + separators.get(len(digits), "")


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
