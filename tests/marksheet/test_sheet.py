"""Mark sheets: from photographs to a table, what is doubted in it, and the files it becomes."""

import csv
import io
import itertools
from decimal import Decimal
from pathlib import Path

import cv2
import numpy as np
import pytest
from composed import Page, paper, turned
from hypothesis import given, settings
from hypothesis import strategies as st

from digits.corrections.store import Corrections
from digits.errors import DigitsError
from digits.marksheet.cell import (
    Column,
    check_cell,
    likeliest,
    readings,
    to_number,
    to_truth,
    written_text,
)
from digits.marksheet.export import FORMULA, escape, to_csv, to_xlsx
from digits.marksheet.scan import (
    Entry,
    Row,
    Scan,
    build_rows,
    list_scans,
    missing_places,
    place_numbers,
    read_scan,
)
from digits.marksheet.sheet import (
    Sheet,
    add_up,
    build_sheet,
    check_row,
    compare_counts,
    display_order,
    extend_sheet,
    is_edited,
    match_names,
    parse_names,
    propose_columns,
    sheet_corrections,
    time_left,
    with_answers,
)
from digits.registry import current_reader, shipped_reader
from digits.types import Box, Cell, Digit, Line, Mark, ModelName, Reading

openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed")

FRAME = np.zeros((28, 28), np.float32)
JPEG = cv2.imencode(".jpg", np.full((30, 60), 200, np.uint8))[1].tobytes()
MARK, DECIMAL = Column("Task"), Column("Task", decimals=True)
NAME = Column("Pupil", "identifier")
TOTAL = Column("Total", "total")


def digit(value, x=0, sure=0.99, second=None, y=0):
    """A digit of 20 x 30 px; `second` has all the probability that is left."""
    rest = [(1 - sure) / 9] * 10
    if second is not None:
        rest = [0.0] * 10
        rest[second] = 1 - sure
    rest[value if value is not None else 0] = sure
    return Digit(value, sure, Box(x, y, 20, 30), tuple(rest), None, FRAME)


def number(text, *, marks=(), sure=0.99, second=None):
    """A line whose digits stand 30 px apart, and marks of (kind, x, y)."""
    digits = tuple(
        digit(None if c == "?" else int(c), 30 * i, sure, second) for i, c in enumerate(text)
    )
    box = Box(0, 0, max(20, 30 * len(text) - 10), 30)
    placed = tuple(Mark(kind, Box(x, y, 4, 4)) for kind, x, y in marks)
    confidence = 0.0 if "?" in text else sure ** max(1, len(text))
    return Line(text, confidence, box, digits, placed)


POINT = ("dot", 23, 25)  # low between the first two digits


def entry(text="", **options):
    line = number(text, **options) if text or options else Line("", 1.0, Box(0, 0, 9, 9), ())
    return Entry(line, 0, JPEG)


def sheet_of(*texts, columns=None, **options):
    rows = tuple(
        Row(0, tuple(e if isinstance(e, Entry) else entry(e) for e in row), "sheet.jpg")
        for row in texts
    )
    return Sheet(
        rows, columns or tuple(Column(f"Task {i}") for i in range(len(texts[0]))), **options
    )


def table_file(sheet):
    return list(csv.reader(io.StringIO(to_csv(sheet).decode("utf-8-sig"))))


# A point is never lost.


@pytest.mark.parametrize("column", [MARK, DECIMAL, NAME, TOTAL, Column("x", maximum=Decimal(10))])
def test_7_5_never_comes_out_as_an_unmarked_75(column):
    cell = check_cell(entry("75", marks=[POINT]), column)
    assert cell.text == "7.5"
    assert "a dot inside" in cell.doubts
    sheet = sheet_of([entry("75", marks=[POINT])], columns=(column,))
    assert all("75" not in row for row in table_file(sheet))
    assert "dot inside" in table_file(sheet)[1][-1]
    page = openpyxl.load_workbook(io.BytesIO(to_xlsx(sheet)))["Sheet"]
    assert str(page["B2"].value) == "7.5"
    assert page["B2"].fill.fill_type == "solid"


