"""Propose the kinds of rows and columns of a sheet by their contents."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from digits.marksheet.cell import (
    FRACTION,
    POINTS,
    Column,
    Kind,
    is_dash,
    is_slash,
    is_written,
    to_number,
    to_points,
    written_text,
)
from digits.marksheet.columns import PlacedNumber
from digits.marksheet.scan import Entry, Scan, to_rows
from digits.types import CONFIDENCE_THRESHOLD

RowKind = Literal["data", "heading", "total", "skipped", "failed"]
ROW_KINDS: tuple[RowKind, ...] = ("data", "heading", "total", "skipped")  # to choose among

WORDS = 3  # least cells of a first row, all doubtful, for it to be headings
DOUBTED = 0.7  # confidence; 13 of 624 cells read correctly have less, benchmarks/sheets.py
MOSTLY = 0.5  # least share of cells of a kind, for a column to be of that kind
COUNTED = 0.8  # least share of cells that count the rows, for a column to be a running number
USUAL_MAXIMA = (5, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100)  # points
LONG = 4  # least digits of identifiers; shorter numbers are points
OUTLIER = 3  # times the second largest mark: a larger one is an outlier
ENOUGH_MARKS = 5  # least marks to detect an outlier
WITH_TOTAL = 3  # least columns of points, for the last to be a sum
ENOUGH_ROWS = 3  # least rows of data, for the last to be a sum
DECIMALS = 0.2  # least share of numbers with a decimal point, for a column to have decimals
LEAST_DECIMALS = 2  # least decimal points; a single one may be a speck
OUT_OF = re.compile(r"/\s*([0-9]{1,3})$")  # in a heading: the maximum of its column


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table."""

    scan: int  # which of the scans
    place: int  # row of the scan's own table
    entries: tuple[Entry | None, ...]  # as many as there are columns
    label: str  # the file, and the page of a PDF
    error: str = ""  # why the picture could not be read
    kind: RowKind = "data"


def build_rows(scans: Sequence[Scan], *, one_each: bool) -> tuple[Row, ...]:
    """Return the rows of all pictures, padded to the same length.

    Parameters
    ----------
    one_each : each picture is one row, its numbers in reading order; otherwise a table
    """
    rows: list[Row] = []
    for index, scan in enumerate(scans):
        if scan.is_waiting:
            continue
        if scan.error:
            rows.append(Row(index, 0, (), scan.label, scan.error, "failed"))
        elif one_each:
            entries = tuple(entry for row in scan.rows for entry in row if entry is not None)
            rows.append(Row(index, 0, entries, scan.label))
        else:
            rows += [Row(index, place, row, scan.label) for place, row in enumerate(scan.rows)]
    width = max((len(row.entries) for row in rows), default=0)
    return tuple(
        replace(row, entries=row.entries + (None,) * (width - len(row.entries))) for row in rows
    )


def find_headings(placed: Sequence[PlacedNumber]) -> frozenset[int]:
    """Return which rows of one page are headings; see `propose_rows`."""
    rows = [Row(0, place, entries, "") for place, entries in enumerate(to_rows(list(placed)))]
    return frozenset(row.place for row in propose_rows(rows) if row.kind == "heading")


def are_tables(scans: Sequence[Scan]) -> bool:
    """Return whether pictures are tables instead of one row each."""
    readable = [scan for scan in scans if scan.rows]
    tables = [scan for scan in readable if len(scan.rows) > 1]
    return len(readable) == 1 or len(tables) > MOSTLY * len(readable)


