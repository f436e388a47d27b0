"""The sheet to be checked: what its rows and columns hold, sums, names, what a person said."""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import islice
from typing import Any, Literal

from digits.corrections.from_reading import to_corrections
from digits.corrections.store import Correction
from digits.errors import DigitsError
from digits.io.document import load_picture
from digits.marksheet.cell import (
    KINDS,
    OFFERS,
    SURE,
    Checked,
    Column,
    check_cell,
    has_point,
    readings,
    to_number,
    to_truth,
    written_text,
)
from digits.marksheet.scan import Entry, Row, Scan, are_tables, build_rows

WORDS = 3  # cells of a first row, all doubted, from which it is taken for headings
DOUBTED = 0.7  # confidence; of cells read rightly 2 % have less (13 of 624, benchmarks/sheets.py)
MOSTLY = 0.5  # share of cells from which a column is proposed to be of a kind
COUNTED = 0.8  # share of a column's cells that count its rows, for it to be a running number
USUAL_MAXIMA = (5, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100)  # points
LONG = 4  # digits from which numbers of one length are names rather than marks
LONGEST_TEXT = 100  # characters of a cell that a person types
OUTLIER = 3  # times the second largest mark, from which one is no mark
ENOUGH_MARKS = 5  # to tell an outlier
WITH_TOTAL = 3  # columns of marks, from which the last may be the others' sum
CONCEIVABLE = 0.001  # of the likeliest reading's probability, where another makes a sum agree
SURE_WITH_SUM = 0.2  # confidence below which a cell is doubted though its row's sum agrees
TRIED = 10  # most probable readings of a cell that are tried to make a sum agree
MINUTE = 60  # s
NO_TEXT = "this class list is no text: paste the names, or save them as CSV or text"


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
    left_out = frozenset(index for index in range(len(rows)) if _is_heading(rows, index))
    kept = [row for index, row in enumerate(rows) if index not in left_out]
    width = max((len(row.entries) for row in rows), default=0)
    return Sheet(rows, propose_columns(kept, width), left_out)


def extend_sheet(sheet: Sheet, longer: Sheet) -> Sheet:
    """Return a sheet with more pictures, keeping what was said about those it had.

    Parameters
    ----------
    sheet : as the person left it
    longer : of the same pictures and further ones; taken as it is where the old rows changed
    """
    known = len(sheet.rows)
    if len(longer.rows) < known or any(
        new.entries[: len(old.entries)] != old.entries or any(new.entries[len(old.entries) :])
        for old, new in zip(sheet.rows, longer.rows, strict=False)
    ):
        return replace(longer, names=sheet.names)
    further = {row for row in longer.left_out if row >= known}
    return Sheet(
        longer.rows,
        sheet.columns + longer.columns[len(sheet.columns) :],
        sheet.left_out | further,
        sheet.edits,
        sheet.names,
    )


def with_answers(sheet: Sheet, answers: Mapping[str, Any]) -> Sheet:
    """Return the sheet with what a person said in the browser; what makes no sense is ignored.

    Parameters
    ----------
    answers : ``edits``, text by "row,column"; ``columns``, each with name, kind, maximum and
        decimals; ``left``, the rows left out
    """
    places = {
        f"{row},{column}": (row, column)
        for row in range(len(sheet.rows))
        for column in range(len(sheet.columns))
    }
    edits = {
        places[place]: " ".join(str(text).split())[:LONGEST_TEXT]
        for place, text in answers.get("edits", {}).items()
        if place in places
    }
    columns = sheet.columns
    if len(answers.get("columns", ())) == len(columns):
        columns = tuple(
            _told_column(column, told)
            for column, told in zip(sheet.columns, answers["columns"], strict=True)
        )
    left = frozenset(row for row in answers.get("left", ()) if row in range(len(sheet.rows)))
    return replace(sheet, columns=columns, left_out=left, edits=edits)


def _told_column(column: Column, told: Mapping[str, Any]) -> Column:
    kind = told.get("kind", column.kind)
    return Column(
        " ".join(str(told.get("name", "")).split())[:LONGEST_TEXT] or column.name,
        kind if kind in KINDS else column.kind,
        to_number(str(told.get("maximum", column.maximum))),
        bool(told.get("decimals", column.decimals)),
    )


