"""What rows and columns are proposed to hold."""

from decimal import Decimal

import pytest
from sheets import POINT, blank_reading, dash, entry, letters, number, rows_of, table_file

from digits.marksheet.columns import PlacedNumber
from digits.marksheet.propose import (
    build_rows,
    find_headings,
    propose_columns,
    propose_rows,
    propose_total_row,
)
from digits.marksheet.scan import Scan, list_scans, read_scan
from digits.marksheet.sheet import build_sheet
from digits.registry import shipped_reader
from digits.types import Box, Line


def columns_of(*columns, headings=None):
    rows = list(zip(*columns, strict=True))
    if headings:
        rows.insert(0, headings)
    return propose_columns(rows_of(*rows, kinds={0: "heading"} if headings else ()))


def kinds_of(*rows):
    return [row.kind for row in propose_rows(rows_of(*rows))]


def test_columns_are_proposed_by_what_they_hold():
    words = [entry("1?"), entry("??"), entry("7", marks=[("other", 40, 0), ("other", 60, 0)])]
    kinds = [
        column.kind
        for column in columns_of(
            ["00123", "00124", "00130"], words, ["7", "8", "10"], ["", "", ""], ["07", "02", "09"]
        )
    ]
    assert kinds == ["identifier", "name", "points", "ignore", "identifier"]


def test_words_behind_the_points_are_no_names():
    words = [letters(), letters(), letters()]
    columns = columns_of(["7", "8", "9"], words)
    assert [column.kind for column in columns] == ["points", "ignore"]


def test_running_numbers_are_an_identifier():
    assert columns_of(["1", "2", "3", "4", "5"])[0].kind == "identifier"
    assert columns_of(["1", "5", "2", "4", "5"])[0].kind == "points"


def test_decimals_are_expected_where_several_cells_have_them():
    pointed = entry("75", marks=[POINT])
    assert columns_of(["7", "18", pointed, pointed])[0].kind == "decimal"
    assert columns_of(["7", "18", "4", pointed])[0].kind == "points"  # it may be a speck
    written = entry("75", written="7,5")
    assert columns_of(["7", "18", written, written])[0].kind == "decimal"


def test_points_of_a_maximum_are_proposed_as_such():
    cells = [entry("1720", written="17/20"), entry("920", written="9/20"), "18"]
    (column,) = columns_of(cells)
    assert (column.kind, column.maximum) == ("fraction", Decimal(20))


def test_a_printed_maximum_goes_before_a_usual_one():
    headings = [entry("25", written="/25"), entry("1", written="1 /10")]
    first, second = columns_of(["7", "18", "4"], ["7", "8", "4"], headings=headings)
    assert (first.maximum, second.maximum) == (Decimal(25), Decimal(10))


def test_the_usual_maximum_is_proposed():
    (column,) = columns_of(["7", "18", "4"])
    assert column.maximum == Decimal(20)


def test_a_mark_far_beyond_the_others_does_not_raise_the_maximum():
    (column,) = columns_of(["71", "36", "7117", "59", "44"])
    assert column.maximum == Decimal(80)


def test_a_last_column_that_is_the_sum_is_proposed_as_total():
    marks = (["1", "2", "3"], ["4", "4", "4"])
    columns = columns_of(*marks, ["5", "6", "7"])
    assert [c.kind for c in columns] == ["points", "points", "total"]
    assert [c.name for c in columns] == ["Task 1", "Task 2", "Total"]
    assert [c.kind for c in columns_of(*marks, ["9", "9", "9"])] == ["points"] * 3


def test_a_last_row_that_is_the_sum_is_proposed_as_total():
    rows = rows_of(["1", "5"], ["2", "5"], ["3", "5"], ["6", "15"])
    kinds = [row.kind for row in propose_total_row(rows, propose_columns(rows))]
    assert kinds == ["data", "data", "data", "total"]
    rows = rows_of(["1", "5"], ["2", "5"], ["4", "5"], ["9", "15"])
    assert all(row.kind == "data" for row in propose_total_row(rows, propose_columns(rows)))


def test_rows_of_words_are_headings_and_empty_rows_are_skipped():
    assert kinds_of(["??", "1?"], ["7", "8"], ["7", ""], ["", ""]) == [
        "heading", "data", "data", "skipped",
    ]  # fmt: skip