def propose_rows(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return the rows with their kinds: data, headings, empty ones, and those that failed."""
    words = _columns_of_words(rows)
    found: list[Row] = []
    for index, row in enumerate(rows):
        above = [other for other in found if other.scan == row.scan and other.kind == "data"]
        below = rows[index + 1] if index + 1 < len(rows) else row
        kind = row.kind if row.error else _row_kind(row, words, is_first=not above, below=below)
        found.append(replace(row, kind="data" if len(rows) == 1 and not row.error else kind))
    return tuple(found)


def _columns_of_words(rows: Sequence[Row]) -> frozenset[int]:
    """Return the columns with words instead of numbers, such as names."""
    width = max((len(row.entries) for row in rows), default=0)
    found = set()
    for column in range(width):
        written = _cells_of(rows, column)
        if sum(map(is_rejected, written)) > MOSTLY * len(written):
            found.add(column)
    return frozenset(found) if len(found) < width else frozenset()


def _row_kind(row: Row, words: frozenset[int], *, is_first: bool, below: Row) -> RowKind:
    """Return the kind of a row.

    Parameters
    ----------
    words : columns with words
    is_first : whether no data stand above it on its page
    below : the next row
    """
    written = _written_in(row)
    numbers = [entry for column, entry in written.items() if column not in words]
    if not written:
        return "skipped"
    if not numbers:  # only a name: a person without points
        return "heading" if is_first else "data"
    if not is_first:  # letters in all columns: a person who was absent
        return "data"
    is_words = sum(map(is_rejected, numbers)) > MOSTLY * len(numbers)
    return "heading" if is_words or _is_printed(row, numbers, below) else "data"


def _written_in(row: Row) -> dict[int, Entry]:
    """Return the non-empty cells of a row by column."""
    return {
        column: entry
        for column, entry in enumerate(row.entries)
        if entry is not None and is_written(entry)
    }


def _is_printed(row: Row, numbers: Sequence[Entry], below: Row) -> bool:
    """Return whether a first row holds printed words that were read as numbers.

    In a row of marks not all of several cells are doubtful while those of the next row are not.
    """
    if len(numbers) < WORDS or not all(map(_is_doubted, numbers)):
        return False
    others = list(_written_in(below).values())
    return below.scan == row.scan and sum(map(_is_doubted, others)) <= (1 - MOSTLY) * len(others)


def _is_doubted(entry: Entry) -> bool:
    return is_rejected(entry) or entry.line.confidence < DOUBTED


def is_rejected(entry: Entry) -> bool:
    """Return whether the content of a cell is neither a number nor a dash or a slash."""
    line = entry.line
    if is_dash(entry) or is_slash(entry):
        return False
    others = sum(mark.kind == "other" for mark in line.marks)
    return "?" in line.text or not line.digits or others >= len(line.digits)


def propose_columns(rows: Sequence[Row]) -> tuple[Column, ...]:
    """Return the proposed columns, by their cells in rows of data and their headings."""
    width = max((len(row.entries) for row in rows), default=0)
    data = [row for row in rows if row.kind == "data"]
    headings = [row for row in rows if row.kind == "heading"]
    cells = [_cells_of(data, index) for index in range(width)]
    kinds = [_column_kind(each) for each in cells]
    columns = [
        Column("Name", "name")
        if _is_names(kinds, index, cells[index])
        else Column(
            _name(kinds, index), kind, _maximum(kind, cells[index], _cells_of(headings, index))
        )
        for index, kind in enumerate(kinds)
    ]
    return settle_totals(_propose_total(data, tuple(columns)))


def _cells_of(rows: Sequence[Row], column: int) -> list[Entry]:
    """Return the non-empty cells of a column."""
    cells = [row.entries[column] for row in rows]
    return [entry for entry in cells if entry is not None and is_written(entry)]


def settle_totals(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Allow decimals in totals of columns that allow them."""
    decimals = any(column.kind in POINTS and column.allows_decimals for column in columns)
    return tuple(
        replace(column, decimals=decimals and column.kind == "total") for column in columns
    )


def _name(kinds: Sequence[Kind], index: int) -> str:
    if kinds[index] in POINTS:
        return f"Task {sum(other in POINTS for other in kinds[: index + 1])}"
    if kinds[index] == "identifier":
        return "Number" if index == 0 else f"Number {index + 1}"
    return f"Column {index + 1}"


def _is_names(kinds: Sequence[Kind], index: int, written: Sequence[Entry]) -> bool:
    """Return whether a column holds words and stands before all points."""
    before = all(kind == "identifier" for kind in kinds[:index])
    return kinds[index] == "ignore" and before and bool(written)


def _column_kind(written: Sequence[Entry]) -> Kind:
    """Return the kind of a column by its non-empty cells."""
    if sum(map(is_rejected, written)) >= MOSTLY * len(written):  # an empty one too
        return "ignore"
    numbers = [entry for entry in written if entry.line.digits and not is_rejected(entry)]
    texts = [written_text(entry.line) for entry in numbers]
    if texts and _is_identifier([entry.line.text for entry in numbers]):
        return "identifier"
    return _points_kind(texts)


def _points_kind(texts: Sequence[str]) -> Kind:
    """Return the kind of a column of points: fractions, with decimals, or without."""
    if sum(bool(FRACTION.fullmatch(text)) for text in texts) > MOSTLY * len(texts):
        return "fraction"
    pointed = sum(map(_has_decimals, texts))
    return "decimal" if pointed >= max(LEAST_DECIMALS, DECIMALS * len(texts)) else "points"


def _is_identifier(texts: Sequence[str]) -> bool:
    """Return whether numbers are long and equally long, begin with 0, or count the rows."""
    length, same = Counter(map(len, texts)).most_common(1)[0]
    zeros = sum(text.startswith("0") and len(text) > 1 for text in texts)
    is_long = length >= LONG and same > MOSTLY * len(texts)
    if len(texts) > 1 and (is_long or zeros > MOSTLY * len(texts)):
        return True
    counted = [text.lstrip("0") == str(i) for i, text in enumerate(texts, start=1)]
    return len(texts) >= LONG and sum(counted) >= COUNTED * len(texts)


def _has_decimals(text: str) -> bool:
    number = to_number(text)
    return number is not None and number != number.to_integral_value()


def _maximum(kind: Kind, written: Sequence[Entry], titles: Sequence[Entry]) -> Decimal | None:
    """Return the maximum of a column: printed, written after a slash, or the usual one."""
    if kind not in POINTS:
        return None
    texts = [
        written_text(entry.line)
        for entry in written
        if entry.line.confidence >= CONFIDENCE_THRESHOLD
    ]
    marks = [value for value in map(to_points, texts) if value is not None]
    printed = _printed_maximum(titles, marks)
    if printed is not None:
        return printed
    fractions = [found[2] for text in texts if (found := FRACTION.fullmatch(text))]
    if fractions and kind == "fraction":
        return Decimal(Counter(fractions).most_common(1)[0][0])
    return _usual_maximum(marks)


def _printed_maximum(titles: Sequence[Entry], marks: Sequence[Decimal]) -> Decimal | None:
    """Return the maximum in a column's heading, unless most marks exceed it, as in "Test 1"."""
    found = [match for title in titles if (match := OUT_OF.search(written_text(title.line)))]
    if not found:
        return None
    maximum = Decimal(found[0][1])
    return maximum if sum(mark <= maximum for mark in marks) >= MOSTLY * len(marks) else None


def _usual_maximum(marks: Sequence[Decimal]) -> Decimal | None:
    """Return the smallest usual maximum that no mark exceeds."""
    largest = _largest(marks)
    usual = next((m for m in USUAL_MAXIMA if largest is not None and m >= largest), None)
    return None if usual is None else Decimal(usual)


def _largest(marks: Sequence[Decimal]) -> Decimal | None:
    """Return the largest mark, without an outlier, which is probably misread."""
    ordered = sorted(marks)
    if len(ordered) >= ENOUGH_MARKS and ordered[-1] > OUTLIER * ordered[-2]:
        return ordered[-2]
    return ordered[-1] if ordered else None


def _points_of(row: Row, column: int) -> Decimal | None:
    """Return the points in a cell: 0 if it is empty, None if it is not a number."""
    entry = row.entries[column]
    text = "" if entry is None else written_text(entry.line)
    return to_points(text or "0")


def _propose_total(data: Sequence[Row], columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Make the last column of points a total if most sums agree with it."""
    points = [index for index, column in enumerate(columns) if column.kind in POINTS]
    if len(points) < WITH_TOTAL:
        return columns
    *parts, total = points
    agreeing = sum(_adds_up([(row, i) for i in parts], (row, total)) for row in data)
    if not agreeing or agreeing < MOSTLY * len(data):
        return columns
    named = replace(columns[total], name="Total", kind="total", maximum=None)
    return (*columns[:total], named, *columns[total + 1 :])


def propose_total_row(rows: Sequence[Row], columns: Sequence[Column]) -> tuple[Row, ...]:
    """Return the rows; the last is a total if it is the sum in most columns."""
    data = [row for row in rows if row.kind == "data"]
    numeric = [index for index, column in enumerate(columns) if column.is_numeric]
    if len(data) <= ENOUGH_ROWS or not _is_total_row(data, numeric):
        return tuple(rows)
    return tuple(replace(row, kind="total") if row is data[-1] else row for row in rows)


def _is_total_row(data: Sequence[Row], numeric: Sequence[int]) -> bool:
    """Return whether the last row is the sum of the others in most of these columns."""
    *above, last = data
    agreeing = sum(_adds_up([(row, i) for row in above], (last, i)) for i in numeric)
    return agreeing > MOSTLY * len(numeric)


def _adds_up(parts: Sequence[tuple[Row, int]], total: tuple[Row, int]) -> bool:
    """Return whether the numbers of some cells add up to that of another."""
    values = [_points_of(*part) for part in parts]
    written = _points_of(*total)
    numbers = [value for value in values if value is not None]
    return len(numbers) == len(values) and bool(written) and sum(numbers) == written
