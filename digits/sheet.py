"""A table of read numbers becomes a sheet to be checked: what speaks against a cell is told.

A mark beside the digits, a reading above the maximum, a row whose sum does not agree: nothing is
put right in silence, but better readings are offered.
"""

import csv
import heapq
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

import numpy as np

from digits.core import CLASSES, Box, Digit, DigitsError, Line, Mark, MarkKind
from digits.table import Entry, Row, Scan, are_tables, build_rows

Kind = Literal["mark", "total", "identifier", "leave out"]
KINDS: tuple[Kind, ...] = ("mark", "total", "identifier", "leave out")
SIGNS: dict[MarkKind, str] = {"dot": ".", "dash": "-", "stroke": "/", "other": "*"}
SURE = 0.95  # confidence below which a cell is to be looked at
POINT_HEIGHT = 0.5  # of the digits' height: the longest decimal point or comma
POINT_TOP = 0.5  # of the digits' height below their top, where one begins at the highest
MOSTLY = 0.5  # share of cells from which a column is proposed to be of a kind
USUAL_MAXIMA = (5, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100)  # points
LONG = 4  # digits from which numbers of one length are names rather than marks
WITH_TOTAL = 3  # columns of marks, from which the last may be the others' sum
OFFERS = 2  # other readings offered for a doubtful cell
TRIED = 10  # most probable readings of a cell that are tried to make a sum agree
SEARCHED = 2_000  # readings looked at before the search for one that fits is given up
SMALLEST = 1e-300  # probability; the logarithm of 0 is not a number
MINUTE = 60  # s
NO_TEXT = "this class list is no text: paste the names, or save them as CSV or text"
NUMBER = re.compile(r"[0-9]+([.,][0-9]+)?")


@dataclass(frozen=True, slots=True)
class Column:
    """What a column holds, as proposed or as the person says."""

    name: str
    kind: Kind = "mark"
    maximum: Decimal | None = None  # of a mark or total
    decimals: bool = False  # whether a mark may be 7.5


@dataclass(frozen=True, slots=True)
class Sheet:
    """The table, and what the person has said about it."""

    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    left_out: frozenset[int] = frozenset()  # rows that hold headings or nothing
    edits: Mapping[tuple[int, int], str] = field(default_factory=dict)  # row, column: confirmed
    names: tuple[str, ...] = ()  # the class list

    @property
    def kept(self) -> list[int]:
        """The rows that are not left out."""
        return [row for row in range(len(self.rows)) if row not in self.left_out]


@dataclass(frozen=True, slots=True)
class Checked:
    """A cell as the person sees it."""

    text: str
    doubts: tuple[str, ...] = ()  # why it is to be looked at; none where it is fine
    offers: tuple[str, ...] = ()  # other readings that fit, the likeliest first
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Sum:
    """A row's marks against its total."""

    state: Literal["agrees", "differs", "open"]  # open: something in the row is no number
    reckoned: Decimal | None = None
    written: Decimal | None = None


def build_sheet(scans: Sequence[Scan], *, one_each: bool | None = None) -> Sheet:
    """Return the table of all pictures, with proposals for what its rows and columns hold.

    Parameters
    ----------
    one_each : as `build_rows`; None where the pictures are to tell
    """
    rows = build_rows(scans, one_each=not are_tables(scans) if one_each is None else one_each)
    left_out = frozenset(index for index, row in enumerate(rows) if _is_heading(rows, row))
    kept = [row for index, row in enumerate(rows) if index not in left_out]
    return Sheet(rows, propose_columns(kept), left_out)


def _is_heading(rows: Sequence[Row], row: Row) -> bool:
    """Say whether a row seems to hold words, or nothing."""
    entries = [entry for entry in row.entries if entry is not None]
    written = [entry for entry in entries if _is_written(entry)]
    if row.error or len(rows) == 1:
        return False
    return sum(map(_is_refused, written)) > MOSTLY * len(written) or (not written and bool(entries))


def _is_written(entry: Entry) -> bool:
    line = entry.line
    return bool(line.digits or line.marks) or line.confidence == 0


def _is_refused(entry: Entry) -> bool:
    """Say whether what is written in a cell is no number."""
    line = entry.line
    others = sum(mark.kind == "other" for mark in line.marks)
    return "?" in line.text or not line.digits or others >= len(line.digits)


