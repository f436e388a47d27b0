"""Everything there is to check on a sheet: cells, sums, failed files, the class list."""

from dataclasses import replace
from decimal import Decimal

import pytest
from sheets import DECIMAL, NUMBER, POINT, POINTS, TOTAL, dash, entry, number, sheet_of

from digits.marksheet.audit import audit_sheet
from digits.marksheet.cell import Column, Edit
from digits.marksheet.propose import Row
from digits.marksheet.scan import Entry
from digits.marksheet.sheet import Sheet
from digits.types import Box

SUMMED = (POINTS, DECIMAL, Column("Total", "total", decimals=True))


def kinds(audit, row):
    return [[doubt.kind for doubt in cell.doubts] for cell in audit.cells[row]]


def test_sums_are_compared_without_rounding():
    pointed = ["1", entry("22", marks=[POINT]), entry("32", marks=[POINT])]
    plain = (["4", "4", "9"], ["4", "?", "9"], ["4", "", "4"], ["4", "4", ""], ["", "", ""])
    rows = (["1", "2", "3"], pointed, *plain)
    audit = audit_sheet(sheet_of(*rows, columns=SUMMED))
    states = [each.state for each in audit.sums]
    assert states == ["agrees", "agrees", "differs", "open", "agrees", "differs", "agrees"]
    assert audit.n_sums == 2  # one is wrong, one is missing


def test_a_total_row_adds_up_its_columns():
    rows = (["1", "5"], ["2", "5"], ["4", "10"])
    audit = audit_sheet(sheet_of(*rows, kinds={2: "total"}))
    assert [(each.total, each.state) for each in audit.sums] == [
        ((2, 0), "differs"), ((2, 1), "agrees"),
    ]  # fmt: skip
    assert kinds(audit, 2) == [["sum"], []]


def test_skipped_rows_and_headings_are_not_added_up_nor_doubted():
    rows = (["1?", "?"], ["2", "5"], ["9", "9"], ["2", "5"])
    kinds_of_rows = {0: "heading", 2: "skipped", 3: "total"}
    audit = audit_sheet(sheet_of(*rows, kinds=kinds_of_rows))
    assert audit.summary == "Nothing left to check"
    assert audit.summary == "Nothing left to check"


def test_an_edit_makes_a_sum_agree():
    sheet = sheet_of(["1", "2", "9"], columns=SUMMED, edits={(0, 2): Edit("3")})
    assert audit_sheet(sheet).summary == "Nothing left to check"


def test_a_sum_that_differs_is_open_until_a_person_decides():
    sheet = sheet_of(["1", "2", "9"], columns=SUMMED)
    audit = audit_sheet(sheet)
    assert audit.summary == "1 sum"
    total = audit.cells[0][2]
    assert total.doubts[0].text == "Written 9, adds up to 3"
    assert total.candidates[:2] == ("3", "9")
    confirmed = sheet_of(["1", "2", "9"], columns=SUMMED, edits={(0, 2): Edit("9")})
    assert audit_sheet(confirmed).n_sums == 1  # to confirm the reading settles no sum
    kept = sheet_of(["1", "2", "9"], columns=SUMMED, edits={(0, 2): Edit("9", kept=True)})
    assert audit_sheet(kept).summary == "Nothing left to check"
    assert audit_sheet(kept).sums[0].state == "differs"


def test_someone_who_was_absent_adds_nothing():
    edits = {(0, 0): Edit("absent"), (0, 1): Edit("absent")}
    assert (
        audit_sheet(sheet_of(["", "", ""], columns=SUMMED, edits=edits)).summary
        == "Nothing left to check"
    )
    edits[0, 2] = Edit("absent")
    assert (
        audit_sheet(sheet_of(["", "", ""], columns=SUMMED, edits=edits)).summary
        == "Nothing left to check"
    )
    one = {(0, 0): Edit("absent")}
    assert (
        audit_sheet(sheet_of(["", "4", "4"], columns=SUMMED, edits=one)).summary
        == "Nothing left to check"
    )


def test_an_agreeing_sum_confirms_doubtful_readings_but_not_marks():
    unsure, pointed = entry("1", sure=0.6), entry("22", marks=[POINT])
    whole = (POINTS, POINTS, TOTAL)
    sheet = sheet_of([unsure, pointed, entry("32", marks=[POINT])], columns=whole)
    assert [bool(cell.doubts) for cell in audit_sheet(sheet).cells[0]] == [False, True, True]
    alone = sheet_of([unsure, pointed, "9"], columns=whole)
    assert [bool(cell.doubts) for cell in audit_sheet(alone).cells[0]] == [True, True, True]


