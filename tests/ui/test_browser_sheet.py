"""The journeys of a teacher in a real Chromium: add, check, fix, resume, download."""

import csv
import io

import pytest
from app_server import PHONE, ROOT
from axe import serious_faults
from journeys import until_idle, until_still, upload

openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed")

SHEET = ROOT / "digits" / "ui" / "examples" / "a mark sheet.jpg"
WAIT = 180_000  # ms, generous: machines are shared


@pytest.fixture(scope="module")
def saved(server, browser):
    """The address of a saved sheet that was read once; what a test says of it, it takes back."""
    page = browser.new_page()
    page.set_default_timeout(WAIT)
    add(page, server)
    page.wait_for_url("**/sheet?sheet=*", timeout=WAIT)
    address = page.url
    page.close()
    return address


@pytest.fixture
def page(visitor):
    page = visitor()
    page.set_default_timeout(WAIT)
    return page


def add(page, server, file=SHEET):
    page.goto(f"{server[0]}/sheet")
    upload(page, file)
    banner(page).wait_for(timeout=WAIT)


def go_on(page, address):
    page.goto(address)
    banner(page).wait_for(timeout=WAIT)
    return page


def banner(page):
    return page.locator(".sheet [role=status]")


def says(page, words):
    page.locator(".sheet [role=status]", has_text=words).wait_for(timeout=WAIT)


def cell(page, row, column):
    return page.locator(f"td[data-id='0 {row} {column}']")


def selected(page):
    return page.locator("td.selected").get_attribute("data-id")


def answered(page):
    """Wait until Python has answered: only then there is nothing that it may still doubt."""
    page.locator(".sheet[data-waiting=false]").wait_for(timeout=WAIT)
    until_idle(page)


def undo_all(page):
    undo = page.get_by_role("button", name="Undo")
    for _ in range(60):
        answered(page)
        # In one step: the button may be disabled between a look and a click.
        if not undo.evaluate("button => !button.disabled && (button.click(), true)"):
            return
    pytest.fail("undo has no end")


def download(page, name):
    page.locator(".st-key-sheet-download button").first.click()
    with page.expect_download(timeout=WAIT) as waiting:
        page.get_by_role("button", name=name).click()
    page.keyboard.press("Escape")
    return waiting.value


def start_anew(page, answer):
    page.locator(".st-key-sheet-new button").click()
    dialog = page.get_by_test_id("stDialog")
    dialog.get_by_role("button", name=answer).click()
    dialog.wait_for(state="detached")


def csv_rows(page):
    content = download(page, "CSV").path().read_bytes()
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_a_sheet_is_checked_with_the_keyboard_alone_and_downloaded(page, saved):
    go_on(page, saved)
    says(page, "1 sum")
    until_still(page)
    assert serious_faults(page, "Sheets") == []
    cell(page, 2, 1).click()
    assert cell(page, 2, 1).inner_text() == "7.5"
    # Enter says "right" until nothing is left; a sum is fixed with the first key.
    for _ in range(40):
        answered(page)
        if banner(page).inner_text() == "Nothing left to check":
            break
        page.keyboard.press("n")
        why = page.locator(".strip .why").inner_text()
        page.keyboard.press("1" if "adds up to" in why else "Enter")
    assert banner(page).inner_text() == "Nothing left to check"
    file = download(page, "CSV")
    assert file.suggested_filename == "a mark sheet.csv"
    rows = csv_rows(page)
    assert rows[0][0] == "From"
    assert {row[-1] for row in rows[1:]} == {""}
    assert {row[-2] for row in rows[1:]} == {"agrees"}
    by_pupil = {row[1]: row for row in rows[1:]}
    assert by_pupil["01416"][5] == "23"
    assert by_pupil["01397"][2] == "7.5"
    book = openpyxl.load_workbook(io.BytesIO(download(page, "Excel").path().read_bytes()))
    marks = {row[1].value: row for row in book["Sheet"].iter_rows(min_row=2)}
    assert marks["01397"][2].value == 7.5
    assert marks["01416"][5].value == 23
    assert len(book["Pictures"]._images) >= 30
    undo_all(page)
    says(page, "1 sum")