def propose_columns(rows: Sequence[Row]) -> tuple[Column, ...]:
    """Propose what each column holds, by what was read in it."""
    width = max((len(row.entries) for row in rows), default=0)
    columns = tuple(
        _propose_column(f"Column {index + 1}", [row.entries[index] for row in rows])
        for index in range(width)
    )
    return _propose_total(rows, columns)


def _propose_column(name: str, entries: Sequence[Entry | None]) -> Column:
    written = [entry for entry in entries if entry is not None and _is_written(entry)]
    if sum(map(_is_refused, written)) >= MOSTLY * len(written):  # an empty one too
        return Column(name, "leave out")
    texts = [entry.line.text for entry in written if not _is_refused(entry)]
    length, same = Counter(map(len, texts)).most_common(1)[0]
    counted = [text.lstrip("0") == str(i) for i, text in enumerate(texts, start=1)]
    zeros = sum(text.startswith("0") and len(text) > 1 for text in texts)
    long = length >= LONG and same > MOSTLY * len(texts)
    if len(texts) > 1 and (long or zeros > MOSTLY * len(texts)):
        return Column(name, "identifier")
    if len(texts) >= LONG and sum(counted) > MOSTLY * len(texts):  # 1, 2, 3 down the sheet
        return Column(name, "identifier")
    decimals = any(_has_point(entry.line) for entry in written)
    sure = [
        Decimal(text)
        for entry in written
        if entry.line.confidence >= SURE and NUMBER.fullmatch(text := written_text(entry.line))
    ]
    largest = max(sure, default=None)
    maximum = next((m for m in USUAL_MAXIMA if largest is not None and m >= largest), None)
    return Column(name, "mark", None if maximum is None else Decimal(maximum), decimals)


