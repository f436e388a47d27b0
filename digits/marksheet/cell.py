"""Check one cell of a mark sheet, and find other readings that fit its column.

Nothing is corrected automatically; the most probable readings are offered.
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

from digits.image.separators import separator
from digits.marksheet.scan import Entry
from digits.types import CLASSES, CONFIDENCE_THRESHOLD, REJECTED, Line, Mark, MarkKind

Kind = Literal["points", "decimal", "fraction", "total", "identifier", "name", "ignore"]
KINDS: tuple[Kind, ...] = (
    "points", "decimal", "fraction", "total", "identifier", "name", "ignore",
)  # fmt: skip
POINTS: tuple[Kind, ...] = ("points", "decimal", "fraction")  # kinds that a total adds up
DoubtKind = Literal[
    "unsure", "decimal", "separator", "rejected", "dash", "other", "struck out",  # on the paper
    "no number", "maximum", "whole", "length",  # against the column
    "sum", "suspect",
]  # fmt: skip
KEPT: tuple[DoubtKind, ...] = ("maximum", "whole", "length", "sum")  # that the user may confirm

SIGNS: dict[MarkKind, str] = {"dot": ".", "dash": "-", "stroke": "/", "other": "*"}
ABSENT = "absent"  # shown for an absent person
CANDIDATES = 3  # readings offered for a doubtful cell, one for each of the keys 1 2 3
SEARCHED = 2_000  # readings tried before the search for one that fits ends
PLAUSIBLE = 0.01  # least ratio to the best reading's probability, for another to be offered
NUMBER = re.compile(r"-?[0-9]+([.,][0-9]+)?")
FRACTION = re.compile(r"([0-9]+(?:[.,][0-9]+)?)/([0-9]+)")  # maximum of the points
DASH = re.compile(r"[-–—]+")


@dataclass(frozen=True, slots=True)
class Column:
    """The kind and limits of a column, as proposed or as set by the user."""

    name: str
    kind: Kind = "points"
    maximum: Decimal | None = None  # of points or a total
    decimals: bool = False  # of a total: whether what it adds up may have decimals

    @property
    def is_numeric(self) -> bool:
        """Whether its cells are points or their sums."""
        return self.kind in POINTS or self.kind == "total"

    @property
    def allows_decimals(self) -> bool:
        """Whether decimals are allowed."""
        return self.kind in ("decimal", "fraction") or (self.kind == "total" and self.decimals)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A reason why a cell has to be checked."""

    kind: DoubtKind
    text: str  # for people: "Unsure", "Is this 7.5?"


@dataclass(frozen=True, slots=True)
class Edit:
    """The text that the user confirmed or typed for a cell."""

    text: str
    kept: bool = False  # even if it does not fit its column or its sum
    is_reading: bool = True  # the text on the paper; False: a mark that differs from it


@dataclass(frozen=True, slots=True)
class Checked:
    """A cell as it is shown to the user."""

    text: str
    doubts: tuple[Doubt, ...] = ()  # empty if the cell is fine
    candidates: tuple[str, ...] = ()  # readings that fit, the most probable first
    confirmed: bool = False


def written_text(line: Line) -> str:
    """Return the digits with their separators, so that 7.5 is never shown as 75.

    If the reading has no separators, they follow from the marks: a low dot between digits is
    ".", a dash "-", a stroke "/", another mark "*".
    """
    if line.written != line.text:
        return line.written
    signs = [(mark.box.x + mark.box.right, _sign(mark, line)) for mark in line.marks]
    reach, values = 0, []
    for digit in line.digits:  # in their order, also where one is above another
        reach = max(reach, digit.box.x + digit.box.right)
        values.append((reach, digit.text))
    return "".join(sign for _, sign in sorted(values + signs, key=lambda placed: placed[0]))


def shown_text(entry: Entry | None) -> str:
    """Return the text of a cell; "" for letters and ticks."""
    if entry is None:
        return ""
    text = written_text(entry.line)
    return text if entry.line.digits or is_dash(entry) else ""


def is_dash(entry: Entry) -> bool:
    """Return whether a cell holds only a dash, which may mean absence."""
    return not entry.line.digits and bool(DASH.fullmatch(written_text(entry.line)))


def is_slash(entry: Entry) -> bool:
    """Return whether a cell holds only a stroke."""
    line = entry.line
    return not line.digits and bool(line.marks) and all(m.kind == "stroke" for m in line.marks)


def _sign(mark: Mark, line: Line) -> str:
    digits = [digit.box for digit in line.digits]
    return "." if separator((mark.kind, mark.box), digits) == "." else SIGNS[mark.kind]


def is_written(entry: Entry) -> bool:
    """Return whether anything is written in a cell."""
    line = entry.line
    return bool(line.digits or line.marks) or entry.kind == "other" or line.confidence == 0


def to_number(text: str) -> Decimal | None:
    """Return the value of a number with comma or point; None for other text."""
    text = text.strip()
    return Decimal(text.replace(",", ".")) if NUMBER.fullmatch(text) else None


