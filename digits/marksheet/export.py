"""Write a checked sheet as CSV, or as XLSX with colours and a page of pictures."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from openpyxl import Workbook
from openpyxl.cell import Cell as XlsxCell
from openpyxl.drawing.image import Image as XlsxImage
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from PIL import Image

from digits.io.csv_escape import FORMULA, escape, escape_unless_number
from digits.marksheet.audit import Audit, audit_sheet
from digits.marksheet.cell import Checked, to_number
from digits.marksheet.scan import Scan, to_thumbnail
from digits.marksheet.sheet import Sheet
from digits.types import Box

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # XML 1.0 has no such characters
NO_FILE_NAME = re.compile(r'[\x00-\x1f<>:"/\\|?*]+')  # characters that some system forbids
LONGEST = 32_767  # characters of a cell (ECMA-376 leaves it to Excel, which says so)
DOUBTFUL = PatternFill("solid", fgColor="FFE08A")  # amber; the column "To check" says it in words
BOLD = Font(bold=True)
TEXT = "@"  # number format that keeps leading zeros
WIDTH = 14  # characters of a column
PICTURE_WIDTH = 32  # characters of the column that holds thumbnails
POINTS = 0.75  # of a pixel at 96 dpi
SEEN = ("Row", "Column", "Picture", "Read", "Confidence", "Now", "To check")
NO_ROW = "no row was read for this name"


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of the file: names, marks, and cells to check."""

    row: int  # of the sheet; -1 for a name without a row
    before: tuple[str, ...]
    cells: tuple[tuple[int, Checked], ...]  # column and text
    after: tuple[str, ...]


def file_name(sheet: Sheet, ending: Literal["csv", "xlsx"]) -> str:
    """Return the name of the file to download, after the sheet's title."""
    stem = NO_FILE_NAME.sub(" ", sheet.title).strip(" .") or "marks"
    return f"{stem}.{ending}"


def to_csv(sheet: Sheet) -> bytes:
    """Return the sheet as CSV: UTF-8 with a byte order mark for Excel.

    Formulas are escaped with an apostrophe. The last column lists doubtful cells that are not
    confirmed.
    """
    audit = audit_sheet(sheet)
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([escape(title) for title in _titles(sheet, audit)])
    for line in _lines(sheet, audit):
        texts = [*line.before, *(cell.text for _, cell in line.cells), *line.after]
        writer.writerow(map(escape_unless_number, texts))
    return file.getvalue().encode("utf-8-sig")


def to_xlsx(sheet: Sheet, scans: Sequence[Scan]) -> bytes:
    """Return the sheet as XLSX: marks are numbers, identifiers text, doubtful cells coloured.

    A second worksheet has each cell's picture, text and confidence.

    Parameters
    ----------
    scans : from which the sheet was built, for the pictures
    """
    audit = audit_sheet(sheet)
    book = Workbook()
    page = book.worksheets[0]
    page.title = "Sheet"
    write_titles(page, _titles(sheet, audit))
    for down, line in enumerate(_lines(sheet, audit), start=2):
        _write_line(page, down, line, sheet)
    _write_pictures(book.create_sheet("Pictures"), sheet, audit, scans)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _write_line(page: Worksheet, down: int, line: _Line, sheet: Sheet) -> None:
    for across, text in enumerate(line.before, start=1):
        write_text(page.cell(down, across), text)
    for across, (column, cell) in enumerate(line.cells, start=1 + len(line.before)):
        place = page.cell(down, across)
        number = to_number(cell.text)
        if sheet.columns[column].kind != "identifier" and number is not None:
            place.value = number
        else:
            write_text(place, cell.text)
        if cell.doubts:
            place.fill = DOUBTFUL
    for across, text in enumerate(line.after, start=1 + len(line.before) + len(line.cells)):
        write_text(page.cell(down, across), text)


def write_titles(page: Worksheet, titles: list[str] | tuple[str, ...]) -> None:
    """Write the first row, bold, and keep it in sight."""
    for across, title in enumerate(titles, start=1):
        cell = page.cell(1, across)
        write_text(cell, title)
        cell.font = BOLD
        page.column_dimensions[get_column_letter(across)].width = WIDTH
    page.freeze_panes = "A2"


