"""Arrange the numbers of a page in rows and columns, with or without printed rules."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby, pairwise, product

import numpy as np

from digits.types import REJECTED, Box, Cell, CellKind, Digit, Line, Mark, Reading

APART = 1.0  # of the digits' height: least gap between two numbers of a line
WIDER = 2.0  # times the narrow gaps of a lone line: least gap between two numbers
QUARTER = 25  # per cent of a line's gaps that are narrow
SAME_ROW = 0.6  # of the digits' height: largest offset of lines in one row
STEEP_ENOUGH = 3  # least digits of a line that measures the slope of a page
ENOUGH_ROWS = 3  # least rows to fit a column's slope; two points fit any line
MOSTLY = 0.5  # least share of rows with a number in a column, for its gaps to be read again
MARGIN = 0.15  # of its height, around a number


@dataclass(frozen=True, slots=True)
class PlacedNumber:
    """A number in its row and column."""

    row: int
    column: int
    line: Line
    box: Box  # px of the original
    kind: CellKind = "number"
    reason: str = ""  # for doubt, where the line does not show it


def place_numbers(reading: Reading) -> list[PlacedNumber]:
    """Return the row and column of each number of a page.

    Parameters
    ----------
    reading : of a ruled table, of numbers in columns without rules, or of a single number
    """
    if not reading.cells:
        return _by_alignment(reading)
    one_row = len({cell.row for cell in reading.cells}) == 1
    if one_row and reading.lines and all(len(cell.text) <= 1 for cell in reading.cells):
        return [PlacedNumber(0, 0, line, _about(line)) for line in reading.lines]  # boxes of one
    return _by_cells(reading)


def _by_cells(reading: Reading) -> list[PlacedNumber]:
    """Place the contents of a ruled table's cells; a table without digits has cells and no lines.

    A merged cell has no position, so rows are counted.
    """
    cells = sorted(reading.cells, key=lambda cell: (cell.row, cell.column))
    placed = []
    for down, (_, row) in enumerate(groupby(cells, lambda cell: cell.row)):
        mine = list(row)
        ends = accumulate(len(cell.text) for cell in mine)
        digits = _digits_of_row(mine, reading.lines)
        for cell, end in zip(mine, ends, strict=True):
            line = _line_of_cell(cell, digits[end - len(cell.text) : end])
            placed.append(PlacedNumber(down, cell.column, line, cell.box, cell.kind))
    return placed


def _digits_of_row(cells: Sequence[Cell], lines: Sequence[Line]) -> tuple[Digit, ...]:
    """Return the digits of a table's row: those of the nearest line that has its text.

    What stands beside the table is a line too.
    """
    text, box = "".join(cell.text for cell in cells), Box.around(cell.box for cell in cells)
    same = [line for line in lines if line.text.replace("\t", "") == text]
    nearest = min(
        same, key=lambda line: abs(line.box.x - box.x) + abs(line.box.y - box.y), default=None
    )
    return () if nearest is None else nearest.digits


def _line_of_cell(cell: Cell, digits: tuple[Digit, ...]) -> Line:
    box = Box.around(digit.box for digit in digits) if digits else cell.box
    return Line(cell.text, cell.confidence, box, digits, cell.marks, cell.written, cell.struck_out)


def missing_places(
    placed: Sequence[PlacedNumber], size: tuple[int, int]
) -> list[tuple[int, int, Box]]:
    """Return row, column and box of the gaps in the usual columns of a table without rules.

    Parameters
    ----------
    size : px, width and height of the original
    """
    at = {(number.row, number.column): number.line.box for number in placed}
    rows, columns = (range(1 + max(place[axis] for place in at)) for axis in (0, 1))
    filled = {column: [row for row in rows if (row, column) in at] for column in columns}
    return [
        (row, column, _gap_box(at, row, column, filled[column], size))
        for row, column in product(rows, columns)
        if row not in filled[column] and len(filled[column]) > MOSTLY * len(rows)
    ]


def _gap_box(
    at: Mapping[tuple[int, int], Box],
    row: int,
    column: int,
    filled: Sequence[int],
    size: tuple[int, int],
) -> Box:
    """Return the box of a missing number: at the height of its row, as wide as its column.

    Parameters
    ----------
    at : boxes of the numbers, by row and column
    filled : rows with a number in this column
    """
    beside = [box for (other, _), box in at.items() if other == row]
    nearest = sorted(filled, key=lambda other: abs(other - row))[:2]
    across = Box.around(at[other, column] for other in nearest)
    tall = max(box.height for box in beside)
    middle = _height_at(across.x + across.width / 2, beside)
    x, y = max(0, across.x - tall // 2), max(0, round(middle - tall))
    right, bottom = min(size[0], across.right + tall // 2), min(size[1], y + 2 * tall)
    return Box(x, y, max(1, right - x), max(1, bottom - y))


def _height_at(x: float, boxes: Sequence[Box]) -> float:
    """Return the height of a row at `x`, by its other numbers: px."""
    across, down = np.array([_middle(box) for box in boxes]).T
    if len(boxes) == 1:
        return float(down[0])
    slope, start = np.polyfit(across, down, 1)
    return float(start + slope * x)


@dataclass(frozen=True, slots=True)
class _Number:
    """A number of an unruled page, in coordinates along and across its lines."""

    line: Line
    along: float  # px
    across: float  # px


def _by_alignment(reading: Reading) -> list[PlacedNumber]:
    """Place the numbers of lines without rules: by their rows, and by the usual row's columns."""
    lines = [line for line in reading.lines if line.digits]
    if not lines:
        return []
    tall = float(np.median([digit.box.height for line in lines for digit in line.digits]))
    rows = _into_rows(_numbers(lines, tall), tall)
    usual = Counter(len(row) for row in rows).most_common(1)[0][0]
    typical = [row for row in rows if len(row) == usual]
    return [
        PlacedNumber(down, column, number.line, _about(number.line))
        for down, row in enumerate(rows)
        for column, number in zip(_columns_of(row, typical), row, strict=True)
    ]


