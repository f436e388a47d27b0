"""The table of a sheet in Chromium, without Streamlit: keys, selection, what is sent."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from app_server import PHONE
from component_page import mount, states, update
from sheets import POINT, VIEW, blank_reading, dash, entry, sheet_of

from digits.marksheet.audit import audit_sheet
from digits.marksheet.cell import Column
from digits.marksheet.propose import Row
from digits.marksheet.scan import Scan
from digits.marksheet.sheet import apply
from digits.ui.sheet_table import GROUP, HTML, MODULES, boxes_of, first_open, to_data

COLUMNS = (Column("Task 1"), Column("Task 2"), Column("Total", "total"))
SCANS = [Scan("sheet.jpg", b"", None, blank_reading(), view=VIEW)]


def three_rows():
    return sheet_of(
        ["7", entry("1", sure=0.9, second=7), "8"],
        [entry("75", marks=[POINT]), "4", "12"],
        ["9", "4", "33"],
        columns=COLUMNS,
    )


def data_of(sheet, *, seen=0, **more):
    audit = audit_sheet(sheet)
    data = to_data(sheet, audit, SCANS)
    state = {"epoch": "1", "seen": seen, "undo": "", "scan": 0, "group": GROUP}
    return {**data, **state, "selected": first_open(sheet, audit), **more}


def shown(page, sheet=None, **more):
    mount(page, "sheet_grid", HTML, data_of(sheet or three_rows(), **more), modules=MODULES)
    return page


def cell(page, row, column):
    return page.locator(f"td[data-id='0 {row} {column}']")


def selected(page):
    return page.locator("td.selected").get_attribute("data-id")


def changes(page):
    return [change.get("set") or change for change in states(page)["said"]["changes"]]


def banner(page):
    return page.locator(".sheet [role=status]").inner_text()


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_state_of_the_table_keeps_its_properties():
    file = Path(__file__).with_name("sheet_state.test.mjs")
    run = subprocess.run(
        ["node", "--test", str(file)], capture_output=True, text=True, check=False, timeout=120
    )
    assert run.returncode == 0, run.stdout


def test_a_sum_that_does_not_agree_is_written_on_the_photograph():
    row = ["9", entry("1", sure=0.9, second=4), "13"]
    sheet = sheet_of(row, ["9", "4", "33"], ["7", "1", "8"], columns=COLUMNS)
    notes = {box.id: (box.state, box.note) for box in boxes_of(sheet, audit_sheet(sheet), 0)}
    assert {name: about for name, about in notes.items() if about[1]} == {
        "0 0 1": ("check", "Is this 4?"),
        "0 0 2": ("wrong", "Written 13, adds up to 10"),
        "0 1 2": ("wrong", "Written 33, adds up to 13"),
    }


def test_the_first_open_cell_is_selected_with_its_reason_and_candidates(page):
    shown(page)
    assert banner(page) == "1 cell, 2 sums"
    assert selected(page) == "0 1 0"
    assert page.locator(".why").inner_text() == "Is this 7.5?"
    shown_candidates = page.locator(".candidates button").all_inner_texts()
    # Each with its key; whether they stand on one line is a matter of layout.
    assert ["".join(text.split()) for text in shown_candidates] == ["7.51", "752"]
    assert cell(page, 0, 0).inner_text() == "7"


def test_enter_confirms_and_goes_to_the_next_open_cell_before_python_answers(page):
    shown(page)
    cell(page, 1, 0).click()
    page.keyboard.press("Enter")
    assert selected(page) == "0 1 2"
    assert "confirmed" in cell(page, 1, 0).get_attribute("class")
    assert banner(page) == "2 sums"
    assert changes(page) == [{"cell 0 1 0": {"text": "7.5", "kept": True, "is_reading": True}}]


def test_a_key_takes_a_candidate_and_a_means_absent(page):
    shown(page)
    cell(page, 1, 0).click()
    page.keyboard.press("2")
    assert cell(page, 1, 0).inner_text() == "75"
    cell(page, 0, 0).click()
    page.keyboard.press("a")
    assert changes(page)[1] == {
        "cell 0 0 0": {"text": "absent", "kept": False, "is_reading": False}
    }
    assert cell(page, 0, 0).inner_text() == "absent"


def test_a_row_is_skipped_and_taken_in_again_with_s(page):
    shown(page)
    cell(page, 1, 1).click()
    page.keyboard.press("s")
    assert banner(page) == "1 sum"
    cell(page, 1, 1).click()
    page.keyboard.press("s")
    assert changes(page) == [{"row 0 1": "skipped"}, {"row 0 1": "data"}]
    assert banner(page) == "1 cell, 2 sums"


def test_arrows_move_and_typing_replaces_a_number(page):
    shown(page)
    cell(page, 0, 0).click()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert selected(page) == "0 1 1"
    page.keyboard.press("6")
    page.keyboard.type("0")
    page.keyboard.press("Enter")
    assert cell(page, 1, 1).inner_text() == "60"
    assert page.evaluate("document.querySelector('#host').shadowRoot.activeElement.tagName") == "TD"


def test_escape_reverts_typed_text(page):
    shown(page)
    cell(page, 0, 0).click()
    page.keyboard.press("F2")
    page.keyboard.type("99")
    page.keyboard.press("Escape")
    assert states(page) == {}
    assert page.locator(".entry input").input_value() == "7"


def test_selecting_cells_is_no_answer(page):
    shown(page)
    cell(page, 0, 0).click()
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "n", "Enter", "Shift+Enter", "n"):
        if key != "Enter":
            page.keyboard.press(key)
    cell(page, 0, 0).click()
    page.keyboard.press("Enter")  # nothing speaks against this cell
    assert "said" not in states(page)


def test_a_sum_is_fixed_or_kept(page):
    shown(page)
    cell(page, 2, 2).click()
    assert page.locator(".why").inner_text() == "Written 33, adds up to 13"
    page.get_by_role("button", name="Keep 33").click()
    assert changes(page) == [{"cell 0 2 2": {"text": "33", "kept": True, "is_reading": True}}]
    shown(page)
    cell(page, 2, 2).click()
    page.keyboard.press("1")
    assert changes(page) == [{"cell 0 2 2": {"text": "13", "kept": False, "is_reading": False}}]


def test_python_answers_and_what_was_not_answered_stays(page):
    shown(page)
    cell(page, 1, 0).click()
    page.keyboard.press("Enter")
    cell(page, 0, 0).click()
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    answered = apply(three_rows(), changes(page)[0])
    update(page, data_of(answered, seen=1, undo="Row 2, Task 1: 7.5"))
    assert cell(page, 0, 0).inner_text() == "5"
    assert "confirmed" in cell(page, 1, 0).get_attribute("class")
    page.keyboard.press("Control+z")
    assert [change["n"] for change in states(page)["said"]["changes"]] == [2, 3]
    assert states(page)["said"]["changes"][-1]["undo"] is True


def test_another_sheet_forgets_what_was_said_of_the_last_one(page):
    shown(page)
    cell(page, 1, 0).click()
    page.keyboard.press("Enter")
    update(page, data_of(three_rows(), epoch="2"))
    assert banner(page) == "1 cell, 2 sums"
    assert "confirmed" not in (cell(page, 1, 0).get_attribute("class") or "")


def test_a_column_is_set_in_its_chip(page):
    shown(page)
    page.get_by_role("button", name="Task 1").click()
    page.get_by_role("textbox", name="Name").fill("Essay")
    page.get_by_role("textbox", name="out of").fill("20")
    page.get_by_label("Holds").select_option("decimal")
    page.get_by_role("button", name="Done").click()
    assert changes(page) == [{"column 0": {"name": "Essay", "kind": "decimal", "maximum": "20"}}]
    assert page.get_by_role("button", name="Essay out of 20").is_visible()
    page.get_by_role("button", name="Essay out of 20").click()
    page.get_by_role("button", name="Done").click()
    assert len(changes(page)) == 1  # nothing was changed


def test_a_row_is_made_a_heading_in_its_menu_and_shown_again(page):
    shown(page)
    page.get_by_role("button", name="Row 1").click()
    page.get_by_role("button", name="Heading", exact=True).click()
    assert changes(page) == [{"row 0 0": "heading"}]
    assert not cell(page, 0, 0).is_visible()
    page.get_by_role("button", name="Show headings").click()
    assert cell(page, 0, 0).is_visible()
    assert page.get_by_role("img", name="Picture of Row 1, Task 1").is_visible()


def test_cells_with_the_same_doubt_are_confirmed_with_one_button(page):
    shown(page, sheet_of([dash(), "7"], [dash(), "8"]))
    page.get_by_role("button", name="Confirm all 2 dashes as absent").click()
    assert states(page)["said"]["changes"][0]["confirm"] == "dash"


def test_a_file_that_failed_is_a_row_with_its_reason_and_can_be_removed(page):
    sheet = three_rows()
    failed = Row(1, 0, (None,) * 3, "letter.png", "it is not an image", "failed")
    shown(page, replace(sheet, rows=(*sheet.rows, failed)))
    assert banner(page) == "1 cell, 2 sums, 1 file failed"
    row = page.locator("tr.failed")
    assert "letter.png: it is not an image" in row.inner_text()
    row.get_by_role("button", name="Remove").click()
    assert changes(page) == [{"file 1": "removed"}]


def test_selection_is_shared_with_the_photograph(page):
    shown(page)
    page.evaluate("document.addEventListener('digits-select', (e) => (window.told = e.detail.id))")
    cell(page, 2, 1).click()
    assert page.evaluate("window.told") == "0 2 1"
    page.evaluate(
        "(group) => document.dispatchEvent(new CustomEvent('digits-select',"
        " { detail: { group, id: '0 0 1', from: null } }))",
        GROUP,
    )
    assert selected(page) == "0 0 1"
    page.evaluate(
        "document.dispatchEvent(new CustomEvent('digits-select',"
        " { detail: { group: 'another', id: '0 1 1', from: null } }))"
    )
    assert selected(page) == "0 0 1"


def test_a_cell_of_another_photograph_asks_for_it(page):
    sheet = three_rows()
    rows = (*sheet.rows[:2], replace(sheet.rows[2], scan=1))
    shown(page, replace(sheet, rows=rows))
    cell(page, 0, 0).click()
    assert "scan" not in states(page)
    page.locator("td[data-id='1 2 0']").click()
    assert states(page)["scan"] == {"epoch": "1", "scan": 1, "id": "1 2 0"}


def test_a_class_list_names_the_rows_as_soon_as_it_is_there(page):
    shown(page)
    assert page.get_by_role("button", name="Row 1").is_visible()
    update(page, data_of(replace(three_rows(), names=("Anna", "Bo", "Chidi"))))
    assert page.get_by_role("button", name="Anna").is_visible()
    assert page.locator("td[data-id='0 0 0']").get_attribute("aria-label") == "Anna, Task 1, 7"


def test_rows_are_32_px_high_and_all_columns_fit(page):
    shown(page)
    heights = {round(td.bounding_box()["height"]) for td in page.locator("tbody td").all()}
    assert heights == {32}


def test_from_enter_to_the_next_cell_nothing_waits_for_python(page):
    """The next cell is selected within the same task as the key."""
    shown(page)
    cell(page, 1, 0).click()
    moved = page.evaluate("""() => {
        const root = document.querySelector("#host").shadowRoot;
        const td = root.querySelector("td.selected");
        td.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
        return root.querySelector("td.selected").dataset.id;
    }""")
    assert moved == "0 1 2"


def test_on_a_phone_one_open_cell_is_a_card(browser):
    context = browser.new_context(viewport=PHONE, has_touch=True)
    page = shown(context.new_page())
    assert not page.locator("table").is_visible()
    assert page.locator(".title").inner_text() == "Row 2, Task 1"
    assert page.locator(".place").inner_text() == "1 of 3"
    for button in page.locator(".strip button:visible").all():
        assert button.bounding_box()["height"] >= 44
    page.locator(".candidates button").first.tap()
    assert page.locator(".title").inner_text() == "Row 2, Total"
    page.get_by_role("button", name="Table").tap()
    assert page.locator("table").is_visible()
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"]
    context.close()
