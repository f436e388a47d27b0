"""Photographs become the rows and columns of one table of numbers.

A ruled table gives its cells; numbers without rules are put in columns by where they stand; and
of many pictures each can be one row.
"""

import io
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise, product

import numpy as np

from digits.errors import DigitsError
from digits.io.document import Document, PageImage, page_numbers
from digits.types import ANY, Box, Digit, Hint, Line, Mark, Picture, Reading

APART = 1.0  # of the digits' height: numbers of one line that stand further apart are two
WIDER = 2.0  # times the narrower gaps of a lone line, from which one is between two numbers
QUARTER = 25  # per cent of a line's gaps that are narrow
SAME_ROW = 0.6  # of the digits' height by which lines of one row may be displaced
STEEP_ENOUGH = 3  # digits of a line from which it tells how far the page leans
ENOUGH_ROWS = 3  # from which columns may lean; two points make any line
MOSTLY = 0.5  # share of pictures that are tables, or of rows that a column has a number in
MARGIN = 0.15  # of its height left about a number on its thumbnail
THUMBNAIL = (220, 72)  # px, largest width and height
QUALITY = 80  # of a thumbnail's JPEG


@dataclass(frozen=True, slots=True)
class Entry:
    """What was read in one place of the table, and a picture of it."""

    line: Line
    index: int  # of the line in its scan's reading
    thumbnail: bytes = field(repr=False)  # JPEG