def _columns_of(row: Sequence[_Number], typical: Sequence[Sequence[_Number]]) -> list[int]:
    """Return the column of each number of a row, by the rows that have all columns."""
    # Perspective makes columns converge: each is fitted as a straight line.
    usual = len(typical[0])
    centres = [_centre(typical, column, row[0].across) for column in range(usual)]
    return _nearest([number.along for number in row], centres)


def _numbers(lines: Sequence[Line], tall: float) -> list[_Number]:
    """Return the numbers of all lines, turned so that lines are level."""
    lean, gap = _lean(lines), _gap(lines, tall)
    return [
        _Number(number, *_turned(number.digits, lean))
        for line in lines
        for number in split_line(line, gap)
    ]


def _into_rows(numbers: Sequence[_Number], tall: float) -> list[list[_Number]]:
    """Return the numbers row by row, each row from left to right."""
    rows: list[list[_Number]] = []
    for number in sorted(numbers, key=lambda n: n.across):
        if not rows or number.across - rows[-1][-1].across > SAME_ROW * tall:
            rows.append([])
        rows[-1].append(number)
    return [sorted(row, key=lambda n: n.along) for row in rows]


def _gap(lines: Sequence[Line], tall: float) -> float:
    """Return the least gap between two numbers of a line: px.

    Without columns in other lines, digits may be widely spaced: only a gap wider than the line's
    other gaps separates two numbers.
    """
    if len(lines) > 1 or len(lines[0].digits) == 1:
        return APART * tall
    boxes = [digit.box for digit in lines[0].digits]
    gaps = [after.x - before.right for before, after in pairwise(boxes)]
    return max(APART * tall, WIDER * float(np.percentile(gaps, QUARTER)))


def _lean(lines: Sequence[Line]) -> float:
    """Return the slope of the lines of a page, in px per px."""
    across, down = [], []
    for line in lines:
        if len(line.digits) >= STEEP_ENOUGH:
            centres = np.array([_middle(digit.box) for digit in line.digits])
            across.append(centres[:, 0] - centres[:, 0].mean())
            down.append(centres[:, 1] - centres[:, 1].mean())
    if not across:
        return 0.0
    x, y = np.concatenate(across), np.concatenate(down)
    return float((x * y).sum() / max(1.0, (x * x).sum()))


def _turned(digits: Sequence[Digit], lean: float) -> tuple[float, float]:
    """Return the positions of digits along and across sloped lines: px."""
    x, y = np.array([_middle(digit.box) for digit in digits]).mean(axis=0)
    length = float(np.hypot(1, lean))
    return float(x + lean * y) / length, float(y - lean * x) / length