def test_7_5_in_a_photographed_table_never_comes_out_as_an_unmarked_75(held_out):
    seen = 0
    for seed in range(6):
        page = Page(held_out, seed, (420, 520))
        for row in range(3):
            for column in range(2):
                x, y = 60 + 200 * column, 60 + 90 * row
                cv2.rectangle(page.ink, (x, y), (x + 200, y + 90), 0.9, 2)
                page.digit(x + 30, y + 17, 7)
                page.digit(x + 110, y + 17, 5)
                if column:
                    cv2.circle(page.ink, (x + 98, y + 66), 4, 1, -1)
        png = cv2.imencode(".png", paper(page.ink).astype(np.uint8))[1].tobytes()
        sheet = build_sheet([read_scan(current_reader().read, s) for s in list_scans("t.png", png)])
        for row in range(3):
            with_point = check_row(sheet, row)[0][1]
            assert with_point.text != "75"
            assert with_point.doubts
            seen += with_point.text == "7.5"
    assert seen >= 15


@given(
    text=st.text("0123456789?", min_size=1, max_size=5),
    marks=st.lists(
        st.tuples(
            st.sampled_from(["dot", "dash", "stroke", "other"]),
            st.integers(0, 150),
            st.integers(0, 26),
        ),
        min_size=1,
        max_size=3,
    ),
    kind=st.sampled_from(["mark", "identifier", "total"]),
    decimals=st.booleans(),
)
def test_a_cell_with_any_mark_is_doubtful_and_shows_it(text, marks, kind, decimals):
    line = number(text, marks=marks)
    cell = check_cell(Entry(line, 0, JPEG), Column("x", kind, decimals=decimals))
    assert cell.doubts
    assert len(cell.text) == len(text) + len(marks)
    assert [c for c in cell.text if c.isdigit() or c == "?"] == list(text)


def test_where_decimals_are_allowed_a_dot_between_digits_is_the_offered_point():
    line = number("75", marks=[POINT])
    assert next(readings(line, DECIMAL)) == "7.5"
    assert check_cell(Entry(line, 0, JPEG), DECIMAL).offers == ("75",)
    assert check_cell(Entry(line, 0, JPEG), MARK).offers == ("75",)
    capped = Column("x", maximum=Decimal(10), decimals=True)
    assert check_cell(Entry(line, 0, JPEG), capped).offers == ()  # 7.5 itself fits best


def test_a_high_dot_is_no_point():
    assert written_text(number("75", marks=[("other", 23, 2)])) == "7*5"
    assert written_text(number("75", marks=[("other", 23, 25)])) == "7.5"
    assert written_text(number("75", marks=[("dash", 23, 25)])) == "7-5"


# What does not fit.


def test_a_reading_above_the_maximum_is_doubtful_and_the_next_best_only_offered():
    line = number("9", sure=0.97, second=4)
    cell = check_cell(Entry(line, 0, JPEG), Column("x", maximum=Decimal(5)))
    assert cell.text == "9"
    assert cell.doubts == ("above the maximum of 5",)
    assert cell.offers == ("4",)
    sheet = sheet_of([Entry(line, 0, JPEG)], columns=(Column("x", maximum=Decimal(5)),))
    assert table_file(sheet)[1][1] == "9"


probabilities = st.lists(st.floats(0.001, 1), min_size=10, max_size=10).map(
    lambda p: tuple(np.array(p) / sum(p))
)


@given(st.lists(probabilities, min_size=1, max_size=2), st.integers(0, 40))
@settings(deadline=None)
def test_what_is_offered_is_the_likeliest_reading_that_fits(every, maximum):
    digits = tuple(
        Digit(int(np.argmax(p)), max(p), Box(30 * i, 0, 20, 30), p, None, FRAME)
        for i, p in enumerate(every)
    )
    text = "".join(str(d.value) for d in digits)
    line = Line(text, 0.5, Box(0, 0, 50, 30), digits)
    by_hand = {
        "".join(map(str, values)): np.prod([p[v] for p, v in zip(every, values, strict=True)])
        for values in itertools.product(range(10), repeat=len(every))
    }
    fitting = [t for t in by_hand if int(t) <= maximum and (t == "0" or t[0] != "0")]
    offered = list(readings(line, Column("x", maximum=Decimal(maximum))))
    assert set(offered) <= set(fitting)
    if fitting:
        assert np.isclose(by_hand[offered[0]], max(by_hand[t] for t in fitting))
    falling = [by_hand[t] for t in offered]
    assert falling == sorted(falling, reverse=True)