@dataclass(frozen=True, slots=True)
class Scan:
    """One picture or page: waiting, read number by number, or with a reason why it is not."""

    file: str
    content: bytes = field(repr=False)
    page: int | None = None  # of a PDF, from 1
    reading: Reading | None = None  # a line for each number or cell
    rows: tuple[tuple[Entry | None, ...], ...] = ()
    error: str = ""

    @property
    def is_waiting(self) -> bool:
        """Whether it is still to be read."""
        return self.reading is None and not self.error


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table."""

    scan: int  # from which of the scans
    entries: tuple[Entry | None, ...]  # as many as there are columns
    label: str  # the file, and the page of a PDF
    error: str = ""  # why the picture could not be read


def list_scans(file: str, content: bytes) -> list[Scan]:
    """Return the pages of a file, not read yet; one with a reason where it cannot be opened.

    Parameters
    ----------
    file : its name, shown beside the rows
    content : the bytes of a picture or a PDF
    """
    try:
        return [Scan(file, content, page) for page in page_numbers(content)]
    except DigitsError as error:
        return [Scan(file, content, error=str(error))]


def read_scan(read: Callable[[Picture, Hint], Reading], scan: Scan) -> Scan:
    """Return a page with its numbers, or with the reason why it cannot be read.

    Parameters
    ----------
    read : `Reader.read`
    """
    try:
        with Document.open(scan.content, colour=True) as document:
            page = document.page(scan.page)
        picture = page.picture
        reading = read(picture, ANY)
        if reading.error or not (reading.lines or reading.cells):
            return replace(scan, error=reading.error or _reason(reading))
        placed = place_numbers(reading)
        if not placed:
            return replace(scan, error=_reason(reading))
        if gaps := [] if reading.cells else missing_places(placed, reading.size):
            # A digit alone between wide gaps is overlooked at times: a second look at its place.
            again = read(picture, Hint(boxes=tuple(box for _, _, box in gaps)))
            placed += [  # no lines where the picture was refused
                (row, column, line, box)
                for (row, column, box), line in zip(gaps, again.lines, strict=False)
            ]
    except DigitsError as error:
        return replace(scan, error=str(error))
    entries = {
        (row, column): Entry(line, index, to_thumbnail(page, box))
        for index, (row, column, line, box) in enumerate(placed)
    }
    n_rows = 1 + max((row for row, _ in entries), default=-1)
    n_columns = 1 + max((column for _, column in entries), default=-1)
    rows = tuple(
        tuple(entries.get((row, column)) for column in range(n_columns)) for row in range(n_rows)
    )
    numbers = tuple(line for _, _, line, _ in placed)
    return replace(scan, reading=replace(reading, lines=numbers, page=scan.page), rows=rows)


def _reason(reading: Reading) -> str:
    """Say why a picture has no numbers."""
    found = "no ink was found" if reading.status == "blank" else "no digits were found"
    return ". ".join([found, *(note.rstrip(".") for note in reading.notes)])


def to_thumbnail(page: PageImage, box: Box) -> bytes:
    """Return the part of a page inside `box` as a small JPEG."""
    crop = page.crop(box)
    crop.thumbnail(THUMBNAIL)
    file = io.BytesIO()
    crop.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


Placed = tuple[int, int, Line, Box]  # row, column, what was read, and the place that it was read in


def place_numbers(reading: Reading) -> list[Placed]:
    """Say in which row and column each number of a picture stands.

    Parameters
    ----------
    reading : of a ruled table, of numbers in columns without rules, or of a single number
    """
    if not reading.cells:
        return _in_columns(reading)
    one_row = len({cell.row for cell in reading.cells}) == 1
    if one_row and reading.lines and all(len(cell.text) <= 1 for cell in reading.cells):
        return [(0, 0, line, _about(line)) for line in reading.lines]  # boxes of one number
    return _in_cells(reading)


def _in_cells(reading: Reading) -> list[Placed]:
    """Place the contents of a ruled table's cells; a table without digits has cells and no lines.

    A merged cell has no place of its own, so rows are counted and not taken from the cells.
    """
    digits = iter(reading.digits)  # row by row, as the cells are
    downs = {row: down for down, row in enumerate(sorted({cell.row for cell in reading.cells}))}
    placed = []
    for cell in sorted(reading.cells, key=lambda c: (c.row, c.column)):
        mine = tuple(islice(digits, len(cell.text)))
        box = Box.around([digit.box for digit in mine]) if mine else cell.box
        number = Line(cell.text, cell.confidence, box, mine, cell.marks)
        placed.append((downs[cell.row], cell.column, number, cell.box))
    return placed


def missing_places(placed: Sequence[Placed], size: tuple[int, int]) -> list[tuple[int, int, Box]]:
    """Return row, column and box of the gaps in the usual columns of a table without rules.

    Parameters
    ----------
    size : px, width and height of the original
    """
    at = {(row, column): line.box for row, column, line, _ in placed}
    n_rows, n_columns = (1 + max(place[axis] for place in at) for axis in (0, 1))
    gaps = []
    for row, column in product(range(n_rows), range(n_columns)):
        beside = [at[row, c] for c in range(n_columns) if (row, c) in at]
        same = sorted((abs(r - row), r) for r in range(n_rows) if (r, column) in at)
        if (row, column) in at or len(same) <= MOSTLY * n_rows:
            continue
        across = Box.around(at[r, column] for _, r in same[:2])
        tall = max(box.height for box in beside)
        middle = _height_at(across.x + across.width / 2, beside)
        x, y = max(0, across.x - tall // 2), max(0, round(middle - tall))
        right, bottom = min(size[0], across.right + tall // 2), min(size[1], y + 2 * tall)
        gaps.append((row, column, Box(x, y, max(1, right - x), max(1, bottom - y))))
    return gaps


def _height_at(x: float, boxes: Sequence[Box]) -> float:
    """Return how high a row stands at `x`, by its other numbers: px."""
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


def _in_columns(reading: Reading) -> list[Placed]:
    """Place the numbers of lines without rules: by their rows, and by the usual row's columns."""
    lines = [line for line in reading.lines if line.digits]
    if not lines:
        return []
    lean = _lean(lines)
    tall = float(np.median([digit.box.height for line in lines for digit in line.digits]))
    numbers = [
        _Number(number, *_turned(number.digits, lean))
        for line in lines
        for number in split_line(line, _gap(lines, tall))
    ]
    rows: list[list[_Number]] = []
    for number in sorted(numbers, key=lambda n: n.across):
        if not rows or number.across - rows[-1][-1].across > SAME_ROW * tall:
            rows.append([])
        rows[-1].append(number)
    rows = [sorted(row, key=lambda n: n.along) for row in rows]
    usual = Counter(len(row) for row in rows).most_common(1)[0][0]
    typical = [row for row in rows if len(row) == usual]
    placed = []
    for down, row in enumerate(rows):
        # A camera that looks down makes columns draw together: each is a straight line.
        centres = [_centre(typical, column, row[0].across) for column in range(usual)]
        for column, number in zip(_nearest([n.along for n in row], centres), row, strict=True):
            placed.append((down, column, number.line, _about(number.line)))
    return placed


