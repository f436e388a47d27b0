"""Compose a reading from the numbers of a page: lines, cells, status and notes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from digits.image.page_segmentation import Layout, TextRegion
from digits.image.quality import describe_faults
from digits.types import (
    CONFIDENCE_THRESHOLD,
    Box,
    Cell,
    CellKind,
    Hint,
    Line,
    Mark,
    ModelName,
    Page,
    Picture,
    Reading,
    Status,
)

LONE_STROKE = 0.5  # confidence of a 1 that stands alone, below which it is no digit
SAME_INK = 0.6  # share of a box in a larger one, from which both are of the same ink
SINGLE_BOXES = 4  # boxes of one digit in a row, from which a wider one may be several
NAMED = 3  # numbers listed in a note
ONLY_TABLE = "Only the table was read: photograph the text beside it separately."
SEPARATOR = "a separator or another mark may stand there."
STRUCK_OUT = "A number seems to be struck out: check it."
UNREAD = "Part of what is written was not read: photograph the numbers alone."


@dataclass(frozen=True, slots=True)
class ReadNumber:
    """A number that was read, and reasons for doubt besides its confidence."""

    line: Line
    is_marked: bool = False  # a mark may change it
    tall: tuple[Box, ...] = ()  # px of the original: marks as tall as a digit


@dataclass(frozen=True, slots=True)
class PageReading:
    """The numbers of a page, before they become a `Reading`."""

    layout: Layout
    numbers: tuple[ReadNumber, ...]  # one for each piece of the layout
    notes: tuple[str, ...] = ()
    is_contradicted: bool = False  # a hint contradicts the picture

    @property
    def lines(self) -> tuple[Line, ...]:
        """The line of each piece."""
        return tuple(number.line for number in self.numbers)

    @property
    def confidence(self) -> float:
        """Probability that all numbers are right; 0 without any digit."""
        return _joint_confidence(self.lines)

    def contradicted(self, *notes: str) -> "PageReading":
        """Return the reading with notes on how the picture contradicts a hint."""
        return replace(self, notes=self.notes + notes, is_contradicted=True)


def join_numbers(numbers: Sequence[ReadNumber]) -> ReadNumber:
    """Return numbers beside each other, from left to right, as one."""
    lines = [number.line for number in numbers]
    whole = Line(
        "".join(line.text for line in lines),
        float(np.prod([line.confidence for line in lines])),
        Box.around(line.box for line in lines),
        tuple(digit for line in lines for digit in line.digits),
        tuple(mark for line in lines for mark in line.marks),
        "".join(line.written for line in lines),
    )
    is_marked = any(number.is_marked for number in numbers)
    return ReadNumber(whole, is_marked, tuple(box for number in numbers for box in number.tall))


def _joint_confidence(lines: Iterable[Line]) -> float:
    """Return the probability that all lines with digits are right; 0 without any digit."""
    read = [line.confidence for line in lines if line.digits]
    return float(np.prod(read)) if read else 0.0


def is_lone_stroke(line: Line) -> bool:
    """Return whether a 1 that stands alone is rather a slash, a tick or a bracket than a digit.

    The line network then finds that no number stands there is likelier than that a 1 does.
    """
    return line.text == "1" and line.confidence < LONE_STROKE


def has_digit(lines: Iterable[Line]) -> bool:
    """Return whether any digit was read and not rejected."""
    return any(digit.value is not None for line in lines for digit in line.digits)


def n_digits(lines: Iterable[Line]) -> int:
    """Return the number of digits, rejected ones too."""
    return sum(len(line.digits) for line in lines)


def compose_reading(
    found: PageReading, picture: Picture, *, page: Page, hint: Hint, model: ModelName
) -> Reading:
    """Combine the numbers of a page and their positions into one reading, without its id.

    Parameters
    ----------
    found : numbers of `page`
    picture : source of the page
    hint : has the confidence threshold; each of its boxes is a line
    model : of the reading
    """
    if found.layout.is_table:
        found = _without_strokes(found)
    cells, lines = _tables(found) if found.layout.is_table else ((), found.lines)
    if not (cells or hint.boxes):  # empty regions are results too if they were requested
        lines = tuple(line for line in lines if line.digits)
    read = [line for line in lines if line.digits]
    shown = lines if read else ()
    confidence = _joint_confidence(read)
    unread = find_unread(found)
    notes, is_doubtful = _doubts(found, unread)
    boxes = [digit.box for line in read for digit in line.digits]
    return Reading(
        id="",
        size=(picture.width, picture.height),
        status=_status(page, read, confidence, hint, is_doubtful=is_doubtful),
        model=model,
        text="\n".join(line.text for line in shown),
        confidence=confidence,
        lines=lines if hint.boxes else shown,
        cells=cells,
        notes=notes + describe_faults(picture, page, boxes),
        written="\n".join(line.written for line in shown),
        unread=unread,
    )


def _without_strokes(found: PageReading) -> PageReading:
    """Return a table's numbers; lone strokes in its cells become marks that were not read.

    Boxes of one digit each are one number, in which each of them counts.
    """
    pairs = list(zip(found.layout.numbers, found.numbers, strict=True))
    if all(len(number.line.digits) <= 1 for part, number in pairs if part.place is not None):
        return found
    numbers = tuple(
        _as_mark(number) if part.place is not None and is_lone_stroke(number.line) else number
        for part, number in pairs
    )
    return replace(found, numbers=numbers)


def _as_mark(number: ReadNumber) -> ReadNumber:
    """Return a number without digits, whose one digit is a mark instead."""
    line, box = number.line, number.line.digits[0].box
    stroke = Line("", 0.0, line.box, (), (*line.marks, Mark("stroke", box)))
    return replace(number, line=stroke, tall=(*number.tall, box))


def _tables(found: PageReading) -> tuple[tuple[Cell, ...], tuple[Line, ...]]:
    """Return the cells of all tables; a line for each of their rows, and the other lines."""
    pairs = list(zip(found.layout.numbers, found.lines, strict=True))
    lines = [line for part, line in pairs if part.place is None and line.digits]
    tables: dict[int, list[tuple[TextRegion, Line]]] = {}
    for part, line in pairs:
        if part.place is not None:
            tables.setdefault(part.table, []).append((part, line))
    is_mixed = len(tables) > 1 or bool(lines)
    cells: list[Cell] = []
    for mine in tables.values():
        first = 1 + max((cell.row for cell in cells), default=-1)
        placed = [_cell(part, line, first) for part, line in mine]
        cells += placed
        lines += _rows(placed, [line for _, line in mine])
    if is_mixed:
        lines.sort(key=lambda line: line.box.y)
    return tuple(cells), tuple(lines)


def _cell(part: TextRegion, line: Line, first: int) -> Cell:
    """Return a cell of a table whose rows begin at `first`; with ink and no digit it is other."""
    row, column = part.place or (0, 0)
    marks = line.marks + tuple(Mark("other", box) for box in part.other)
    is_empty = part.page is None and not marks
    kind: CellKind = "number" if line.digits else "empty" if is_empty else "other"
    return Cell(
        first + row,
        column,
        line.text,
        line.confidence,
        part.box,
        marks,
        line.written,
        kind,
        line.struck_out,
    )


def _rows(cells: Sequence[Cell], numbers: Sequence[Line]) -> Iterator[Line]:
    """Return one line for each row of a table: boxes of one digit each are one number."""
    between = "" if _are_boxes(cells) else "\t"
    rows: dict[int, list[tuple[Cell, Line]]] = {}
    for cell, line in zip(cells, numbers, strict=True):
        rows.setdefault(cell.row, []).append((cell, line))
    for row in sorted(rows):
        yield _row(sorted(rows[row], key=lambda pair: pair[0].column), between)


def _are_boxes(cells: Sequence[Cell]) -> bool:
    """Return whether cells are boxes of one digit each.

    In a single row a border may have been missed: a cell as wide as two boxes may hold two digits.
    """
    singles = [cell.box.width for cell in cells if len(cell.text) == 1]
    is_row = len({cell.row for cell in cells}) == 1 and len(singles) >= SINGLE_BOXES
    unit = float(np.median(singles)) if is_row else np.inf
    return all(len(cell.text) <= max(1, round(cell.box.width / unit)) for cell in cells)


def _row(placed: Sequence[tuple[Cell, Line]], between: str) -> Line:
    """Return the cells of one row as a line, whose texts are separated by `between`."""
    return Line(
        between.join(cell.text for cell, _ in placed),
        float(np.prod([cell.confidence for cell, _ in placed])),
        Box.around(cell.box for cell, _ in placed),
        tuple(digit for _, line in placed for digit in line.digits),
        tuple(mark for cell, _ in placed for mark in cell.marks),
        between.join(cell.written for cell, _ in placed),
    )


def find_unread(found: PageReading) -> tuple[Box, ...]:
    """Return the boxes of ink that was not read, in px of the original."""
    boxes = list(found.layout.left_out)
    for part, number in zip(found.layout.numbers, found.numbers, strict=True):
        if part.page is not None and not number.line.digits and part.page.ink.any():
            boxes.append(part.box)
        boxes += (*part.other, *number.tall)
        for is_rejected, run in groupby(number.line.digits, lambda digit: digit.value is None):
            if is_rejected:
                boxes.append(Box.around(digit.box for digit in run))
    return _without_repeated(boxes)


def _without_repeated(boxes: Sequence[Box]) -> tuple[Box, ...]:
    """Leave out boxes that lie mostly in a larger one: two readings may name the same ink."""
    largest_first = sorted(range(len(boxes)), key=lambda i: -boxes[i].width * boxes[i].height)
    kept: list[int] = []
    for i in largest_first:
        if not any(_share_of(boxes[i], boxes[k]) > SAME_INK for k in kept):
            kept.append(i)
    return tuple(boxes[i] for i in sorted(kept))


def _share_of(box: Box, other: Box) -> float:
    """Return the share of a box that lies in another one."""
    wide = min(box.right, other.right) - max(box.x, other.x)
    high = min(box.bottom, other.bottom) - max(box.y, other.y)
    return max(0, wide) * max(0, high) / (box.width * box.height)


def is_marked_in_picture(note: str) -> bool:
    """Return whether boxes of the reading show what a note is about."""
    return note == UNREAD or note.endswith(SEPARATOR)


def _doubts(found: PageReading, unread: Sequence[Box]) -> tuple[tuple[str, ...], bool]:
    """Return notes on reasons for doubt besides the confidence, and whether there are any."""
    notes = list(found.notes)
    marked = [number.line.written for number in found.numbers if number.is_marked]
    is_struck_out = any(line.struck_out for line in found.lines)
    if has_digit(found.lines):
        if marked:
            notes.append(_name_marked(marked))
        if found.layout.is_table and found.layout.left_out:
            notes.append(ONLY_TABLE)
        elif unread:
            notes.append(UNREAD)
        if is_struck_out:
            notes.append(STRUCK_OUT)
    return tuple(notes), bool(found.is_contradicted or marked or unread or is_struck_out)


def _name_marked(marked: Sequence[str]) -> str:
    """Return a note on numbers in which a mark may be a separator."""
    names = ", ".join(marked[:NAMED])
    more = f" and {len(marked) - NAMED} more" if len(marked) > NAMED else ""
    return f"Check {names}{more}: {SEPARATOR}"


def _status(
    page: Page, read: Sequence[Line], confidence: float, hint: Hint, *, is_doubtful: bool
) -> Status:
    """Return the status of a page with these lines."""
    if not has_digit(read):
        return "refused" if page.ink.any() else "blank"
    return status_of(confidence, hint.accept, is_doubtful=is_doubtful)


def status_of(
    confidence: float, accept: float = CONFIDENCE_THRESHOLD, *, is_doubtful: bool = False
) -> Status:
    """Return the status of a page with at least one digit.

    Parameters
    ----------
    confidence : of the whole page
    accept : the confidence threshold
    is_doubtful : for another reason than the confidence
    """
    return "doubtful" if is_doubtful or confidence < accept else "read"