@given(st.lists(probabilities, min_size=1, max_size=2))
@settings(deadline=None)
def test_all_readings_come_once_and_their_probabilities_fall(every):
    found = list(likeliest(every))
    assert len({text for text, _ in found}) == len(found) == 10 ** len(every)
    assert np.isclose(sum(p for _, p in found), 1)
    assert all(a >= b - 1e-12 for (_, a), (_, b) in itertools.pairwise(found))


@pytest.mark.parametrize(
    ("cell", "doubt"),
    [
        (entry("3?"), "not all of it are digits"),
        (entry("37", sure=0.8), "only 64% sure"),
        (Entry(Line("", 0.0, Box(0, 0, 9, 9), ()), 0, JPEG), "something is written"),
    ],
)
def test_what_is_not_sure_is_doubtful(cell, doubt):
    assert doubt in check_cell(cell, MARK).doubts[0]


def test_an_empty_cell_is_empty_and_not_doubtful():
    assert check_cell(entry(), MARK).doubts == ()
    assert check_cell(None, MARK).text == ""


def test_what_a_person_confirms_is_no_longer_doubted_but_must_fit():
    doubted = entry("75", marks=[POINT])
    assert check_cell(doubted, DECIMAL, "7.5").doubts == ()
    assert check_cell(doubted, MARK, "7.5").doubts == ("no decimals here",)
    assert check_cell(doubted, MARK, "absent").doubts == ("this is no number",)
    assert check_cell(doubted, MARK, "").doubts == ()
    assert check_cell(doubted, Column("x", maximum=Decimal(5)), "75").doubts


def test_an_identifier_of_another_length_is_doubtful():
    sheet = sheet_of(["12345"], ["12346"], ["1234"], ["12348"], columns=(NAME,))
    assert [bool(check_row(sheet, row)[0][0].doubts) for row in range(4)] == [
        False, False, True, False,
    ]  # fmt: skip


@given(st.text())
def test_a_number_is_plain_or_none(text):
    value = to_number(text)
    assert value is None or (value >= 0 and value.is_finite())


# Proposals.


def columns_of(*columns, **options):
    rows = [
        Row(0, tuple(e if isinstance(e, Entry) else entry(e) for e in row), "s")
        for row in zip(*columns, strict=True)
    ]
    return propose_columns(rows, len(columns), **options)


def test_columns_are_proposed_by_what_they_hold():
    letters = [entry("1?"), entry("??"), entry("7", marks=[("other", 40, 0), ("other", 60, 0)])]
    kinds = [
        column.kind
        for column in columns_of(
            ["00123", "00124", "00130"], letters, ["7", "8", "10"], ["", "", ""], ["07", "02", "09"]
        )
    ]
    assert kinds == ["identifier", "leave out", "mark", "leave out", "identifier"]


def test_running_numbers_are_an_identifier():
    assert columns_of(["1", "2", "3", "4", "5"])[0].kind == "identifier"
    assert columns_of(["1", "5", "2", "4", "5"])[0].kind == "mark"


def test_the_maximum_and_decimals_are_proposed():
    (column,) = columns_of(["7", "18", entry("75", marks=[POINT])])
    assert (column.maximum, column.decimals) == (Decimal(20), True)


def test_a_mark_far_beyond_the_others_does_not_raise_the_maximum():
    (column,) = columns_of(["71", "36", "7117", "59", "44"])
    assert column.maximum == Decimal(80)