def test_a_reading_that_makes_a_sum_agree_is_offered_but_not_applied():
    sheet = sheet_of([entry("4", sure=0.98, second=9), "19", "33"], columns=(POINTS, POINTS, TOTAL))
    audit = audit_sheet(sheet)
    assert audit.sums[0].suspect is None  # no single digit explains 10 points
    sheet = sheet_of([entry("4", sure=0.98, second=9), "19", "28"], columns=(POINTS, POINTS, TOTAL))
    audit = audit_sheet(sheet)
    cell = audit.cells[0][0]
    assert cell.text == "4"
    assert cell.doubts[-1].text == "Written 28, adds up to 23: is this 9?"
    assert cell.candidates[:2] == ("9", "4")
    assert audit.summary == "1 sum"  # the suspect is no cell of its own to check


def test_only_the_likeliest_reading_that_explains_a_sum_is_suspected():
    likely, unlikely = entry("1", sure=0.9, second=7), entry("2", sure=0.98, second=8)
    audit = audit_sheet(sheet_of([unlikely, likely, "9"], columns=(POINTS, POINTS, TOTAL)))
    assert audit.sums[0].suspect == ((0, 1), "7")
    assert kinds(audit, 0)[0] == []


def test_a_total_that_was_misread_is_suspected_itself():
    total = entry("9", sure=0.9, second=3)
    audit = audit_sheet(sheet_of(["1", "2", total], columns=(POINTS, POINTS, TOTAL)))
    assert audit.sums[0].suspect == ((0, 2), "3")
    assert audit.cells[0][2].candidates[0] == "3"


def test_a_confirmed_cell_is_not_suspected():
    unsure = entry("1", sure=0.98, second=7)
    sheet = sheet_of([unsure, "2", "9"], columns=(POINTS, POINTS, TOTAL), edits={(0, 0): Edit("1")})
    suspect = audit_sheet(sheet).sums[0].suspect
    assert suspect is None or suspect[0] != (0, 0)


def test_an_identifier_of_another_length_is_doubtful():
    rows = (["12345"], ["12346"], ["1234"], ["12348"])
    audit = audit_sheet(sheet_of(*rows, columns=(NUMBER,)))
    assert [bool(cells[0].doubts) for cells in audit.cells] == [False, False, True, False]
    assert audit.cells[2][0].doubts[0].text == "The others have 5 digits"
    kept = sheet_of(*rows, columns=(NUMBER,), edits={(2, 0): Edit("1234", kept=True)})
    assert audit_sheet(kept).summary == "Nothing left to check"


def test_decimals_are_not_doubted_where_they_are_expected():
    pointed = entry("75", marks=[POINT])
    rows = [[pointed]] * 30 + [["7"]] * 6
    assert audit_sheet(sheet_of(*rows, columns=(DECIMAL,))).summary == "Nothing left to check"
    audit = audit_sheet(sheet_of(*rows, columns=(POINTS,)))
    assert audit.n_cells == 30
    assert [group.label for group in audit.groups] == ["Confirm all 30 decimals"]


def test_cells_with_a_second_doubt_are_not_confirmed_with_the_others():
    pointed, unsure = entry("75", marks=[POINT]), entry("75", marks=[POINT], sure=0.5)
    audit = audit_sheet(sheet_of([pointed], [pointed], [unsure], columns=(POINTS,)))
    assert audit.groups[0].places == ((0, 0), (1, 0))


def test_dashes_are_confirmed_as_absent_together():
    audit = audit_sheet(sheet_of([dash(), "7"], [dash(), dash()]))
    assert [group.label for group in audit.groups] == ["Confirm all 3 dashes as absent"]


def test_one_count_holds_everything_that_is_open():
    rows = (["1", "2", "9"], [entry("1", sure=0.5), entry("75", marks=[POINT]), ""])
    good = sheet_of(*rows, columns=(POINTS, POINTS, Column("x", "ignore")), names=("Anna",))
    failed = Row(1, 0, (None,) * 3, "letter.png", "it is no picture", "failed")
    sheet = replace(good, rows=(*good.rows, failed))
    audit = audit_sheet(sheet)
    assert audit.summary == "2 cells, 1 file failed, 1 row left over"
    assert audit.summary != "Nothing left to check"


@pytest.mark.parametrize(
    ("names", "summary"),
    [
        ((), "Nothing left to check"),
        (("Anna", "Bo"), "Nothing left to check"),
        (("Anna",), "1 row left over"),
        (("Anna", "Bo", "Chidi", "Dana"), "2 names left over"),
    ],
)
def test_a_class_list_of_another_length_is_counted(names, summary):
    assert audit_sheet(sheet_of(["1"], ["2"], names=names)).summary == summary


def test_a_sheet_without_rows_has_nothing_to_check():
    assert audit_sheet(Sheet((), ())).summary == "Nothing left to check"


def test_a_maximum_is_checked_in_cells_and_edits():
    column = Column("x", maximum=Decimal(10))
    line = number("12")
    sheet = sheet_of([Entry(line, 0, Box(0, 0, 9, 9))], columns=(column,))
    assert audit_sheet(sheet).cells[0][0].doubts[0].text == "More than 10"
