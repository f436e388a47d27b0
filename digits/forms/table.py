"""Write what was read on many pages of a form as CSV, XLSX or Parquet: a row for each page."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from digits.errors import FormError, MissingLibraryError, OutputFormatError, how_to_install
from digits.forms.checks import to_decimal
from digits.forms.results import FieldReading, FormReading
from digits.forms.template import Form
from digits.io.csv_escape import escape_unless_number

ENDINGS = ("xlsx", "csv", "parquet")
ABOUT = ("file", "page", "status", "error")  # columns before those of the fields
NUMBERS = ("number", "mark", "decimal")  # kinds that a spreadsheet calculates with
MAX_ROWS = 1_048_575  # of an XLSX file, below its titles (ECMA-376)
TO_CHECK = ("file", "page", "field", "value", "why", "may be", "confidence")

Row = dict[str, Any]


def check_ending(path: str | Path) -> str:
    """Return the format that a file's name says.

    Raises
    ------
    OutputFormatError
        It says none of those that are written.
    """
    ending = str(path).rsplit(".", 1)[-1].lower()
    if ending not in ENDINGS:
        named = ", ".join(f".{each}" for each in ENDINGS)
        raise OutputFormatError(f"{path} must end in one of {named}, which selects the format")
    return ending


def column_names(form: Form) -> list[str]:
    """Return a column's name for each field of a form, none of them one of ours."""
    names = [each.name for each in form.fields]
    taken = {*ABOUT, *(f"{name} {kind}" for name in names for kind in ("confidence", "check"))}
    return [f"{name} (field)" if name in taken else name for name in names]


def to_row(form: Form, reading: FormReading) -> Row:
    """Return a page as a row: its values, then each field's confidence and what is to check."""
    columns = column_names(form)
    fields: Sequence[FieldReading | None] = reading.fields or [None] * len(columns)
    row: Row = {
        "file": reading.file or "",
        "page": reading.page,
        "status": reading.status,
        "error": reading.error or "",
    }
    pairs = list(zip(columns, fields, strict=True))
    row |= {name: each.value if each else "" for name, each in pairs}
    row |= {f"{name} confidence": each.confidence if each else None for name, each in pairs}
    row |= {f"{name} check": "; ".join(each.reasons) if each else "" for name, each in pairs}
    return row


def to_csv(form: Form, readings: Iterable[FormReading]) -> bytes:
    """Return pages as CSV: UTF-8 with a mark by which Excel knows it."""
    file = io.StringIO()
    writer = csv.writer(file)
    for i, reading in enumerate(readings):
        row = to_row(form, reading)
        if i == 0:
            writer.writerow([escape_unless_number(name) for name in row])
        writer.writerow([_csv_text(value) for value in row.values()])
    return file.getvalue().encode("utf-8-sig")


def _csv_text(value: str | int | float | None) -> str:
    if isinstance(value, str):
        return escape_unless_number(value)
    return "" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)


def to_xlsx(form: Form, readings: Iterable[FormReading]) -> bytes:
    """Return pages as XLSX: doubtful fields coloured, and listed on a second worksheet.

    A third worksheet has the confidence of each field.

    Raises
    ------
    MissingLibraryError
        openpyxl is not installed.
    """
    try:
        from openpyxl import Workbook

        from digits.marksheet.export import DOUBTFUL, write_titles
    except ImportError:
        raise MissingLibraryError(f"XLSX needs openpyxl: {how_to_install('app')}") from None
    book = Workbook()
    page, checks = book.worksheets[0], book.create_sheet("To check")
    shares = book.create_sheet("Confidence")
    page.title = "Pages"
    names = column_names(form)
    write_titles(page, [*ABOUT, *names])
    write_titles(checks, TO_CHECK)
    write_titles(shares, ["file", "page", *names])
    down, listed = 1, 1
    for reading in readings:
        down += 1
        if down > MAX_ROWS:
            raise FormError(f"an XLSX file has at most {MAX_ROWS} rows: write CSV or Parquet")
        about = (reading.file or "", reading.page, reading.status, reading.error or "")
        fields = reading.fields
        _write_row(page, down, [*about, *map(_typed, fields)])
        confidences = [round(each.confidence, 4) for each in fields]
        _write_row(shares, down, [reading.file or "", reading.page, *confidences])
        for across, each in enumerate(fields, start=1 + len(ABOUT)):
            if each.status in ("doubtful", "missing"):
                page.cell(down, across).fill = DOUBTFUL
                listed += 1
                _write_row(checks, listed, [reading.file or "", reading.page, *_to_check(each)])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _to_check(each: FieldReading) -> tuple[str | float, ...]:
    """Return the columns `TO_CHECK` of a field, after file and page."""
    reasons, offered = "; ".join(each.reasons), ", ".join(each.offered)
    return each.name, each.value, reasons, offered, round(each.confidence, 4)


def _write_row(page: Any, row: int, values: Sequence[Any]) -> None:  # noqa: ANN401  # openpyxl's
    """Write one row of a worksheet; a text never becomes a formula."""
    from digits.marksheet.export import write_text

    for column, value in enumerate(values, start=1):
        cell = page.cell(row, column)
        if isinstance(value, str):
            write_text(cell, value)
        else:
            cell.value = value


def _typed(each: FieldReading) -> Any:  # noqa: ANN401  # what openpyxl takes
    """Return a value as a number, a date or a text."""
    if each.kind in NUMBERS and (number := to_decimal(each.value)) is not None:
        return number
    if each.kind == "date":
        try:
            return date.fromisoformat(each.value)
        except ValueError:
            return each.value
    return each.value


def to_parquet(form: Form, readings: Iterable[FormReading]) -> bytes:
    """Return pages as Parquet, values as text.

    Raises
    ------
    MissingLibraryError
        pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise MissingLibraryError(f"Parquet needs pyarrow: {how_to_install('batch')}") from None
    names = column_names(form)
    schema = pa.schema(
        [
            pa.field("file", pa.string()),
            pa.field("page", pa.int32()),
            pa.field("status", pa.string()),
            pa.field("error", pa.string()),
            *(pa.field(name, pa.string()) for name in names),
            *(pa.field(f"{name} confidence", pa.float64()) for name in names),
            *(pa.field(f"{name} check", pa.string()) for name in names),
        ]
    )
    rows = [to_row(form, reading) for reading in readings]
    sink = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows, schema), sink)
    return sink.getvalue()


WRITERS = {"xlsx": to_xlsx, "csv": to_csv, "parquet": to_parquet}