def test_a_last_column_that_is_the_sum_is_proposed_as_total():
    marks = (["1", "2", "3"], ["4", "4", "4"])
    assert [c.kind for c in columns_of(*marks, ["5", "6", "7"])] == ["mark", "mark", "total"]
    assert [c.kind for c in columns_of(*marks, ["9", "9", "9"])] == ["mark"] * 3


def test_a_row_of_headings_is_proposed_to_be_left_out():
    rows = (["??", "1?"], ["7", "8"], ["7", ""], ["", ""])
    entries = tuple(tuple(entry(text) for text in row) for row in rows)
    scan = Scan("s", b"", None, blank_reading(), entries)
    assert build_sheet([scan]).left_out == {0, 3}


def test_printed_words_that_pass_for_numbers_are_headings_too():
    def left_out(*rows):
        entries = tuple(tuple(entry(text, sure=sure) for text, sure in row) for row in rows)
        return build_sheet([Scan("s", b"", None, blank_reading(), entries)]).left_out

    words, sure, doubted = [("11", 0.2), ("51", 0.4), ("52", 0.6)], ("7", 0.99), ("7", 0.6)
    assert left_out(words, [sure, sure, doubted]) == {0}
    assert left_out([sure, *words[1:]], [sure] * 3) == set()  # somebody's row
    assert left_out([sure] * 3, words) == set()  # headings come first
    assert left_out(words, [doubted, doubted, sure]) == set()  # a photograph that is bad all over
    assert left_out(words[:2], [sure, sure]) == set()


@pytest.mark.slow
def test_the_headings_of_the_example_are_left_out():
    path = Path(__file__).parent.parent.parent / "digits" / "ui" / "examples" / "a mark sheet.jpg"
    (scan,) = list_scans(path.name, path.read_bytes())
    sheet = build_sheet([read_scan(shipped_reader().read, scan)])
    assert sheet.left_out == {0}
    assert [column.kind for column in sheet.columns] == ["identifier", *["mark"] * 3, "total"]


def blank_reading(lines=(), cells=()):
    return Reading("0" * 64, (900, 900), "read", ModelName("x", ""), "", 1.0, lines, cells)


# Sums.

SUMMED = (MARK, DECIMAL, Column("Total", "total", decimals=True))


def test_sums_are_compared_without_rounding():
    rows = (["1", "2", "3"], ["1", entry("22", marks=[POINT]), entry("32", marks=[POINT])],
            ["4", "4", "9"], ["4", "?", "9"], ["4", "", "4"], ["4", "4", ""])  # fmt: skip
    sheet = sheet_of(*rows, columns=SUMMED)
    states = [add_up(sheet, row).state for row in range(len(rows))]
    assert states == ["agrees", "agrees", "differs", "open", "agrees", "open"]
    assert display_order(sheet) == [2, 3, 5, 0, 1, 4]


def test_rows_keep_the_order_of_the_picture_where_there_is_no_total():
    assert display_order(sheet_of(["3"], ["1"], ["2"], left_out=frozenset({1}))) == [0, 1, 2]


def test_an_edit_makes_a_sum_agree():
    sheet = sheet_of(["1", "2", "9"], columns=SUMMED, edits={(0, 2): "3"})
    assert add_up(sheet, 0).state == "agrees"


def test_an_agreeing_sum_speaks_for_unsure_readings_but_not_for_marks():
    unsure, pointed = entry("1", sure=0.6), entry("22", marks=[POINT])
    sheet = sheet_of([unsure, pointed, entry("32", marks=[POINT])], columns=SUMMED)
    assert [bool(cell.doubts) for cell in check_row(sheet, 0)[0]] == [False, True, True]
    alone = sheet_of([unsure, pointed, "9"], columns=SUMMED)
    assert [bool(cell.doubts) for cell in check_row(alone, 0)[0]] == [True, True, False]


def test_the_reading_that_makes_a_sum_agree_is_offered_and_not_put_in():
    sheet = sheet_of([entry("1", sure=0.98, second=7), "2", "9"], columns=SUMMED)
    cells, summed = check_row(sheet, 0)
    assert summed.state == "differs"
    assert cells[0].text == "1"
    assert cells[0].offers[0] == "7"
    assert "with 7 the sum agrees" in cells[0].doubts


