"""A sheet as CSV and XLSX."""

import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sheets import (
    DECIMAL,
    NUMBER,
    POINT,
    POINTS,
    VIEW,
    blank_reading,
    entry,
    letters,
    sheet_of,
    table_file,
)

from digits.marksheet.cell import Column, Edit
from digits.marksheet.export import FORMULA, escape, file_name, to_xlsx
from digits.marksheet.scan import Scan

openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed")

SCANS = [Scan("sheet.jpg", b"", None, blank_reading(), view=VIEW)]


def book_of(sheet):
    return openpyxl.load_workbook(io.BytesIO(to_xlsx(sheet, SCANS)))


def test_a_file_is_named_after_the_sheet():
    assert file_name(sheet_of(["7"], title="Class 7b"), "csv") == "Class 7b.csv"
    assert file_name(sheet_of(["7"], title="a/b:c*?"), "xlsx") == "a b c.xlsx"
    assert file_name(sheet_of(["7"], title="../.."), "csv") == "marks.csv"


def test_7_5_is_7_5_in_both_files_and_doubtful_until_it_is_confirmed():
    doubted = sheet_of([entry("75", marks=[POINT])], columns=(POINTS,))
    assert table_file(doubted)[1] == ["sheet.jpg", "7.5", "Task: Is this 7.5?"]
    page = book_of(doubted)["Sheet"]
    assert page["B2"].value == 7.5
    assert page["B2"].fill.fill_type == "solid"
    sure = sheet_of([entry("75", marks=[POINT])], columns=(DECIMAL,))
    assert table_file(sure)[1] == ["sheet.jpg", "7.5", ""]


@given(st.text(max_size=12).map(lambda t: t.replace("\0", "")), st.sampled_from(["", *FORMULA]))
@example("0", "\t")  # a number, but not as it is written
@settings(max_examples=30, deadline=None)
def test_no_cell_is_a_formula(text, start):
    text = " ".join((start + text).split()) if start not in ("\t", "\r") else start + text.strip()
    sheet = sheet_of(
        ["7"], columns=(Column(text or "x"),), edits={(0, 0): Edit(text)}, names=(text or "x",)
    )
    for row in table_file(sheet):
        for value in row:
            assert (
                not value.startswith(FORMULA)
                or value.lstrip("-").replace(",", ".", 1).replace(".", "", 1).isdigit()
            )
    assert escape(text).removeprefix("'") == text.removeprefix("'")
    cells = [cell for page in book_of(sheet) for row in page.iter_rows() for cell in row]
    assert not any(cell.data_type == "f" for cell in cells)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1"])
def test_a_cell_that_begins_like_a_formula_is_escaped_in_both_files(text):
    sheet = sheet_of(["7"], edits={(0, 0): Edit(text)}, columns=(POINTS,))
    assert table_file(sheet)[1][1] == f"'{text}"
    cell = book_of(sheet)["Sheet"]["B2"]
    assert cell.data_type == "s"
    assert cell.quotePrefix


def test_a_negative_mark_is_a_number():
    sheet = sheet_of(["7"], edits={(0, 0): Edit("-4")})
    assert table_file(sheet)[1][1] == "-4"
    assert book_of(sheet)["Sheet"]["B2"].value == -4


def test_identifiers_are_text_and_marks_numbers_in_a_spreadsheet():
    sheet = sheet_of(
        ["00123", "7", "12", entry("8", sure=0.5)],
        columns=(NUMBER, POINTS, Column("x", "ignore"), POINTS),
        names=("Anna",),
        edits={(0, 1): Edit("7,5")},
    )
    book = book_of(sheet)
    page = book["Sheet"]
    assert [cell.value for cell in page[1]] == ["Name", "From", "Pupil", "Task", "Task", "To check"]
    assert [cell.value for cell in page[2]] == [
        "Anna", "sheet.jpg", "00123", 7.5, 8, "Task: No decimals here; Task: Unsure",
    ]  # fmt: skip
    assert page["C2"].number_format == "@"
    assert [cell.fill.fill_type for cell in page[2]] == [None, None, None, "solid", "solid", None]
    pictures = book["Pictures"]
    assert [row[3].value for row in pictures.iter_rows(min_row=2)] == ["00123", "7", "8"]
    assert [row[4].value for row in pictures.iter_rows(min_row=2)] == [0.951, 0.99, 0.5]
    assert len(pictures._images) == 3


def test_headings_and_skipped_rows_are_left_out_and_totals_named():
    sheet = sheet_of(
        ["1?"], ["7"], ["9"], ["7"], kinds={0: "heading", 2: "skipped", 3: "total"}, names=("Bo",)
    )
    assert [row[:3] for row in table_file(sheet)] == [
        ["Name", "From", "Task 0"], ["Bo", "sheet.jpg", "7"], ["Total", "sheet.jpg", "7"],
    ]  # fmt: skip


def test_names_as_pictures_are_written_once_they_are_typed():
    columns = (Column("Name", "name"), POINTS)
    assert table_file(sheet_of([letters(), "7"], columns=columns))[0] == [
        "From", "Task", "To check",
    ]  # fmt: skip
    typed = sheet_of([letters(), "7"], columns=columns, edits={(0, 0): Edit("Anna")})
    assert table_file(typed) == [
        ["From", "Name", "Task", "To check"], ["sheet.jpg", "Anna", "7", ""],
    ]  # fmt: skip


def test_a_sum_that_differs_is_exported_even_if_it_was_kept():
    columns = (POINTS, POINTS, Column("Total", "total"))
    sheet = sheet_of(["1", "2", "9"], columns=columns, edits={(0, 2): Edit("9", kept=True)})
    assert table_file(sheet)[1][-2:] == ["differs", ""]
    assert table_file(sheet_of(["1", "2", "3"], columns=columns))[1][-2:] == ["agrees", ""]


def test_all_names_of_a_longer_class_list_are_exported():
    sheet = sheet_of(["1"], names=("Anna", "Bo"))
    assert [row[0] for row in table_file(sheet)] == ["Name", "Anna", "Bo"]
    assert table_file(sheet)[2][-1] == "no row was read for this name"
