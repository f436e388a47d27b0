"""A reading as a page shows it: number by number, with doubts and likeliest readings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice
from operator import itemgetter

from digits.image.separators import fill_digits, leaves_doubt
from digits.marksheet.cell import likeliest
from digits.marksheet.columns import PlacedNumber, place_numbers
from digits.marksheet.propose import find_headings
from digits.render.text import is_doubtful
from digits.types import CONFIDENCE_THRESHOLD, REJECTED, Box, Line, Reading
from digits.ui.answer import ShownNumber
from digits.ui.viewer import ShownBox

READINGS = 3  # of a number that are offered
SEARCHED = 40  # readings looked at for those
UNREAD = "unread-"  # before the index, in the id of a place that was not read
UNSURE, POINT, NO_NUMBER = "Unsure", "Decimal point?", "Is this a number?"
STRUCK_OUT, NOT_READ = "Struck out?", "Not read"

Rows = tuple[tuple[str | None, ...], ...]
Truths = Mapping[str, str]  # id of a number to the user's truth


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a reading, and how they stand on the page."""

    reading: Reading  # with one line for each number or cell of a table
    rows: Rows  # ids; None where a table has nothing
    is_table: bool
    headings: frozenset[str] = frozenset()  # ids of numbers in a table's headings
    heading_boxes: tuple[Box, ...] = ()  # px of the original: cells of headings

    def __iter__(self) -> Iterator[tuple[str, Line]]:
        """Yield id and line of each number, as they are read."""
        lines = enumerate(self.reading.lines)
        return ((str(index), line) for index, line in lines if line.digits)

    def line(self, number: str) -> int:
        """Return the index of a number's line in `reading`."""
        return int(number)

    def doubt(self, number: str, line: Line) -> str:
        """Return why a number has to be checked; headings never have to be."""
        return "" if number in self.headings else doubt_of(line)


def split_numbers(reading: Reading) -> Numbers:
    """Return a reading number by number: the cells of a table, else its lines."""
    one_row = len({cell.row for cell in reading.cells}) == 1
    if not reading.cells or (one_row and all(len(cell.text) <= 1 for cell in reading.cells)):
        one_each: Rows = tuple((str(i),) for i, line in enumerate(reading.lines) if line.digits)
        return Numbers(reading, one_each, is_table=False)
    placed = place_numbers(reading)
    above = find_headings(placed)
    headings = {str(i): one.box for i, one in enumerate(placed) if one.row in above}
    return Numbers(
        replace(reading, lines=tuple(one.line for one in placed)),
        _table_rows(placed),
        is_table=True,
        headings=frozenset(headings),
        heading_boxes=tuple(headings.values()),
    )


def _table_rows(placed: Sequence[PlacedNumber]) -> Rows:
    """Return the ids of a table's numbers, row by row."""
    at = {(one.row, one.column): str(i) for i, one in enumerate(placed) if one.line.digits}
    n_rows = 1 + max((one.row for one in placed), default=-1)
    n_columns = 1 + max((one.column for one in placed), default=-1)
    return tuple(
        tuple(at.get((row, column)) for column in range(n_columns)) for row in range(n_rows)
    )


def doubt_of(line: Line) -> str:
    """Return why a number has to be checked, in a few words; "" if it need not."""
    if line.struck_out:
        return STRUCK_OUT
    if any(digit.value is None for digit in line.digits):
        return NO_NUMBER
    if line.written != line.text:
        return POINT if "." in line.written else f"Is this {line.written}?"
    boxes = [digit.box for digit in line.digits]
    unsure = line.confidence < CONFIDENCE_THRESHOLD or any(map(is_doubtful, line.digits))
    unsure |= any(leaves_doubt((mark.kind, mark.box), boxes) for mark in line.marks)
    return UNSURE if unsure else ""


def likeliest_readings(line: Line) -> tuple[str, ...]:
    """Return what a number may say, the likeliest first, with the marks that stand in it.

    Where a mark may be a decimal point, the number without it is offered too.
    """
    template = line.written
    found: list[str] = []
    texts = likeliest([digit.probabilities for digit in line.digits])
    for text, _ in islice(texts, SEARCHED):
        for candidate in (fill_digits(template, text), text):
            if candidate not in found:
                found.append(candidate)
    return tuple(found[:READINGS])