def _gap(lines: Sequence[Line], tall: float) -> float:
    """Return how far apart two numbers of a line stand at least: px.

    Where other lines say nothing of columns, digits may be spaced widely: only a gap wider than
    the line's others parts two numbers.
    """
    if len(lines) > 1 or len(lines[0].digits) == 1:
        return APART * tall
    boxes = [digit.box for digit in lines[0].digits]
    gaps = [after.x - before.right for before, after in pairwise(boxes)]
    return max(APART * tall, WIDER * float(np.percentile(gaps, QUARTER)))


def _lean(lines: Sequence[Line]) -> float:
    """Return by how much the lines of a page fall from left to right, in px per px."""
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
    """Return where digits stand along and across lines that lean: px."""
    x, y = np.array([_middle(digit.box) for digit in digits]).mean(axis=0)
    length = float(np.hypot(1, lean))
    return float(x + lean * y) / length, float(y - lean * x) / length


def _centre(rows: Sequence[Sequence[_Number]], column: int, across: float) -> float:
    """Return where a column stands at a height of the page, by the rows that have all columns."""
    along = [row[column].along for row in rows]
    down = [row[column].across for row in rows]
    if len(rows) < ENOUGH_ROWS or max(down) - min(down) < 1:
        return float(np.mean(along))
    slope, start = np.polyfit(down, along, 1)
    return float(start + slope * across)


def _nearest(places: Sequence[float], centres: Sequence[float]) -> list[int]:
    """Return a column for each number of a row, in order, as near as can be."""
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
    """Part a line where its digits stand far apart.

    Parameters
    ----------
    gap : px of the original between two digits, from which they belong to two numbers
    """
    groups: list[list[Digit]] = [[]]
    for digit in line.digits:
        if groups[-1] and digit.box.x - groups[-1][-1].box.right > gap:
            groups.append([])
        groups[-1].append(digit)
    if len(groups) == 1:
        return [line]
    spans = [Box.around([digit.box for digit in group]) for group in groups]
    marks: list[list[Mark]] = [[] for _ in groups]
    for mark in line.marks:
        off = [max(span.x - mark.box.right, mark.box.x - span.right) for span in spans]
        marks[int(np.argmin(off))].append(mark)
    return [
        Line(
            "".join(digit.text for digit in group),
            _share(line, group),
            span,
            tuple(group),
            tuple(mine),
        )
        for group, span, mine in zip(groups, spans, marks, strict=True)
    ]


def _share(line: Line, digits: Sequence[Digit]) -> float:
    """Return the confidence of a part of a line, doubts about the whole line included."""
    if any(digit.value is None for digit in digits):
        return 0.0
    product = float(np.prod([digit.confidence for digit in digits]))
    refused = any(digit.value is None for digit in line.digits)  # elsewhere in the line
    part = 1.0 if refused else line.confidence ** (len(digits) / len(line.digits))
    return min(product, part)


def build_rows(scans: Sequence[Scan], *, one_each: bool) -> tuple[Row, ...]:
    """Return the rows of all pictures under each other, equally long.

    Parameters
    ----------
    one_each : every picture is one row, its numbers in reading order; otherwise a table
    """
    rows = []
    for index, scan in enumerate(scans):
        if scan.is_waiting:
            continue
        label = scan.file if scan.page is None else f"{scan.file}, page {scan.page}"
        if scan.error:
            rows.append(Row(index, (), label, scan.error))
        elif one_each:
            entries = tuple(entry for row in scan.rows for entry in row if entry is not None)
            rows.append(Row(index, entries, label))
        else:
            rows += [Row(index, row, label) for row in scan.rows]
    width = max((len(row.entries) for row in rows), default=0)
    return tuple(
        replace(row, entries=row.entries + (None,) * (width - len(row.entries))) for row in rows
    )


def are_tables(scans: Sequence[Scan]) -> bool:
    """Say whether pictures are tables rather than a row each."""
    readable = [scan for scan in scans if scan.rows]
    tables = [scan for scan in readable if len(scan.rows) > 1]
    return len(readable) == 1 or len(tables) > MOSTLY * len(readable)


def _middle(box: Box) -> tuple[float, float]:
    return box.x + box.width / 2, box.y + box.height / 2


def _about(line: Line) -> Box:
    """Return a number's box with its marks and a margin; it may pass the picture's edge."""
    box = Box.around([line.box, *(mark.box for mark in line.marks)])
    margin = round(MARGIN * box.height)
    x, y = max(0, box.x - margin), max(0, box.y - margin)
    return Box(x, y, box.right + margin - x, box.bottom + margin - y)
