"""What a person says about a sheet, step by step, and taken back."""

from decimal import Decimal

import cv2
import numpy as np
import pytest
from composed import Page, paper
from hypothesis import given
from hypothesis import strategies as st
from sheets import POINT, POINTS, blank_reading, dash, entry, sheet_of

from digits.corrections.store import Corrections
from digits.io.document import load_picture
from digits.marksheet.audit import audit_sheet
from digits.marksheet.cell import Column, Edit
from digits.marksheet.changes import (
    change_layout,
    confirm_alike,
    corrected_digits,
    make_step,
    replay,
    sheet_corrections,
    take_step,
    undo_step,
)
from digits.marksheet.scan import Scan, list_scans, read_scan
from digits.marksheet.sheet import apply, build_sheet, clean_change, column_said, place_key
from digits.registry import current_reader


def edit(text, **options):
    return {"text": text, "kept": False, "is_reading": True, **options}


def scan_of(*rows, file="a.jpg"):
    entries = tuple(tuple(entry(text) for text in row) for row in rows)
    return Scan(file, b"", None, blank_reading(), entries)


# What is said of a sheet.


def test_what_is_said_changes_cells_rows_columns_and_names():
    scan = scan_of(("7", "8"), ("1", "2"))
    user_input = {
        "cell 0 0 1": edit("6"),
        "row 0 1": "skipped",
        "column 1": {"name": "Essay", "kind": "decimal", "maximum": "7,5"},
        "names": "Anna\nBo",
        "title": "Class 7b",
    }
    sheet = build_sheet([scan], user_input)
    assert sheet.edits == {(0, 1): Edit("6")}
    assert [row.kind for row in sheet.rows] == ["data", "skipped"]
    assert sheet.columns[1] == Column("Essay", "decimal", Decimal("7.5"))
    assert sheet.names == ("Anna", "Bo")
    assert sheet.named == {0: "Anna"}
    assert sheet.title == "Class 7b"


def test_the_title_is_the_files_name_until_another_is_given():
    assert build_sheet([scan_of(("7",), file="photos/7b maths.jpeg")]).title == "7b maths"


def test_what_is_about_no_row_or_column_is_ignored():
    user_input = {
        "cell 3 0 0": edit("6"),
        "cell 0 9 0": edit("6"),
        "row 8 8": "skipped",
        "column 7": {},
    }
    assert build_sheet([scan_of(("7",))], user_input) == build_sheet([scan_of(("7",))])


def test_further_pictures_change_nothing_that_was_said():
    first, second = scan_of(("7", "8"), ("1", "2")), scan_of(("9", "9", "9"), ("9", "9", "9"))
    user_input = {"cell 0 0 1": edit("6"), "row 0 1": "skipped"}
    longer = build_sheet([first, second], user_input)
    assert longer.edits == {(0, 1): Edit("6")}
    assert [row.kind for row in longer.rows] == ["data", "skipped", "data", "data"]
    assert len(longer.columns) == 3


def test_a_file_that_was_removed_leaves_the_others_where_they_are():
    scans = [Scan("bad.jpg", b"", error="it is damaged"), scan_of(("7", "8"))]
    user_input = {"cell 1 0 0": edit("9")}
    before = build_sheet(scans, user_input)
    assert audit_sheet(before).n_failed == 1
    after = build_sheet(scans, {**user_input, "file 0": "removed"})
    assert [row.label for row in after.rows] == ["a.jpg"]
    assert after.edits == {(0, 0): Edit("9")}
    assert audit_sheet(after).summary == "Nothing left to check"


@pytest.mark.parametrize(
    ("change", "cleaned"),
    [
        ({"cell 0 0 1": {"text": " 7  5 "}}, {"cell 0 0 1": edit("7 5")}),
        ({"cell 0 0 1": {"text": "7", "kept": 1}}, {"cell 0 0 1": edit("7")}),
        ({"cell 0 0 1": None}, {"cell 0 0 1": None}),
        ({"cell 0 0": edit("1"), "x": 1, "cell a b c": edit("1")}, {}),
        ({"row 0 0": "nonsense", "row 0 1": "heading"}, {"row 0 1": "heading"}),
        (
            {"column 0": {"name": "", "kind": "total", "maximum": "ten"}},
            {"column 0": {"name": "Column", "kind": "total", "maximum": ""}},
        ),
        ({"column 0": {"name": "x", "kind": "nonsense"}, "column 1": 7}, {}),
        ({"layout": "sideways", "title": " \0 "}, {}),
        ({"file 3": "removed", "file 4": "burned"}, {"file 3": "removed"}),
    ],
)
def test_of_what_a_browser_sends_only_what_makes_sense_is_taken(change, cleaned):
    assert clean_change(change) == cleaned


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=4,
)
keys = st.sampled_from(
    ["cell 0 0 0", "cell 0 1 1", "row 0 0", "column 0", "file 0", "names", "layout", "title", "x"]
)
fields = st.sampled_from(["text", "kept", "is_reading", "name", "kind", "maximum"])


