"""A checked sheet becomes a file: CSV, or XLSX with colours and a page of pictures."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.cell import Cell as XlsxCell
from openpyxl.drawing.image import Image as XlsxImage
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from digits.io.csv_escape import FORMULA, escape
from digits.marksheet.cell import Checked, to_number
from digits.marksheet.sheet import Sheet, check_row, match_names

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # XML 1.0 has no such characters
LONGEST = 32_767  # characters of a cell (ECMA-376 leaves it to Excel, which says so)
DOUBTFUL = PatternFill("solid", fgColor="FFE08A")  # amber; the column "To check" says it in words
BOLD = Font(bold=True)
TEXT = "@"  # number format that keeps leading zeros
WIDTH = 14  # characters of a column
PICTURE_WIDTH = 32  # characters of the column that holds thumbnails
POINTS = 0.75  # of a pixel at 96 dpi
SEEN = ("Row", "Column", "Picture", "Read", "Confidence", "Now", "To check")


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of the file: what stands before the marks, the marks, and what there is to check."""

    row: int
    before: tuple[str, ...]
    cells: tuple[tuple[int, Checked], ...]  # column and what stands there
    after: tuple[str, ...]


def to_csv(sheet: Sheet) -> bytes:
    """Return the sheet as CSV: UTF-8 with a mark by which Excel knows it.

    What a spreadsheet would run as a formula begins with an apostrophe. The last column tells
    which cells nobody has confirmed though they are doubtful.
    """
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([escape(title) for title in _titles(sheet)])
    for line in _lines(sheet):
        texts = [*line.before, *(cell.text for _, cell in line.cells), *line.after]
        writer.writerow([escape(text) for text in texts])
    return file.getvalue().encode("utf-8-sig")


def to_xlsx(sheet: Sheet) -> bytes:
    """Return the sheet as XLSX: marks are numbers, identifiers text, doubtful cells coloured.

    A second page shows each cell's picture, what was read, and how surely.
    """
    book = Workbook()
    page = book.worksheets[0]
    page.title = "Sheet"
    _write_titles(page, _titles(sheet))
    for down, line in enumerate(_lines(sheet), start=2):
        for across, text in enumerate(line.before, start=1):
            _write_text(page.cell(down, across), text)
        for across, (column, cell) in enumerate(line.cells, start=1 + len(line.before)):
            place = page.cell(down, across)
            number = to_number(cell.text)
            if sheet.columns[column].kind != "identifier" and number is not None:
                place.value = number
            else:
                _write_text(place, cell.text)
            if cell.doubts:
                place.fill = DOUBTFUL
        for across, text in enumerate(line.after, start=1 + len(line.before) + len(line.cells)):
            _write_text(page.cell(down, across), text)
    _write_pictures(book.create_sheet("Pictures"), sheet)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _write_titles(page: Worksheet, titles: list[str] | tuple[str, ...]) -> None:
    for across, title in enumerate(titles, start=1):
        cell = page.cell(1, across)
        _write_text(cell, title)
        cell.font = BOLD
        page.column_dimensions[get_column_letter(across)].width = WIDTH
    page.freeze_panes = "A2"


def _write_text(cell: XlsxCell, text: str) -> None:
    """Write a text as a text: openpyxl takes one with "=" for a formula."""
    cell.value = CONTROL.sub("", text)[:LONGEST]
    cell.data_type = "s"
    cell.number_format = TEXT
    cell.quotePrefix = text.startswith(FORMULA)  # it stays text when a person edits it


def _write_pictures(page: Worksheet, sheet: Sheet) -> None:
    """Write a row for each cell that was read: its picture, and what was seen in it."""
    _write_titles(page, SEEN)
    page.column_dimensions["C"].width = PICTURE_WIDTH
    down = 1
    for line in _lines(sheet):
        for column, cell in line.cells:
            entry = sheet.rows[line.row].entries[column]
            if entry is None:
                continue
            down += 1
            page.cell(down, 1).value = line.row + 1
            _write_text(page.cell(down, 2), sheet.columns[column].name)
            picture = XlsxImage(io.BytesIO(entry.thumbnail))
            page.add_image(picture, f"C{down}")
            page.row_dimensions[down].height = picture.height * POINTS
            _write_text(page.cell(down, 4), entry.line.text)
            page.cell(down, 5).value = round(entry.line.confidence, 4)
            _write_text(page.cell(down, 6), cell.text)
            _write_text(page.cell(down, 7), "; ".join(cell.doubts))
            if cell.doubts:
                page.cell(down, 6).fill = DOUBTFUL


def _titles(sheet: Sheet) -> list[str]:
    names = [column.name for column in sheet.columns if column.kind != "leave out"]
    total = ["Sum"] if any(column.kind == "total" for column in sheet.columns) else []
    return [*(["Name"] if sheet.names else []), "From", *names, *total, "To check"]


def _lines(sheet: Sheet) -> Iterator[_Line]:
    """Yield the rows of the file in the order of the pictures; all names of the class list."""
    names = match_names(sheet)
    for row in sheet.kept:
        cells, summed = check_row(sheet, row)
        shown = tuple(
            (index, cell)
            for index, (cell, column) in enumerate(zip(cells, sheet.columns, strict=True))
            if column.kind != "leave out"
        )
        before = ((names.get(row, ""),) if sheet.names else ()) + (sheet.rows[row].label,)
        checks = [
            f"{sheet.columns[index].name}: {', '.join(cell.doubts)}"
            for index, cell in shown
            if cell.doubts
        ]
        state = () if summed is None else (summed.state,)
        reason = [sheet.rows[row].error] if sheet.rows[row].error else []
        yield _Line(row, before, shown, (*state, "; ".join(reason + checks)))
    for name in sheet.names[len(sheet.kept) :]:  # nobody drops out in silence
        blank = tuple(
            (index, Checked(""))
            for index, column in enumerate(sheet.columns)
            if column.kind != "leave out"
        )
        state = ("open",) if any(c.kind == "total" for c in sheet.columns) else ()
        yield _Line(-1, (name, ""), blank, (*state, "no row was read for this name"))