def marked_parts(line: Line) -> tuple[tuple[str, bool], ...]:
    """Return a number as pieces of text, and whether each is to be checked.

    All of it is where no single digit is the reason.
    """
    if doubt_of(line) == UNSURE and not any(map(is_doubtful, line.digits)):
        return ((line.written, True),)
    places = [i for i, sign in enumerate(line.written) if sign.isdigit() or sign == REJECTED]
    doubted = [True] * len(line.written)
    for place, digit in zip(places, line.digits, strict=True):
        doubted[place] = is_doubtful(digit)
    pieces = groupby(zip(line.written, doubted, strict=True), itemgetter(1))
    return tuple(("".join(sign for sign, _ in piece), doubt) for doubt, piece in pieces)


def to_boxes(numbers: Numbers, truths: Truths) -> list[ShownBox]:
    """Return a box for each number and for each place that was not read.

    Truths of the user replace what was read.
    """
    boxes = [
        _to_box(number, line, truths.get(number), numbers.doubt(number, line))
        for number, line in numbers
    ]
    return boxes + [
        ShownBox(place, box, truths[place], "confirmed")
        if place in truths
        else ShownBox(place, box, state="unread", reason=NOT_READ)
        for place, box in _unread(numbers)
    ]


def _unread(numbers: Numbers) -> list[tuple[str, Box]]:
    """Return id and box of each place that was seen and not read, outside of numbers' boxes.

    The words of a table's headings are no such places.
    """
    shown = [*(line.box for _, line in numbers), *numbers.heading_boxes]
    places = enumerate(numbers.reading.unread)
    return [(f"{UNREAD}{i}", box) for i, box in places if not any(_holds(s, box) for s in shown)]


def _holds(box: Box, other: Box) -> bool:
    """Return whether the middle of `other` lies in `box`."""
    x, y = other.x + other.width / 2, other.y + other.height / 2
    return box.x <= x < box.right and box.y <= y < box.bottom


def _to_box(number: str, line: Line, truth: str | None, doubt: str) -> ShownBox:
    if truth is not None:
        return ShownBox(number, line.box, truth, "confirmed", likeliest_readings(line))
    return ShownBox(
        number,
        line.box,
        line.written,
        "check" if doubt else "sure",
        likeliest_readings(line),
        doubt,
    )


def to_rows(numbers: Numbers, truths: Truths) -> tuple[tuple[ShownNumber | None, ...], ...]:
    """Return the numbers as they stand on the page, for the answer card."""
    lines = dict(numbers)

    def shown(number: str | None) -> ShownNumber | None:
        if number is None:
            return None
        if number in truths:
            return ShownNumber(number, ((truths[number], False),))
        line = lines[number]
        is_heading = number in numbers.headings
        return ShownNumber(number, ((line.written, False),) if is_heading else marked_parts(line))

    return tuple(tuple(shown(number) for number in row) for row in _rows_with(numbers, truths))


def _rows_with(numbers: Numbers, truths: Truths) -> Rows:
    """Return the rows, followed by a row for each truth of a place that was not read."""
    places = [place for place, _ in _unread(numbers) if place in truths]
    return (*numbers.rows, *((place,) for place in places))


def to_text(numbers: Numbers, truths: Truths) -> str:
    """Return all of it as text: a row a line, the cells of a table parted by tabs."""
    lines = dict(numbers)
    rows = [
        [
            "" if number is None else truths[number] if number in truths else lines[number].written
            for number in row
        ]
        for row in _rows_with(numbers, truths)
    ]
    return "\n".join("\t".join(row) for row in rows if numbers.is_table or any(row))


def count_doubts(numbers: Numbers, truths: Truths) -> str:
    """Return what is left to check, such as "3 digits to check"; "" if nothing is."""
    open_lines = [
        line for number, line in numbers if number not in truths and numbers.doubt(number, line)
    ]
    digits = [sum(map(is_doubtful, line.digits)) for line in open_lines]
    n_unread = sum(place not in truths for place, _ in _unread(numbers))
    found = [
        _count(sum(digits), "digit", "to check")
        if all(digits)
        else _count(len(open_lines), "number", "to check"),
        _count(n_unread, "place", "not read"),
    ]
    return ", ".join(filter(None, found))


def _count(n: int, noun: str, what: str) -> str:
    return f"{n} {noun}{'s' * (n > 1)} {what}" if n else ""