def _centre(rows: Sequence[Sequence[_Number]], column: int, across: float) -> float:
    """Return the position of a column at a height of the page, by the complete rows."""
    along = [row[column].along for row in rows]
    down = [row[column].across for row in rows]
    if len(rows) < ENOUGH_ROWS or max(down) - min(down) < 1:
        return float(np.mean(along))
    slope, start = np.polyfit(down, along, 1)
    return float(start + slope * across)


def _nearest(places: Sequence[float], centres: Sequence[float]) -> list[int]:
    """Return the column of each number of a row: in order, with least total distance."""
    n, m = len(places), len(centres)
    if n >= m:
        return list(range(n))
    cost = np.abs(np.subtract.outer(np.array(places), np.array(centres)))  # (n, m)
    best = np.full((n + 1, m + 1), np.inf)  # of the first i numbers in the first j columns
    best[0] = 0
    for i in range(1, n + 1):
        for j in range(i, m + 1):
            best[i, j] = min(best[i, j - 1], best[i - 1, j - 1] + cost[i - 1, j - 1])
    columns, j = [], m
    for i in range(n, 0, -1):
        while best[i, j] == best[i, j - 1]:
            j -= 1
        j -= 1
        columns.append(j)
    return columns[::-1]


def split_line(line: Line, gap: float) -> list[Line]:
    """Split a line at wide gaps between its digits.

    Parameters
    ----------
    gap : px of the original: least gap between digits of two numbers
    """
    groups: list[list[Digit]] = [[]]
    for digit in line.digits:
        if groups[-1] and digit.box.x - groups[-1][-1].box.right > gap:
            groups.append([])
        groups[-1].append(digit)
    if len(groups) == 1:
        return [line]
    spans = [Box.around([digit.box for digit in group]) for group in groups]
    marks = _marks_of(line, spans)
    writings = split_written(line, [len(group) for group in groups])
    return [
        replace(
            line,
            text="".join(digit.text for digit in group),
            confidence=_share(line, group),
            box=span,
            digits=tuple(group),
            marks=tuple(mine),
            written=written,
        )
        for group, span, mine, written in zip(groups, spans, marks, writings, strict=True)
    ]


def _marks_of(line: Line, spans: Sequence[Box]) -> list[list[Mark]]:
    """Return the marks of each part of a line: each mark belongs to the nearest part."""
    marks: list[list[Mark]] = [[] for _ in spans]
    for mark in line.marks:
        off = [max(span.x - mark.box.right, mark.box.x - span.right) for span in spans]
        marks[int(np.argmin(off))].append(mark)
    return marks


def split_written(line: Line, lengths: Sequence[int]) -> list[str]:
    """Return the written text of each part of a line; a minus belongs to the next digit.

    Parameters
    ----------
    lengths : digits of each part

    Examples
    --------
    >>> split_written(Line("12754", 0.9, Box(0, 0, 9, 9), (), written="127.5-4"), [2, 2, 1])
    ['12', '7.5', '-4']
    """
    parts, part, room = [""] * len(lengths), 0, lengths[0]
    for sign in line.written:
        is_digit = sign.isdigit() or sign == REJECTED
        is_between = room == 0 and part + 1 < len(lengths)
        if is_between and (is_digit or sign == "-"):
            part, room = part + 1, lengths[part + 1]
        if not (is_between and sign.isspace()):
            parts[part] += sign
        room -= is_digit
    return parts


def _share(line: Line, digits: Sequence[Digit]) -> float:
    """Return the confidence of a part of a line.

    A doubtful digit affects only its own part; the remaining doubt about the line is shared by
    length.
    """
    if any(digit.value is None for digit in digits):
        return 0.0
    own = float(np.prod([digit.confidence for digit in digits]))
    every = float(np.prod([digit.confidence for digit in line.digits]))
    if every == 0 or any(digit.value is None for digit in line.digits):  # doubt about another part
        return own
    beyond = min(1.0, line.confidence / every)
    return own * float(beyond ** (len(digits) / len(line.digits)))


def _middle(box: Box) -> tuple[float, float]:
    return box.x + box.width / 2, box.y + box.height / 2


def _about(line: Line) -> Box:
    """Return a number's box with its marks and a margin; it may pass the picture's edge."""
    box = Box.around([line.box, *(mark.box for mark in line.marks)])
    margin = round(MARGIN * box.height)
    x, y = max(0, box.x - margin), max(0, box.y - margin)
    return Box(x, y, box.right + margin - x, box.bottom + margin - y)