def sheet_corrections(
    sheet: Sheet, scans: Sequence[Scan], places: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], tuple[Correction, ...]]:
    """Return what there is to store of some confirmed cells; words are no corrections.

    Parameters
    ----------
    places : rows and columns of `sheet.edits`
    """
    found: dict[tuple[int, int], tuple[Correction, ...]] = {}
    for row, column in sorted(places):
        scan, entry = scans[sheet.rows[row].scan], sheet.rows[row].entries[column]
        truth = to_truth(sheet.edits[row, column])
        if entry is None or truth is None or scan.reading is None:
            continue
        found[row, column] = to_corrections(
            load_picture(scan.content, scan.page),
            scan.reading,
            truth,
            line=entry.index,
            source="sheet",
            file=scan.file,
        )
    return found


def is_edited(sheet: Sheet, place: tuple[int, int]) -> bool:
    """Say whether a person gave other digits than were read."""
    entry = sheet.rows[place[0]].entries[place[1]]
    return entry is not None and to_truth(sheet.edits[place]) != entry.line.text


def _is_heading(rows: Sequence[Row], index: int) -> bool:
    """Say whether a row seems to hold words, or nothing."""
    row = rows[index]
    entries = [entry for entry in row.entries if entry is not None]
    written = [entry for entry in entries if _is_written(entry)]
    if row.error or len(rows) == 1:
        return False
    if sum(map(_is_refused, written)) > MOSTLY * len(written) or (not written and bool(entries)):
        return True
    # Printed words that pass for numbers: nobody's row is doubtful in each of several cells while
    # the one below it is not.
    is_first = index == 0 or rows[index - 1].scan != row.scan
    if not is_first or len(written) < WORDS or not all(map(_is_doubted, written)):
        return False
    below = rows[index + 1] if index + 1 < len(rows) else row
    others = [entry for entry in below.entries if entry is not None and _is_written(entry)]
    return below.scan == row.scan and sum(map(_is_doubted, others)) <= (1 - MOSTLY) * len(others)


def _is_doubted(entry: Entry) -> bool:
    return _is_refused(entry) or entry.line.confidence < DOUBTED


def _is_written(entry: Entry) -> bool:
    line = entry.line
    return bool(line.digits or line.marks) or line.confidence == 0


def _is_refused(entry: Entry) -> bool:
    """Say whether what is written in a cell is no number."""
    line = entry.line
    others = sum(mark.kind == "other" for mark in line.marks)
    return "?" in line.text or not line.digits or others >= len(line.digits)


def propose_columns(rows: Sequence[Row], width: int) -> tuple[Column, ...]:
    """Propose what each column holds, by what was read in it.

    Parameters
    ----------
    rows : without those that are left out; there may be none
    width : how many columns the table has
    """
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
    if len(texts) >= LONG and sum(counted) >= COUNTED * len(texts):  # 1, 2, 3 down the sheet
        return Column(name, "identifier")
    decimals = any(has_point(entry.line) for entry in written)
    sure = [
        value
        for entry in written
        if entry.line.confidence >= SURE
        and (value := to_number(written_text(entry.line))) is not None
    ]
    largest = _largest(sure)
    maximum = next((m for m in USUAL_MAXIMA if largest is not None and m >= largest), None)
    return Column(name, "mark", None if maximum is None else Decimal(maximum), decimals)


def _largest(marks: Sequence[Decimal]) -> Decimal | None:
    """Return the largest mark; one far beyond all others is rather read wrongly."""
    ordered = sorted(marks)
    if len(ordered) >= ENOUGH_MARKS and ordered[-1] > OUTLIER * ordered[-2]:
        return ordered[-2]
    return ordered[-1] if ordered else None


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
    if summed.state != "agrees":
        return _mend(sheet, row, cells), summed
    for index, column in enumerate(sheet.columns):
        if column.kind in (
            "mark",
            "total",
        ):  # hardly by chance; what has a mark in it stays doubted
            edit = sheet.edits.get((row, index))
            cells[index] = check_cell(whole.entries[index], column, edit, sure=SURE_WITH_SUM)
    return cells, summed


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
        for text in islice(readings(entry.line, column, least=CONCEIVABLE), TRIED):
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
    """Return the rows in the order to check them: those whose sums do not agree come first.

    Rows that are left out come last. Without a total, the pictures give the order.
    """
    rows = range(len(sheet.rows))
    if not any(column.kind == "total" for column in sheet.columns):
        return list(rows)
    agreeing = {row for row in sheet.kept if add_up(sheet, row).state == "agrees"}
    return sorted(rows, key=lambda row: (row in sheet.left_out, row in agreeing))


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