def to_points(text: str) -> Decimal | None:
    """Return the points of a mark: 17 for "17" and for "17/20"; None for other text."""
    fraction = FRACTION.fullmatch(text.strip())
    return to_number(fraction[1] if fraction else text)


def to_truth(text: str) -> str | None:
    """Return the digits of a typed text; None for a word."""
    text = text.strip()
    is_number = not text or to_points(text) is not None
    return re.sub(r"[^0-9]", "", text) if is_number else None


def is_word(text: str) -> bool:
    """Return whether a text is a word instead of a mark, such as "absent"."""
    return any(letter.isalpha() for letter in text) and not any(c.isdigit() for c in text)


def check_cell(
    entry: Entry | None,
    column: Column,
    edit: Edit | None = None,
    *,
    threshold: float = CONFIDENCE_THRESHOLD,
) -> Checked:
    """Return a cell to show: its text, its doubts and other candidates.

    Parameters
    ----------
    entry : the reading of the cell; None if the row has no such cell
    column : the kind and limits of its column
    edit : the text that the user confirmed or typed
    threshold : confidence below which the reading is doubtful
    """
    if edit is not None:
        return _check_edit(edit, column)
    text = shown_text(entry)
    if entry is None or column.kind in ("name", "ignore"):
        return Checked(text)
    seen = _seen_doubts(entry, text, column, threshold)
    is_seen = any(doubt.kind != "unsure" for doubt in seen)  # one reason is enough
    doubts = seen if is_seen else seen + find_misfits(text, column)
    if not doubts:
        return Checked(text)
    return Checked(text, doubts, tuple(islice(_candidates(entry, text, column), CANDIDATES)))


def _check_edit(edit: Edit, column: Column) -> Checked:
    """Return the cell with the user's text, which has to fit its column too."""
    misfits = () if is_word(edit.text) else find_misfits(edit.text, column)
    kept = KEPT if edit.kept else ()
    return Checked(edit.text, tuple(d for d in misfits if d.kind not in kept), confirmed=True)


def _seen_doubts(entry: Entry, text: str, column: Column, threshold: float) -> tuple[Doubt, ...]:
    """Return the doubts about the reading itself."""
    line = entry.line
    if line.struck_out:
        return (Doubt("struck out", "Struck out"),)
    if not line.digits:
        return _doubts_without_digits(entry)
    if REJECTED in line.text:
        return (Doubt("rejected", "Not all of it is digits"),)
    unsure = (Doubt("unsure", "Unsure"),) if line.confidence < threshold else ()
    return _separator_doubts(text, column) + unsure


def _doubts_without_digits(entry: Entry) -> tuple[Doubt, ...]:
    if is_dash(entry):
        return (Doubt("dash", "A dash: absent?"),)
    if is_written(entry):
        return (Doubt("other", "Not a number"),)
    return ()


def _separator_doubts(text: str, column: Column) -> tuple[Doubt, ...]:
    """Return the doubts about the separators in a text."""
    if text.isdigit() or _is_expected(text, column):
        return ()
    number = to_number(text)
    if number is not None and number != number.to_integral_value():
        return (Doubt("decimal", f"Is this {text}?"),)
    if number is not None or FRACTION.fullmatch(text):
        return (Doubt("separator", f"Is this {text}?"),)
    return (Doubt("separator", "Another mark inside"),)


def _is_expected(text: str, column: Column) -> bool:
    """Return whether a column allows the separators of a text."""
    if FRACTION.fullmatch(text):
        return column.kind == "fraction"
    number = to_number(text)
    return number is not None and number >= 0 and column.allows_decimals


def find_misfits(text: str, column: Column) -> tuple[Doubt, ...]:
    """Return why a text does not fit its column."""
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
    """Describe how points contradict their maximum; "" if they do not."""
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
    """Yield the reading itself if it may be confirmed, then others that fit.

    Next to a reading that may be confirmed, only plausible ones are offered.
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
    """Yield readings that the column allows, the most probable first.

    Parameters
    ----------
    least : minimum ratio to the most probable reading's probability; not for the first that fits

    Yields
    ------
    tuple of str and float
        The text, and the ratio of its probability to the most probable reading's.
    """
    seen_texts: set[str] = set()
    best = 0.0
    for text, probability in _texts(line, column):
        best = max(best, probability)
        if seen_texts and probability < least * best:
            return
        if text not in seen_texts and not find_misfits(text, column) and not _padded(text, column):
            seen_texts.add(text)
            yield text, probability / best if best else 0.0


def _padded(text: str, column: Column) -> bool:
    """Return whether a mark has a superfluous leading zero."""
    return column.is_numeric and text[:1] == "0" and text[1:2] not in ("", ".", ",", "/")


def _texts(line: Line, column: Column) -> Iterator[tuple[str, float]]:
    """Yield texts and their probabilities, with and without the separators."""
    separators = _separators(line) if column.allows_decimals or not column.is_numeric else {}
    missed = None  # the reader may have missed a decimal point
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
    """Return the separators before each digit and after the last one."""
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
    """Yield all texts for some digits in order of falling probability.

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
        """Return the negative probability of a text, since a heap pops its smallest item."""
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