def write_text(cell: XlsxCell, text: str) -> None:
    """Write text as text: openpyxl takes "=" for a formula."""
    cell.value = CONTROL.sub("", text)[:LONGEST]
    cell.data_type = "s"
    cell.number_format = TEXT
    cell.quotePrefix = text.startswith(FORMULA)  # it stays text when the user edits it


def _write_pictures(page: Worksheet, sheet: Sheet, audit: Audit, scans: Sequence[Scan]) -> None:
    """Write a row for each cell that was read: its picture, text and confidence."""
    write_titles(page, SEEN)
    page.column_dimensions["C"].width = PICTURE_WIDTH
    down, views = 1, _Views(scans)
    for line in _lines(sheet, audit):
        for column, cell in line.cells:
            entries = sheet.rows[line.row].entries if line.row >= 0 else ()
            entry = entries[column] if entries else None
            if entry is None:
                continue
            down += 1
            page.cell(down, 1).value = line.row + 1
            write_text(page.cell(down, 2), sheet.columns[column].name)
            if thumbnail := views.thumbnail(sheet.rows[line.row].scan, entry.box):
                picture = XlsxImage(io.BytesIO(thumbnail))
                page.add_image(picture, f"C{down}")
                page.row_dimensions[down].height = picture.height * POINTS
            write_text(page.cell(down, 4), entry.line.text)
            page.cell(down, 5).value = round(entry.line.confidence, 4)
            write_text(page.cell(down, 6), cell.text)
            write_text(page.cell(down, 7), "; ".join(doubt.text for doubt in cell.doubts))
            if cell.doubts:
                page.cell(down, 6).fill = DOUBTFUL


class _Views:
    """The pages of a sheet as pictures, one of which is open at a time."""

    def __init__(self, scans: Sequence[Scan]) -> None:
        self._scans = scans
        self._open: tuple[int, Image.Image] | None = None

    def thumbnail(self, index: int, box: Box) -> bytes | None:
        """Return the part of a scan's page inside a box as a small JPEG."""
        scan = self._scans[index]
        if scan.reading is None or not scan.view:
            return None
        if self._open is None or self._open[0] != index:
            self._open = (index, Image.open(io.BytesIO(scan.view), formats=("JPEG",)))
        return to_thumbnail(self._open[1], box, scan.reading.size)


def _titles(sheet: Sheet, audit: Audit) -> list[str]:
    names = [sheet.columns[column].name for column in _columns(sheet)]
    total = ["Sum"] if audit.sums else []
    return [*(["Name"] if sheet.names else []), "From", *names, *total, "To check"]


def _columns(sheet: Sheet) -> list[int]:
    """Return the columns to write; names that were not typed are pictures only."""
    typed = {column for _, column in sheet.edits}
    return [
        index
        for index, column in enumerate(sheet.columns)
        if column.kind != "ignore" and (column.kind != "name" or index in typed)
    ]


def _lines(sheet: Sheet, audit: Audit) -> Iterator[_Line]:
    """Yield the rows of the file in the order of the pictures; all names of the class list."""
    columns, named = _columns(sheet), sheet.named
    for index, row in enumerate(sheet.rows):
        if row.kind not in ("data", "total", "failed"):
            continue
        shown = tuple((column, audit.cells[index][column]) for column in columns)
        name = "Total" if row.kind == "total" else named.get(index, "")
        before = ((name,) if sheet.names else ()) + (row.label,)
        after = (*_state(audit, index), _to_check(sheet, row.error, shown))
        yield _Line(index, before, shown, after)
    blank = tuple((column, Checked("")) for column in columns)
    for name in sheet.names[len(sheet.data) :]:  # no name is dropped silently
        yield _Line(-1, (name, ""), blank, (*_state(audit, -1), NO_ROW))


def _to_check(sheet: Sheet, error: str, shown: Sequence[tuple[int, Checked]]) -> str:
    """Return why a row has to be checked: its error, and the doubts about its cells."""
    checks = [
        f"{sheet.columns[column].name}: {', '.join(doubt.text for doubt in cell.doubts)}"
        for column, cell in shown
        if cell.doubts
    ]
    return "; ".join([error, *checks] if error else checks)


def _state(audit: Audit, row: int) -> tuple[str, ...]:
    """Return the state of a row's sums, as one cell; no cell for a sheet without sums."""
    if not audit.sums:
        return ()
    states = {each.state for each in audit.sums if each.total[0] == row}
    return (next((state for state in ("differs", "open", "agrees") if state in states), ""),)