# Class lists.


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("Anna\n\n Bo \r\nChidi", ("Anna", "Bo", "Chidi")),
        ("12;Anna\n13;Bo", ("12 Anna", "13 Bo")),
        ('"Smith, Anna"\nLee, Bo', ("Smith, Anna", "Lee, Bo")),
        ("\ufeffJosé".encode(), ("José",)),
        ("Jürgen".encode("cp1252"), ("Jürgen",)),
        ("", ()),
    ],
)
def test_class_lists_are_a_name_a_line(content, names):
    assert parse_names(content) == names


def test_a_class_list_that_is_no_text_is_explained():
    with pytest.raises(DigitsError, match="paste the names"):
        parse_names(b"PK\x03\x04\x00\x00")


def test_names_follow_the_rows_that_are_kept_and_another_count_is_said_at_once():
    sheet = sheet_of(["1"], ["2"], ["3"], left_out=frozenset({0}), names=("Anna", "Bo"))
    assert match_names(sheet) == {1: "Anna", 2: "Bo"}
    assert compare_counts(sheet) == ""
    longer = sheet_of(["1"], names=("Anna", "Bo"))
    assert "2 names and the table 1 row" in compare_counts(longer)
    assert [row[0] for row in table_file(longer)] == ["Name", "Anna", "Bo"]
    assert "3 rows" in compare_counts(sheet_of(["1"], ["2"], ["3"], names=("Anna",)))


# Files.


@given(st.text(max_size=12).map(lambda t: t.replace("\0", "")), st.sampled_from(["", *FORMULA]))
@settings(max_examples=40, deadline=None)
def test_no_cell_is_a_formula(text, start):
    text = " ".join((start + text).split()) if start not in ("\t", "\r") else start + text.strip()
    sheet = sheet_of(
        ["7"], columns=(Column(text or "x"),), edits={(0, 0): text}, names=(text or "x",)
    )
    assert not any(value.startswith(FORMULA) for row in table_file(sheet) for value in row)
    assert escape(text).removeprefix("'") == text.removeprefix("'")
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx(sheet)))
    cells = [cell for page in book for row in page.iter_rows() for cell in row]
    assert not any(cell.data_type == "f" for cell in cells)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_a_cell_that_begins_like_a_formula_is_escaped_in_both_files(text):
    sheet = sheet_of(["7"], edits={(0, 0): text}, columns=(Column("Task"),))
    assert table_file(sheet)[1][1] == f"'{text}"
    cell = openpyxl.load_workbook(io.BytesIO(to_xlsx(sheet)))["Sheet"]["B2"]
    assert cell.data_type == "s"
    assert cell.quotePrefix


def test_identifiers_are_text_and_marks_numbers_in_a_spreadsheet():
    sheet = sheet_of(
        ["00123", "7", "12", entry("8", sure=0.5)],
        columns=(NAME, MARK, Column("x", "leave out"), MARK),
        names=("Anna",),
        edits={(0, 1): "7,5"},
    )
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx(sheet)))
    page = book["Sheet"]
    assert [cell.value for cell in page[1]] == ["Name", "From", "Pupil", "Task", "Task", "To check"]
    values = [cell.value for cell in page[2]]
    assert values == [
        "Anna",
        "sheet.jpg",
        "00123",
        7.5,
        8,
        "Task: no decimals here; Task: only 50% sure",
    ]
    assert page["C2"].number_format == "@"
    assert [cell.fill.fill_type for cell in page[2]] == [None, None, None, "solid", "solid", None]
    pictures = book["Pictures"]
    assert [row[3].value for row in pictures.iter_rows(min_row=2)] == ["00123", "7", "8"]
    assert [row[4].value for row in pictures.iter_rows(min_row=2)] == [0.951, 0.99, 0.5]
    assert len(pictures._images) == 3


# Places.


