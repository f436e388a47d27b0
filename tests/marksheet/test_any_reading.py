"""Whatever the reader gives becomes a sheet: no reading ends in an exception."""

import csv
import io

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import agrees_with_itself
from readings import SIZE, any_reading, line_of, reading_of, tables, whole

from digits.marksheet.audit import audit_sheet
from digits.marksheet.export import to_csv, to_xlsx
from digits.marksheet.scan import Scan, list_scans, read_scan
from digits.marksheet.sheet import build_sheet
from digits.types import Box, Cell, Mark

openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed")

BLANK = cv2.imencode(".png", np.full((SIZE[1], SIZE[0]), 230, np.uint8))[1].tobytes()


def scan_of(reading, *, is_rejected=False):
    """Read a blank picture as `reading`, and gaps of it as 7."""

    def read(picture, hint):
        if not hint.boxes:
            return reading
        found = tuple(line_of("7", box.x, box.y, 0.9) for box in hint.boxes)
        return whole(status="refused") if is_rejected else whole(found)

    return read_scan(read, Scan("any.png", BLANK))


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    made_up=st.lists(any_reading(), min_size=1, max_size=3),
    is_rejected=st.booleans(),  # when gaps are looked at a second time
    layout=st.sampled_from(["auto", "row", "table"]),
)
def test_any_reading_becomes_rows_or_a_reason(made_up, is_rejected, layout):
    given_readings = [reading_of(each) for each in made_up]
    for reading in given_readings:
        agrees_with_itself(reading)
    scans = [scan_of(reading, is_rejected=is_rejected) for reading in given_readings]
    assert all(scan.error or scan.rows for scan in scans)  # no picture is lost in silence
    sheet = build_sheet(scans, {"layout": layout})
    assert {row.scan for row in sheet.rows} == set(range(len(scans)))
    assert all(len(row.entries) == len(sheet.columns) for row in sheet.rows)
    audit = audit_sheet(sheet)
    assert all(len(cells) == len(sheet.columns) for cells in audit.cells)
    assert audit.n_failed == sum(bool(scan.error) for scan in scans)
    n_written = sum(row.kind in ("data", "total", "failed") for row in sheet.rows)
    file = list(csv.reader(io.StringIO(to_csv(sheet).decode("utf-8-sig"))))
    assert len(file) == 1 + n_written
    assert all(len(line) == len(file[0]) for line in file)


@settings(max_examples=10, deadline=None)
@given(any_reading())
def test_any_reading_becomes_a_spreadsheet(made_up):
    scans = [scan_of(reading_of(made_up))]
    sheet = build_sheet(scans)
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx(sheet, scans)))
    n_written = sum(row.kind in ("data", "total", "failed") for row in sheet.rows)
    assert book["Sheet"].max_row == 1 + n_written


@settings(max_examples=60, deadline=None)
@given(tables())
def test_every_cell_keeps_its_place_its_digits_and_its_marks(made_up):
    reading = reading_of(made_up)
    scan = scan_of(reading)
    single = len({cell.row for cell in reading.cells}) == 1
    if scan.error or (single and all(len(cell.text) <= 1 for cell in reading.cells)):
        return
    rows = sorted({cell.row for cell in reading.cells})
    for cell in reading.cells:
        entry = scan.rows[rows.index(cell.row)][cell.column]
        assert (entry.line.text, entry.line.marks) == (cell.text, cell.marks)
        assert "".join("?" if d.value is None else str(d.value) for d in entry.line.digits) == (
            cell.text
        )
        for digit in entry.line.digits:
            assert cell.box.x <= digit.box.x < cell.box.right


def test_a_table_of_dashes_only_is_a_table():
    dash = (Mark("dash", Box(50, 50, 20, 4)),)
    cells = tuple(
        Cell(row, column, "", 0.0, Box(20 + 100 * column, 20 + 60 * row, 100, 60), dash)
        for row in range(5)
        for column in range(5)
    )
    scan = scan_of(whole((), cells, "refused"))
    assert [len(row) for row in scan.rows] == [5] * 5
    sheet = build_sheet([scan])
    assert [row.kind for row in sheet.rows] == ["data"] * 5
    audit = audit_sheet(sheet)
    assert [cell.text for cell in audit.cells[0]] == ["-"] * 5
    assert [group.label for group in audit.groups] == ["Confirm all 25 dashes as absent"]


def test_a_row_of_boxes_with_dashes_only_is_not_lost():
    dash = (Mark("dash", Box(50, 50, 20, 4)),)
    cells = tuple(Cell(0, i, "", 0.0, Box(20 + 60 * i, 20, 60, 60), dash) for i in range(4))
    scan = scan_of(whole((), cells, "refused"))
    assert scan.error or scan.rows


@pytest.mark.parametrize("layout", ["auto", "row", "table"])
def test_a_sheet_whose_rows_are_all_left_out_can_be_checked_and_taken_in_again(layout):
    words = tuple(line_of("??", 60, 60 + 100 * i, 0.5) for i in range(3))
    scans = [scan_of(whole(words))] * 2
    sheet = build_sheet(scans, {"layout": layout})
    assert all(row.kind == "heading" for row in sheet.rows)
    assert audit_sheet(sheet).summary == "Nothing left to check"
    again = build_sheet(scans, {"layout": layout, "row 1 0": "data"})
    assert audit_sheet(again).cells[again.data[0]][0].text == "??"


def test_a_file_that_cannot_be_opened_is_a_row_with_its_reason():
    sheet = build_sheet(list_scans("empty.png", b""))
    assert [row.label for row in sheet.rows] == ["empty.png"]
    assert "is empty" in sheet.rows[0].error