def test_cells_with_the_same_doubt_are_confirmed_together_and_stay_so_after_a_reload(page, saved):
    go_on(page, saved)
    answered(page)
    before = banner(page).inner_text()
    page.get_by_role("button", name="decimals").click()
    page.get_by_role("button", name="decimals").wait_for(state="detached", timeout=WAIT)
    answered(page)
    after = banner(page).inner_text()
    assert after != before
    page.reload()
    says(page, after)
    page.get_by_role("link", name="Draw").click()
    page.locator("canvas").first.wait_for(timeout=WAIT)
    page.get_by_role("link", name="Sheets").click()
    says(page, after)
    undo_all(page)
    says(page, before)


def test_the_photograph_and_the_table_follow_each_other(page, saved):
    go_on(page, saved)
    page.locator(".viewer .box[data-id='0 4 4']").click()
    assert selected(page) == "0 4 4"
    assert page.locator(".strip .title").inner_text().endswith("Total")
    cell(page, 1, 0).click()
    page.locator(".viewer .box.selected[data-id='0 1 0']").wait_for(timeout=WAIT)
    assert not page.get_by_role("dialog").is_visible()


def test_a_column_a_row_and_a_class_list_are_set_and_undone(page, saved):
    go_on(page, saved)
    page.get_by_role("button", name="Task 1 out of").click()
    page.get_by_role("textbox", name="Name").fill("Algebra")
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Algebra out of").wait_for(timeout=WAIT)
    answered(page)
    page.locator(".st-key-sheet-add button").first.click()
    page.get_by_label("Class list, a name a line").fill("Anna\nBo\nChidi")
    page.keyboard.press("Control+Enter")
    says(page, "4 rows left over")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Chidi", exact=True).wait_for()
    assert csv_rows(page)[0][:4] == ["Name", "From", "Number", "Algebra"]
    undo_all(page)
    page.get_by_role("button", name="Task 1 out of").wait_for(timeout=WAIT)


def test_new_sheet_asks_and_saved_ones_are_listed_resumed_and_deleted(page, server):
    add(page, server, ROOT / "digits" / "ui" / "examples" / "a year.jpg")
    cell(page, 0, 0).click()
    page.keyboard.press("F2")
    page.keyboard.type("1234")
    page.keyboard.press("Enter")
    answered(page)
    start_anew(page, "Cancel")
    assert cell(page, 0, 0).inner_text() == "1234"
    start_anew(page, "New sheet")
    page.get_by_role("button", name="Try the example").wait_for(timeout=WAIT)
    assert "?sheet=" not in page.url
    page.get_by_role("button", name="a year").click()
    banner(page).wait_for(timeout=WAIT)
    assert cell(page, 0, 0).inner_text() == "1234"
    start_anew(page, "New sheet")
    row = page.locator("[class*='st-key-saved-']").filter(has_text="a year")
    row.get_by_role("button", name="Delete").click()
    page.get_by_test_id("stDialog").get_by_role("button", name="Delete").click()
    row.wait_for(state="detached", timeout=WAIT)
    page.reload()
    page.get_by_role("button", name="Try the example").wait_for(timeout=WAIT)
    assert row.count() == 0


def test_on_a_phone_one_open_cell_is_a_card(visitor, saved):
    page = go_on(visitor(PHONE, has_touch=True, color_scheme="dark"), saved)
    until_still(page)
    assert serious_faults(page, "Sheets") == []
    assert not page.locator(".sheet table").is_visible()
    title = page.locator(".strip .title").inner_text()
    page.locator(".strip .candidates button").first.tap()
    page.wait_for_function(
        "before => [...document.querySelectorAll('*')].some("
        "(e) => e.shadowRoot?.querySelector('.title')?.textContent !== before &&"
        " e.shadowRoot?.querySelector('.title'))",
        arg=title,
    )
    crop = page.locator(".strip .crop").bounding_box()
    photograph = page.locator(".viewer").bounding_box()
    assert crop["y"] < photograph["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    undo_all(page)


def test_many_pictures_show_progress_and_can_be_stopped(page, server):
    content = (ROOT / "digits" / "ui" / "examples" / "a year.jpg").read_bytes()
    files = [{"name": f"{i}.jpg", "mimeType": "image/jpeg", "buffer": content} for i in range(60)]
    page.goto(f"{server[0]}/sheet")
    upload(page, *files)
    page.get_by_text(" left", exact=False).first.wait_for(timeout=WAIT)
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Continue reading").wait_for(timeout=WAIT)
    banner(page).wait_for(timeout=WAIT)
    assert 0 < page.locator("tbody tr").count() < 60