def upright_line(numbers, y, angle=0.0, pinch=0.0):
    """A line of digits at (x, y), the page turned and drawn together towards its top."""
    digits = []
    for x, text in numbers:
        for i, c in enumerate(text):
            dx, dy = (x + 26 * i - 450) * (1 - pinch * (1 - y / 900)), y - 450
            turn = np.deg2rad(angle)
            px, py = (
                450 + dx * np.cos(turn) - dy * np.sin(turn),
                450 + dx * np.sin(turn) + dy * np.cos(turn),
            )
            digits.append(
                Digit(int(c), 0.99, Box(round(px), round(py), 20, 30), (0.1,) * 10, None, FRAME)
            )
    text = "".join(text for _, text in numbers)
    return Line(text, 0.9, Box.around([d.box for d in digits]), tuple(digits))


WRITTEN = [
    [(60, "123"), (330, "7"), (520, "14"), (760, "21")],
    [(60, "124"), (330, "8"), (760, "9")],
    [(60, "125"), (340, "9"), (515, "3"), (755, "12")],
    [(330, "5"), (520, "11"), (760, "16")],
    [(60, "127"), (328, "10"), (522, "3"), (762, "13")],
    [(60, "128"), (330, "10"), (520, "3"), (760, "13")],
]


@given(angle=st.floats(-20, 20), pinch=st.floats(0, 0.25))
@settings(deadline=None)
def test_numbers_without_rules_stand_in_columns(angle, pinch):
    lines = tuple(upright_line(row, 80 + 110 * i, angle, pinch) for i, row in enumerate(WRITTEN))
    placed = place_numbers(blank_reading(lines))
    found = [["" for _ in range(4)] for _ in WRITTEN]
    for row, column, line, _ in placed:
        found[row][column] = line.text
    columns = [60, 330, 520, 760]
    expected = [["" for _ in range(4)] for _ in WRITTEN]
    for row, numbers in enumerate(WRITTEN):
        for x, text in numbers:
            expected[row][int(np.argmin([abs(x - c) for c in columns]))] = text
    assert found == expected


def test_a_gap_in_a_column_without_rules_is_looked_at_again():
    lines = tuple(upright_line(row, 80 + 110 * i, 5) for i, row in enumerate(WRITTEN))
    first = blank_reading(lines)
    found = missing_places(place_numbers(first), (900, 900))
    assert [(row, column) for row, column, _ in found] == [(1, 2), (3, 0)]
    turn, asked = np.deg2rad(5), []
    for (row, _, box), x in zip(found, (520, 60), strict=True):
        dx, dy = x + 20 - 450, 80 + 110 * row + 15 - 450
        px, py = (
            450 + dx * np.cos(turn) - dy * np.sin(turn),
            450 + dx * np.sin(turn) + dy * np.cos(turn),
        )
        assert box.x < px < box.right
        assert box.y < py < box.bottom

    def read(picture, hint):
        asked.append(hint.boxes)
        again = tuple(Line(str(i), 0.9, box, (digit(i),)) for i, box in enumerate(hint.boxes))
        return blank_reading(again) if hint.boxes else first

    scan = read_scan(read, Scan("s.png", as_png(np.full((900, 900), 200.0))))
    assert asked == [(), tuple(box for _, _, box in found)]
    assert (scan.rows[1][2].line.text, scan.rows[3][0].line.text) == ("0", "1")
    assert scan.reading.lines[scan.rows[3][0].index].text == "1"


def test_a_lone_line_is_parted_only_where_a_gap_is_wider_than_its_others():
    def texts(*numbers):
        line = upright_line(numbers, 450)
        return [number.text for _, _, number, _ in place_numbers(blank_reading((line,)))]

    assert texts((60, "12"), (300, "34"), (600, "5")) == ["12", "34", "5"]
    assert texts(*((100 * i, str(i)) for i in range(6))) == ["012345"]  # spaced widely
    assert texts((60, "7")) == ["7"]


def test_boxes_of_one_number_are_one_number():
    cells = tuple(Cell(0, i, str(i), 0.9, Box(30 * i, 0, 30, 30)) for i in range(4))
    whole = number("0123")
    assert [line for _, _, line, _ in place_numbers(blank_reading((whole,), cells))] == [whole]


