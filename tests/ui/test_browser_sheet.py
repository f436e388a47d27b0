"""The journey of a teacher in a real Chromium: sheet, totals, edits, files."""

import csv
import io

import pytest
from app_server import PHONE, ROOT

openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed")

SHEET = ROOT / "digits" / "ui" / "examples" / "a mark sheet.jpg"
WAIT = 180_000  # ms, generous: machines are shared


def open_sheet(page, server, file=SHEET):
    page.goto(f"{server[0]}/sheet")
    page.locator("input[type=file]").first.set_input_files(file)
    page.get_by_role("button", name="Next cell to check").wait_for(timeout=WAIT)


def field(page, row, column):
    return page.locator(f"[id='field-{row},{column}']")


def download(page, name):
    with page.expect_download(timeout=WAIT) as waiting:
        page.get_by_role("button", name=name).click()
    return waiting.value.path().read_bytes()


def csv_rows(page):
    return list(csv.reader(io.StringIO(download(page, "Download CSV").decode("utf-8-sig"))))


def test_from_a_photographed_sheet_to_checked_totals_edits_and_files(page, server):
    open_sheet(page, server)
    status = page.get_by_role("status").filter(has_text="to check")
    status.wait_for(timeout=WAIT)
    before = int(status.inner_text().split()[0])
    # The row whose total was added up wrongly stands among the first, those that agree behind.
    heads = page.locator("tbody tr")
    assert "written 33" in " ".join(heads.nth(i).inner_text() for i in range(3))
    assert heads.nth(5).get_attribute("class") == "agrees"
    point = field(page, 2, 1)
    assert point.input_value() == "7.5"
    page.locator("td", has=point).get_by_text("a dot inside").wait_for(timeout=WAIT)
    # Enter confirms it and goes to the next cell to check.
    point.click()
    page.keyboard.press("Enter")
    page.locator("td.confirmed", has=point).wait_for(timeout=WAIT)
    focused = page.evaluate(
        "[...document.querySelectorAll('*')].map(e => e.shadowRoot?.activeElement?.id)"
        ".find(Boolean)"
    )
    assert focused
    assert focused != "field-2,1"
    assert page.locator("td.doubtful", has=page.locator(f"[id='{focused}']")).count() == 1
    # The wrong total is put right: its row agrees, and the correction is in the file.
    field(page, 4, 4).fill("23")
    page.keyboard.press("Enter")
    page.locator("tr.agrees", has=field(page, 4, 4)).wait_for(timeout=WAIT)
    page.locator("input[name=name]").nth(1).fill("Algebra")
    page.keyboard.press("Tab")
    page.get_by_label("Row 3, Algebra", exact=True).wait_for(timeout=WAIT)
    assert int(status.inner_text().split()[0]) < before
    rows = csv_rows(page)
    assert rows[0][1:3] == ["Column 1", "Algebra"]
    by_pupil = {row[1]: row for row in rows[1:]}
    assert by_pupil["01416"][5:7] == ["23", "agrees"]
    assert by_pupil["01397"][2] == "7.5"
    book = openpyxl.load_workbook(io.BytesIO(download(page, "Download XLSX")))
    marks = {row[1].value: row for row in book["Sheet"].iter_rows(min_row=2)}
    assert marks["01397"][2].value == 7.5
    assert marks["01416"][5].value == 23
    assert len(book["Pictures"]._images) >= 30


def test_the_sheet_survives_a_change_of_page_and_no_other_visitor_sees_it(visitor, server):
    page = visitor()
    open_sheet(page, server)
    field(page, 4, 4).fill("23")
    page.keyboard.press("Enter")
    page.locator("td.confirmed", has=field(page, 4, 4)).wait_for(timeout=WAIT)
    page.locator("tr.agrees", has=field(page, 4, 4)).wait_for(timeout=WAIT)
    page.get_by_role("link", name="Draw").click()
    page.locator("canvas").first.wait_for(timeout=WAIT)
    page.get_by_role("link", name="Sheets").click()
    field(page, 4, 4).wait_for(timeout=WAIT)
    assert field(page, 4, 4).input_value() == "23"
    page.locator("td.confirmed", has=field(page, 4, 4)).wait_for(timeout=WAIT)
    other = visitor()
    other.goto(f"{server[0]}/sheet")
    other.get_by_text("Photograph a mark sheet").wait_for(timeout=WAIT)
    assert other.locator("td").count() == 0


def test_on_a_phone_a_tap_takes_an_offer_and_a_row_is_left_out(visitor, server):
    page = visitor(PHONE, has_touch=True)
    open_sheet(page, server)
    page.get_by_role("button", name="Next cell to check").tap()
    place = page.locator("td.doubtful.open:has([data-offer])").first.get_attribute("id")
    offer = page.locator(f"td[id='{place}'] [data-offer]").first
    text = offer.get_attribute("data-offer")
    offer.tap()
    row, column = place.split(",")
    assert field(page, row, column).input_value() == text
    page.locator(f"td.confirmed[id='{place}']").wait_for(timeout=WAIT)
    page.locator("[data-leave='7']").tap()
    page.locator("[data-leave='7']", has_text="Take in").wait_for(timeout=WAIT)
    assert "01445" not in {row[1] for row in csv_rows(page)[1:]}
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"]


def test_escape_brings_the_reading_back(page, server):
    open_sheet(page, server)
    field(page, 5, 1).fill("99")
    page.keyboard.press("Enter")
    page.locator("td.confirmed", has=field(page, 5, 1)).wait_for(timeout=WAIT)
    field(page, 5, 1).press("Escape")
    page.locator("td.open", has=field(page, 5, 1)).wait_for(timeout=WAIT)
    assert field(page, 5, 1).input_value() == "6"


def test_many_pictures_show_progress_and_can_be_stopped(page, server):
    content = (ROOT / "digits" / "ui" / "examples" / "a year.jpg").read_bytes()
    files = [{"name": f"{i}.jpg", "mimeType": "image/jpeg", "buffer": content} for i in range(150)]
    page.goto(f"{server[0]}/sheet")
    page.locator("input[type=file]").first.set_input_files(files)
    page.get_by_text(" left", exact=False).first.wait_for(timeout=WAIT)
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Go on reading").wait_for(timeout=WAIT)
    page.get_by_role("button", name="Next cell to check").wait_for(timeout=WAIT)
    assert 0 < page.locator("tbody tr").count() < 150


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_a_sheet(scheme, visitor, server):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
    )
    page = visitor(color_scheme=scheme)
    open_sheet(page, server)
    found = axe.Axe().run(page).response["violations"]
    assert not [
        (fault["id"], [node["target"] for node in fault["nodes"]])
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]