def test_a_name_without_marks_is_someone_and_no_heading():
    name, other = letters(), letters()
    rows = ([name, "7", "8"], [other, "", ""], [name, "9", "6"])
    assert kinds_of(*rows) == ["data", "data", "data"]
    assert kinds_of([name, letters(), ""], *rows) == ["heading", "data", "data", "data"]


def test_a_row_of_dashes_or_letters_is_someone_who_was_absent():
    rows = (["7", "8"], [dash(), dash()], ["7", dash()], [letters(), letters()])
    assert kinds_of(*rows) == ["data", "data", "data", "data"]
    assert columns_of([dash(), dash()])[0].kind == "points"


def test_a_class_list_of_45_rows_on_two_pages_has_a_heading_on_each():
    def page(first, last):
        head = tuple(letters() for _ in range(3))
        rows = [(entry(f"{i:04d}"), entry("7"), entry("8")) for i in range(first, last)]
        return Scan("class.pdf", b"", 1, blank_reading((rows[0][0].line,)), (head, *rows))

    sheet = build_sheet([page(1, 26), page(26, 46)])
    assert [row.kind for row in sheet.rows].count("data") == 45
    assert [i for i, row in enumerate(sheet.rows) if row.kind == "heading"] == [0, 26]
    assert [column.kind for column in sheet.columns] == ["identifier", "points", "points"]
    table = table_file(sheet)
    numbers = [cell for row in table for cell in row if cell.startswith("00")]
    assert numbers == [f"{i:04d}" for i in range(1, 46)]


def test_the_number_of_a_test_in_its_heading_is_no_maximum():
    marks = ["7", "12", "20"]
    named = entry("1", written="***/1")  # "Test 1", as it is read
    assert columns_of(marks, headings=[named])[0].maximum == 20
    printed = entry("25", written="***/25")
    assert columns_of(marks, headings=[printed])[0].maximum == 25


def test_printed_words_that_pass_for_numbers_are_headings_too():
    def kinds(*rows):
        return kinds_of(*([entry(text, sure=sure) for text, sure in row] for row in rows))

    words, sure, doubted = [("11", 0.2), ("51", 0.4), ("52", 0.6)], ("7", 0.99), ("7", 0.6)
    assert kinds(words, [sure, sure, doubted]) == ["heading", "data"]
    assert kinds([sure, *words[1:]], [sure] * 3) == ["data", "data"]  # somebody's row
    assert kinds([sure] * 3, words) == ["data", "data"]  # headings come first
    assert kinds(words, [doubted, doubted, sure]) == ["data", "data"]  # bad all over
    assert kinds(words[:2], [sure, sure]) == ["data", "data"]


@pytest.mark.parametrize("one_each", [True, False])
def test_a_waiting_picture_is_not_a_row(one_each):
    assert build_rows([Scan("a.png", b"")], one_each=one_each) == ()


def test_an_empty_picture_among_others_is_no_table():
    line = Line("", 1.0, entry().box, ())
    scan = Scan("a.png", b"", None, blank_reading((line,)), ((entry(),),))
    assert [row.kind for row in build_sheet([scan, scan]).rows] == ["skipped", "skipped"]


def test_headings_are_found_among_the_numbers_of_a_page():
    cells = [["1?", "??", "2?"], ["7", "8", "9"], ["4", "5", "6"]]
    placed = [
        PlacedNumber(row, column, number(text), Box(90 * column, 40 * row, 80, 36))
        for row, texts in enumerate(cells)
        for column, text in enumerate(texts)
    ]
    assert find_headings(placed) == {0}
    assert find_headings(placed[3:6]) == frozenset()
    assert find_headings([]) == frozenset()


@pytest.mark.slow
def test_the_headings_of_the_example_are_headings(example_sheet):
    (scan,) = list_scans(example_sheet.name, example_sheet.read_bytes())
    sheet = build_sheet([read_scan(shipped_reader().read, scan)])
    assert [row.kind for row in sheet.rows][:2] == ["heading", "data"]
    assert (sheet.columns[0].kind, sheet.columns[-1].kind) == ("identifier", "total")