def _propose_total(rows: Sequence[Row], columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Take the last column of marks for a total where most sums agree with it."""
    marks = [index for index, column in enumerate(columns) if column.kind == "mark"]
    if len(marks) < WITH_TOTAL:
        return columns
    total = tuple(
        replace(column, kind="total", maximum=None) if index == marks[-1] else column
        for index, column in enumerate(columns)
    )
    sheet = Sheet(tuple(rows), total)
    agreeing = sum(add_up(sheet, row).state == "agrees" for row in range(len(rows)))
    return total if agreeing and agreeing >= MOSTLY * len(rows) else columns


def written_text(line: Line) -> str:
    """Return digits and marks as they stand: a 7.5 is never an unmarked 75.

    A low dot between or beside digits is ".", a dash "-", a stroke "/", another mark "*".
    """
    signs = [(mark.box.x + mark.box.right, _sign(mark, line)) for mark in line.marks]
    values = [
        (digit.box.x + digit.box.right, "?" if digit.value is None else str(digit.value))
        for digit in line.digits
    ]
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


def _has_point(line: Line) -> bool:
    return any(_is_point(mark, line) for mark in line.marks)


def to_number(text: str) -> Decimal | None:
    """Return a mark's value, comma or point, or None where the text is no plain number."""
    text = text.strip()
    return Decimal(text.replace(",", ".")) if NUMBER.fullmatch(text) else None


def check_cell(entry: Entry | None, column: Column, edit: str | None = None) -> Checked:
    """Return a cell as it is to be shown: its text, what speaks against it, what else it may be.

    Parameters
    ----------
    entry : what was read; None where this row has no such cell
    column : what it must be
    edit : what the person confirmed or typed instead
    """
    if edit is not None:
        return Checked(edit, _misfits(edit, column), (), confirmed=True)
    if entry is None or column.kind == "leave out":
        return Checked("" if entry is None else written_text(entry.line))
    text = written_text(entry.line)
    doubts = _seen_doubts(entry.line) + _misfits(text, column)
    if not doubts:
        return Checked(text)
    offers = [offer for offer in readings(entry.line, column) if offer != text]
    return Checked(text, doubts, tuple(offers[:OFFERS]))


def _seen_doubts(line: Line) -> tuple[str, ...]:
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
    elif line.digits and line.confidence < SURE:
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


def readings(line: Line, column: Column) -> Iterator[str]:
    """Yield what a cell may say and its column allows, the likeliest first.

    Where decimals are allowed, a dot between the digits comes first as a decimal point.
    """
    told = set()
    for text in _candidates(line, column):
        if text not in told and not _misfits(text, column) and not _padded(text, column):
            told.add(text)
            yield text


def _padded(text: str, column: Column) -> bool:
    """Say whether a mark begins with a zero that nobody writes."""
    return column.kind in ("mark", "total") and text[:1] == "0" and text[1:2] not in ("", ".")


def _candidates(line: Line, column: Column) -> Iterator[str]:
    point = None
    if column.decimals and (points := [mark for mark in line.marks if _is_point(mark, line)]):
        middle = points[0].box.x + points[0].box.right
        point = sum(sum(_x_span(digit.box)) < middle for digit in line.digits)
    elif column.decimals and len(line.digits) > 1:
        point = len(line.digits) - 1
    for searched, digits in enumerate(likeliest(line.digits)):
        if searched >= SEARCHED:
            return
        pointed = digits if point is None else f"{digits[:point]}.{digits[point:]}"
        # Without a point on the paper, it may have been missed; but the plain number comes first.
        yield from (pointed, digits) if _has_point(line) else (digits, pointed)


def likeliest(digits: Sequence[Digit]) -> Iterator[str]:
    """Yield all texts that some digits may stand for, by falling probability.

    Examples
    --------
    >>> from itertools import islice
    >>> seven = Digit(7, 0.6, Box(0, 0, 1, 1), (0, 0.4, 0, 0, 0, 0, 0, 0.6, 0, 0), None, None)
    >>> list(islice(likeliest([seven, seven]), 4))
    ['77', '17', '71', '11']
    """
    if not digits:
        return
    ranked = [np.argsort([-p for p in digit.probabilities], kind="stable") for digit in digits]
    costs = [-np.log(np.maximum(digit.probabilities, SMALLEST)) for digit in digits]

    def cost(ranks: tuple[int, ...]) -> float:
        return float(sum(c[order[r]] for c, order, r in zip(costs, ranked, ranks, strict=True)))

    start = (0,) * len(digits)
    heap, seen = [(cost(start), start)], {start}
    while heap:
        _, ranks = heapq.heappop(heap)
        yield "".join(str(order[rank]) for order, rank in zip(ranked, ranks, strict=True))
        for place, rank in enumerate(ranks):
            further = (*ranks[:place], rank + 1, *ranks[place + 1 :])
            if rank + 1 < CLASSES and further not in seen:
                seen.add(further)
                heapq.heappush(heap, (cost(further), further))


def check_row(sheet: Sheet, row: int) -> tuple[list[Checked], Sum | None]:
    """Return a row's cells as they are to be shown, and its sum where a total is declared."""
    whole = sheet.rows[row]
    cells = [
        check_cell(entry, column, sheet.edits.get((row, index)))
        for index, (entry, column) in enumerate(zip(whole.entries, sheet.columns, strict=True))
    ]
    for index, column in enumerate(sheet.columns):
        if column.kind == "identifier" and not cells[index].confirmed:
            cells[index] = _check_length(sheet, index, cells[index])
    if not any(column.kind == "total" for column in sheet.columns) or row in sheet.left_out:
        return cells, None
    summed = _compare(cells, sheet.columns)
    return (_mend(sheet, row, cells) if summed.state == "differs" else cells), summed


def add_up(sheet: Sheet, row: int) -> Sum:
    """Compare the sum of a row's marks with its total."""
    whole = sheet.rows[row]
    cells = [
        check_cell(entry, column, sheet.edits.get((row, index)))
        for index, (entry, column) in enumerate(zip(whole.entries, sheet.columns, strict=True))
    ]
    return _compare(cells, sheet.columns)


def _compare(cells: Sequence[Checked], columns: Sequence[Column]) -> Sum:
    """Compare marks with their total; an empty mark counts nothing, an empty total is open."""
    of = list(zip(cells, columns, strict=True))
    marks = [to_number(cell.text or "0") for cell, column in of if column.kind == "mark"]
    totals = [to_number(cell.text) for cell, column in of if column.kind == "total"]
    reckoned = None if None in marks else sum((m for m in marks if m is not None), Decimal(0))
    if reckoned is None or None in totals:
        return Sum("open", reckoned, totals[0] if totals else None)
    state: Literal["agrees", "differs"] = (
        "agrees" if all(total == reckoned for total in totals) else "differs"
    )
    return Sum(state, reckoned, totals[0])


def _mend(sheet: Sheet, row: int, cells: list[Checked]) -> list[Checked]:
    """Offer, in a row whose sum does not agree, the one other reading that makes it agree."""
    mended = list(cells)
    for index, (entry, column) in enumerate(
        zip(sheet.rows[row].entries, sheet.columns, strict=True)
    ):
        cell = cells[index]
        if entry is None or cell.confirmed or column.kind not in ("mark", "total"):
            continue
        for tried, text in enumerate(readings(entry.line, column)):
            if tried >= TRIED:
                break
            other = [*cells[:index], Checked(text), *cells[index + 1 :]]
            if text != cell.text and _compare(other, sheet.columns).state == "agrees":
                offers = (text, *(offer for offer in cell.offers if offer != text))
                doubts = (*cell.doubts, f"with {text} the sum agrees")
                mended[index] = Checked(cell.text, doubts, offers[:OFFERS])
                break
    return mended


def _check_length(sheet: Sheet, column: int, cell: Checked) -> Checked:
    """Doubt an identifier that is longer or shorter than most."""
    texts = [
        entry.line.text
        for index in sheet.kept
        if (entry := sheet.rows[index].entries[column]) is not None and entry.line.text
    ]
    if not cell.text or not texts:
        return cell
    length, same = Counter(map(len, texts)).most_common(1)[0]
    if length < LONG or same <= MOSTLY * len(texts) or len(cell.text) == length:
        return cell
    return replace(cell, doubts=(*cell.doubts, f"the others have {length} digits"))


def display_order(sheet: Sheet) -> list[int]:
    """Return the rows in the order to check them: those whose sums do not agree come first."""
    states = {row: add_up(sheet, row).state for row in sheet.kept}
    if not any(column.kind == "total" for column in sheet.columns):
        return list(range(len(sheet.rows)))
    return sorted(range(len(sheet.rows)), key=lambda row: states.get(row) in ("agrees", None))


def match_names(sheet: Sheet) -> dict[int, str]:
    """Return the class list's name for each row that is kept, in order."""
    return dict(zip(sheet.kept, sheet.names, strict=False))


def compare_counts(sheet: Sheet) -> str:
    """Say at once if the class list is longer or shorter than the table; else nothing."""
    names, rows = len(sheet.names), len(sheet.kept)
    if not names or names == rows:
        return ""
    more = "names are" if names > rows else "rows are"
    return (
        f"The class list has {names} names and the table {rows} rows: "
        f"{abs(names - rows)} {more} left over. Leave rows out or correct the list."
    )


def parse_names(content: bytes | str) -> tuple[str, ...]:
    """Return the names of a class list: a line each, of pasted text or a text or CSV file.

    Raises
    ------
    DigitsError
        This is no text.
    """
    if isinstance(content, bytes):
        content = _decode(content)
    lines = [line for line in content.splitlines() if line.strip(" \t,;")]
    separator = next((s for s in "\t;" if any(s in line for line in lines)), ",")
    between = ", " if separator == "," else " "
    try:
        fields = list(csv.reader(lines, delimiter=separator))
    except csv.Error as error:
        raise DigitsError(NO_TEXT) from error
    return tuple(between.join(part.strip() for part in line if part.strip()) for line in fields)


def _decode(content: bytes) -> str:
    """Return a text file's text: UTF-8, or what Windows wrote before it."""
    if b"\0" in content:
        raise DigitsError(NO_TEXT)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def time_left(n_done: int, n_all: int, seconds: float) -> str:
    """Say how long the rest will take, by what is done.

    Examples
    --------
    >>> time_left(3, 9, 12.0), time_left(1, 61, 2.0), time_left(0, 9, 0.0)
    ('about 24 s left', 'about 2 min left', '')
    """
    if not n_done:
        return ""
    left = seconds / n_done * (n_all - n_done)
    if left < MINUTE:
        return f"about {max(1, round(left))} s left"
    return f"about {round(left / MINUTE)} min left"


def to_truth(text: str) -> str | None:
    """Return the digits that stand on the paper by what was typed, or None where it is a word."""
    return re.sub(r"[^0-9]", "", text) if not text.strip() or to_number(text) is not None else None