def test_cells_keep_their_own_digits_and_marks():
    row = Line("12\t3", 0.9, Box(0, 0, 90, 30), number("123").digits, ())
    mark = Mark("dot", Box(1, 2, 3, 4))
    cells = (
        Cell(0, 0, "12", 0.9, Box(0, 0, 60, 30)),
        Cell(0, 1, "3", 0.8, Box(60, 0, 30, 30), (mark,)),
        Cell(1, 0, "", 1.0, Box(0, 30, 60, 30)),
        Cell(1, 1, "", 0.0, Box(60, 30, 30, 30)),
    )
    placed = place_numbers(blank_reading((row, Line("\t", 0.0, Box(0, 30, 90, 30), ())), cells))
    assert [(r, c, line.text, len(line.digits), len(line.marks)) for r, c, line, _ in placed] == [
        (0, 0, "12", 2, 0), (0, 1, "3", 1, 1), (1, 0, "", 0, 0), (1, 1, "", 0, 0),
    ]  # fmt: skip


# Pictures.


def as_png(grey):
    return cv2.imencode(".png", np.clip(grey, 0, 255).astype(np.uint8))[1].tobytes()


def read_files(*files):
    return [
        read_scan(current_reader().read, s)
        for name, content in files
        for s in list_scans(name, content)
    ]


def tilted(grey, degrees):
    """See a sheet under a camera that is tilted up, two sheet heights away."""
    height, width = grey.shape
    tilt, away = np.deg2rad(degrees), 2.0 * height
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = []
    for x, y in corners:
        u, v = x - width / 2, y - height / 2
        depth = away - v * np.sin(tilt)
        seen.append([width / 2 + u * away / depth, height / 2 + v * np.cos(tilt) * away / depth])
    seen = np.array(seen, np.float32)
    seen -= seen.min(axis=0) - 20
    size = (int(seen[:, 0].max()) + 20, int(seen[:, 1].max()) + 20)
    view = cv2.getPerspectiveTransform(corners, seen)
    return cv2.warpPerspective(grey, view, size, borderMode=cv2.BORDER_REPLICATE)


@pytest.mark.slow
@pytest.mark.parametrize("ruled", [True, False], ids=["ruled", "not ruled"])
@pytest.mark.parametrize("degrees", [0, 25], ids=["from above", "tilted by 25 degrees"])
def test_a_photographed_table_becomes_its_rows_and_columns(ruled, degrees, held_out):
    right = whole = 0
    for seed in range(3):
        page = Page(held_out, seed, (760, 1150))
        expected = []
        for row in range(7):
            texts = []
            for x, n in ((60, 5), (400, 2), (640, 1), (880, 2)):
                texts.append(page.number(x + 20, 60 + 90 * row + 17, n, pitch=46))
                if ruled:
                    right_edge = {60: 400, 400: 640, 640: 880, 880: 1080}[x]
                    cv2.rectangle(
                        page.ink, (x, 60 + 90 * row), (right_edge, 150 + 90 * row), 0.9, 2
                    )
            expected.append(texts)
        grey = tilted(paper(page.ink), degrees) if degrees else turned(paper(page.ink), 2)
        (scan,) = read_files(("sheet.png", as_png(grey)))
        sheet = build_sheet([scan])
        assert [len(row.entries) for row in sheet.rows] == [4] * 7
        for row, wanted in enumerate(expected):
            cells = check_row(sheet, row)[0]
            right += sum(cell.text == text for cell, text in zip(cells, wanted, strict=True))
        whole += 28
        assert sheet.columns[0].kind == "identifier"
    assert right >= 0.9 * whole