@given(st.dictionaries(keys, values | st.dictionaries(fields, values)))
def test_any_change_from_a_browser_gives_a_valid_sheet(change):
    user_input = replay([step for step in [make_step({}, "x", clean_change(change))] if step])
    audit_sheet(apply(sheet_of(["7", "8"], ["1", "2"]), user_input))


# Steps.

said_values = st.sampled_from([None, "a", "b", {"text": "1"}])
changes = st.dictionaries(st.sampled_from("abcd"), said_values, max_size=3)


@given(st.lists(changes, max_size=8))
def test_undoing_every_step_brings_back_what_was_said_before_it(all_changes):
    user_input, history = {}, []
    for change in all_changes:
        step = make_step(user_input, "change", change)
        if step is None:
            assert all(user_input.get(key) == value for key, value in change.items())
            continue
        history.append((user_input, step))
        user_input = take_step(user_input, step)
        assert all(user_input.get(key) == value for key, value in change.items())
    assert replay(step for _, step in history) == user_input
    for before, step in reversed(history):
        user_input = undo_step(user_input, step)
        assert user_input == before


def test_another_layout_forgets_what_was_said_of_the_old_table_until_it_is_undone():
    user_input = {"cell 0 0 1": edit("6"), "row 0 1": "skipped", "names": "Anna"}
    step = make_step(user_input, "Layout", change_layout(user_input, "row"))
    after = take_step(user_input, step)
    assert after == {"names": "Anna", "layout": "row"}
    assert undo_step(after, step) == user_input


# Doubts that are alike.


def test_all_decimals_are_confirmed_at_once_and_more_are_expected():
    pointed = entry("75", marks=[POINT])
    sheet = sheet_of([pointed, "3"], [pointed, "4"], columns=(POINTS, POINTS))
    audit = audit_sheet(sheet)
    change = confirm_alike(sheet, audit, audit.groups[0])
    assert set(change) == {"cell 0 0 0", "cell 0 1 0", "column 0"}
    after = apply(sheet, change)
    assert after.columns[0].kind == "decimal"
    assert audit_sheet(after).summary == "Nothing left to check"
    assert [cells[0].text for cells in audit_sheet(after).cells] == ["7.5", "7.5"]


def test_dashes_become_absent_and_are_no_corrections():
    sheet = sheet_of([dash()], [dash()])
    audit = audit_sheet(sheet)
    after = apply(sheet, confirm_alike(sheet, audit, audit.groups[0]))
    assert [cells[0].text for cells in audit_sheet(after).cells] == ["absent", "absent"]
    assert all(corrected_digits(after, place) is None for place in after.edits)


# Corrections.


def test_edits_become_corrections_and_words_and_sums_do_not(held_out, tmp_path):
    page = Page(held_out, 3, (160, 400))
    page.number(60, 50, 2, pitch=90)
    png = cv2.imencode(".png", paper(page.ink).astype(np.uint8))[1].tobytes()
    (scan,) = [read_scan(current_reader().read, scan) for scan in list_scans("mark.png", png)]
    read = scan.rows[0][0].line.text
    assert len(read) == 2
    store = Corrections(f"sqlite:///{tmp_path / 'corrections.sqlite'}")

    def stored(user_input):
        sheet = build_sheet([scan], {"cell 0 0 0": user_input})
        store.add(sheet_corrections(sheet, [scan], lambda _: load_picture(png)))
        return {(one.digit, one.truth, one.read, one.source, one.file) for one in store.all()}

    assert stored(edit("absent")) == set()
    assert stored(edit("12", is_reading=False)) == set()
    assert stored(edit(read)) == set()
    assert stored(edit("1.2")) == {
        (None, "12", read, "sheet", "mark.png"),
        (0, "1", read[0], "sheet", "mark.png"),
        (1, "2", read[1], "sheet", "mark.png"),
    }
    assert {one.reading for one in store.all()} == {scan.reading.id}


def test_a_cell_that_was_typed_where_nothing_was_read_is_no_correction():
    sheet = sheet_of(["7", None], columns=(POINTS, POINTS), edits={(0, 1): Edit("4")})
    assert corrected_digits(sheet, (0, 1)) is None
    assert place_key(sheet, (0, 1)) == "cell 0 0 1"


def test_a_column_is_said_as_it_is():
    column = Column("Essay", "fraction", Decimal(20))
    sheet = apply(sheet_of(["7"]), {"column 0": column_said(column)})
    assert sheet.columns == (column,)