def test_many_pictures_are_a_row_each_and_a_bad_one_is_a_row_with_its_reason(held_out):
    files, expected = [], []
    for seed in range(4):
        page = Page(held_out, seed, (160, 400))
        expected.append(page.number(60, 50, 3))
        files.append((f"{seed}.png", as_png(paper(page.ink))))
    files.insert(2, ("letter.png", b"Dear Sir"))
    files.insert(3, ("blank.png", as_png(np.full((200, 300), 220.0))))
    sheet = build_sheet(read_files(*files))
    assert [row.label for row in sheet.rows] == [name for name, _ in files]
    assert "no picture" in sheet.rows[2].error
    assert "no ink" in sheet.rows[3].error
    assert "no picture" in table_file(sheet)[3][-1]
    texts = [row.entries[0].line.text for row in sheet.rows if not row.error]
    assert sum(a == b for a, b in zip(texts, expected, strict=True)) >= 3
    assert all(row.error or row.entries[0].thumbnail[:2] == b"\xff\xd8" for row in sheet.rows)


def test_what_waits_is_no_row_yet():
    assert build_rows([Scan("a.png", b"")], one_each=True) == ()


# What a person says.


def test_further_pictures_change_nothing_that_was_said():
    first = Scan(
        "a", b"", None, blank_reading(), rows=((entry("7"), entry("8")), (entry("1"), entry("2")))
    )
    second = Scan("b", b"", None, blank_reading(), rows=((entry("9"), entry("9"), entry("9")),) * 2)
    sheet = build_sheet([first])
    told = with_answers(sheet, {"edits": {"0,1": "6"}, "left": [1]})
    longer = extend_sheet(told, build_sheet([first, second]))
    assert longer.edits == {(0, 1): "6"}
    assert longer.left_out == {1}
    assert len(longer.rows) == 4
    assert len(longer.columns) == 3
    assert extend_sheet(told, build_sheet([second])).edits == {}


def test_answers_that_make_no_sense_are_ignored():
    sheet = sheet_of(["7", "8"])
    told = with_answers(
        sheet,
        {
            "edits": {"0,1": " 7  5 ", "9,9": "1", "x": "1"},
            "left": [0, 7, -1],
            "columns": [
                {"name": "", "kind": "nonsense", "maximum": "ten", "decimals": True},
                {"name": "Q", "kind": "total", "maximum": "7,5", "decimals": False},
            ],
        },
    )
    assert told.edits == {(0, 1): "7 5"}
    assert told.left_out == {0}
    assert told.columns == (
        Column("Task 0", "mark", None, True),
        Column("Q", "total", Decimal("7.5"), False),
    )
    assert with_answers(sheet, {}) == sheet


def test_edits_become_corrections_and_words_do_not(held_out, tmp_path):
    page = Page(held_out, 3, (160, 400))
    page.number(60, 50, 2, pitch=90)
    (scan,) = read_files(("mark.png", as_png(paper(page.ink))))
    sheet = build_sheet([scan])
    read = sheet.rows[0].entries[0].line.text
    assert len(read) == 2
    store = Corrections(f"sqlite:///{tmp_path / 'corrections.sqlite'}")

    def stored(text):
        told = with_answers(sheet, {"edits": {"0,0": text}})
        made = sheet_corrections(told, [scan], told.edits)
        store.add([one for each in made.values() for one in each])
        return {(one.digit, one.truth, one.read, one.source, one.file) for one in store.all()}

    assert stored("absent") == set()
    assert stored("1.2") == {
        (None, "12", read, "sheet", "mark.png"),
        (0, "1", read[0], "sheet", "mark.png"),
        (1, "2", read[1], "sheet", "mark.png"),
    }
    assert is_edited(with_answers(sheet, {"edits": {"0,0": "1.2"}}), (0, 0)) == (read != "12")
    assert not is_edited(with_answers(sheet, {"edits": {"0,0": read}}), (0, 0))


@pytest.mark.parametrize(
    ("text", "truth"), [("7,5", "75"), ("007", "007"), ("", ""), ("-", None), ("7-5", None)]
)
def test_the_truth_is_the_digits_on_the_paper(text, truth):
    assert to_truth(text) == truth


@given(st.integers(0, 500), st.integers(1, 500), st.floats(0, 1e5))
def test_the_time_left_is_told_once_something_is_done(done, more, seconds):
    told = time_left(done, done + more, seconds)
    assert (told == "") == (done == 0)
