"""Read as people use it in Chromium: at a desk, on a phone, two at once."""

import base64

import pytest
from app_server import DESKTOP, PHONE
from axe import serious_faults
from journeys import (
    EXAMPLES,
    WAIT,
    arrive,
    correct,
    scan_of,
    stored,
    to_be_corrected,
    until_answer,
    until_idle,
    until_still,
    upload,
)

YEAR, THREE, EIGHT = (
    EXAMPLES / f"{n}.jpg" for n in ("a year", "three in shadow", "eight on a board")
)
PASTE = """async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const clipboard = new DataTransfer();
    clipboard.items.add(new File([bytes], "pasted.jpg", { type: "image/jpeg" }));
    document.body.dispatchEvent(
        new ClipboardEvent("paste", { clipboardData: clipboard, bubbles: true }));
}"""
DROP = """(base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], "dropped.jpg", { type: "image/jpeg" }));
    const drop = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
    document.querySelector(".stApp").dispatchEvent(drop);
}"""
NO_PICTURE = {"name": "letter.png", "mimeType": "image/png", "buffer": b"Dear Sir"}
LETTER = {"name": "letter.txt", "mimeType": "text/plain", "buffer": b"Dear Sir"}


def encoded(path):
    return base64.b64encode(path.read_bytes()).decode()


def test_a_picture_is_read_with_a_box_on_its_number_and_stays_open(page, server):
    arrive(page, server[0])
    upload(page, YEAR)
    until_answer(page, "2026")
    box = page.get_by_test_id("viewer").locator(".box")
    assert box.get_attribute("aria-label") == "2026"
    assert page.get_by_text("Nothing to check").is_visible()
    page.get_by_role("button", name="Fix").click()
    assert page.get_by_role("dialog").get_by_label("Number").input_value() == "2026"
    assert page.get_by_role("dialog").locator(".readings button").count() == 3
    page.get_by_role("link", name="Draw", exact=True).click()
    page.locator("canvas").first.wait_for(timeout=WAIT)
    page.get_by_role("link", name="Read", exact=True).click()
    until_answer(page, "2026")
    assert box.count() == 1


def test_what_cannot_be_read_is_explained_and_the_next_file_is_read(page, server):
    arrive(page, server[0])
    upload(page, LETTER)
    page.get_by_text("letter.txt is not a picture").wait_for(timeout=WAIT)
    upload(page, NO_PICTURE)
    page.get_by_text("not an image we can open").wait_for(timeout=WAIT)
    upload(page, EXAMPLES / "blank paper.jpg")
    page.get_by_text("No ink found").wait_for(timeout=WAIT)
    assert page.get_by_test_id("answer").inner_text().strip() == ""
    upload(page, YEAR)
    until_answer(page, "2026")


def test_files_chosen_while_others_travel_are_not_lost(page, server):
    arrive(page, server[0])
    upload(page, THREE)
    upload(page, EIGHT)
    upload(page, YEAR)
    for name, text in (("three in shadow", "3"), ("eight on a board", "8"), ("a year", "2026")):
        page.get_by_role("button", name=f"{name}.jpg").click(timeout=WAIT)
        until_answer(page, text)


def test_pictures_are_dropped_pasted_and_photographed_and_the_newest_is_in_sight(page, server):
    arrive(page, server[0])
    page.evaluate(DROP, encoded(THREE))
    until_answer(page, "3")
    until_idle(page)
    page.evaluate(PASTE, encoded(EIGHT))
    until_answer(page, "8")
    page.get_by_role("button", name="dropped.jpg").click(timeout=WAIT)
    until_answer(page, "3")
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("button", name="a year", exact=True).wait_for(timeout=WAIT)
    page.get_by_role("button", name="Take photo").click()
    camera = page.get_by_role("dialog", name="Camera")
    camera.get_by_role("button", name="Take photo").click(timeout=WAIT)
    page.get_by_test_id("viewer").get_by_alt_text("photo.jpg").wait_for(timeout=WAIT)
    assert not camera.is_visible()


def test_each_page_of_a_pdf_is_on_the_film_strip_and_read(page, server):
    arrive(page, server[0])
    upload(page, {"name": "scan.pdf", "mimeType": "application/pdf", "buffer": scan_of(3, 8)})
    until_answer(page, "3")
    page.get_by_role("button", name="✓ scan.pdf, page 2").click(timeout=WAIT)
    until_answer(page, "8")


@pytest.mark.usefixtures("nothing_stored")
def test_a_number_is_confirmed_or_corrected_and_saved_once_with_its_act(page, server, kept):
    arrive(page, server[0])
    page.get_by_role("button", name="a year", exact=True).click(timeout=WAIT)
    until_answer(page, "2026")
    page.get_by_role("button", name="Looks right").click()
    page.get_by_role("button", name="Saved as right").wait_for(timeout=WAIT)
    until_idle(page)
    assert {each[-1] for each in stored(kept)} == {"confirmed"}
    assert stored(kept)[0][:2] == ("2026", "2026")
    field = to_be_corrected(page)
    field.fill("20b6")
    field.press("Enter")
    page.get_by_text("Use digits and").wait_for(timeout=WAIT)
    field.fill("2028")
    field.press("Enter")
    page.get_by_text("Saved: 2028, not 2026").wait_for(timeout=WAIT)
    same = [("2", "2", 0), ("0", "0", 1), ("2", "2", 2)]  # these stay confirmed
    assert stored(kept) == [
        ("2026", "2028", "read", None, "typed"),
        *((read, truth, "read", place, "confirmed") for read, truth, place in same),
        ("6", "8", "read", 3, "typed"),
    ]
    until_answer(page, "2028")
    until_idle(page)
    correct(page, "2026")
    page.get_by_text("2026 saved as right").wait_for(timeout=WAIT)
    assert stored(kept)[0] == ("2026", "2026", "read", None, "typed")
    assert len(stored(kept)) == 5


def test_a_table_is_shown_as_one_and_opens_as_a_sheet(page, server):
    arrive(page, server[0])
    page.get_by_role("button", name="a mark sheet", exact=True).click(timeout=WAIT)
    page.get_by_test_id("answer").get_by_text("01384", exact=True).wait_for(timeout=WAIT)
    assert page.get_by_test_id("answer").locator("tr").count() >= 7
    page.get_by_role("button", name="Next to check").click()
    page.get_by_role("dialog").get_by_label("Number").wait_for(timeout=WAIT)
    page.keyboard.press("Escape")
    until_idle(page)
    page.get_by_role("button", name="Open as sheet").click()
    page.get_by_role("heading", level=1, name="Sheets").wait_for(timeout=WAIT)
    page.get_by_text("01384").first.wait_for(timeout=WAIT, state="attached")


def test_a_part_of_the_picture_is_read_by_itself_and_copied(visitor, server):
    page = visitor(permissions=["clipboard-read", "clipboard-write"])
    arrive(page, server[0])
    page.get_by_role("button", name="a year", exact=True).click(timeout=WAIT)
    until_answer(page, "2026")
    until_still(page)
    image = page.get_by_test_id("viewer").locator("img").bounding_box()
    page.get_by_role("button", name="Read only here").click()
    page.mouse.move(image["x"] + 4, image["y"] + 4)
    page.mouse.down()
    half = image["x"] + 0.48 * image["width"]
    page.mouse.move(half, image["y"] + image["height"] - 4, steps=6)
    page.mouse.up()
    until_answer(page, "20")
    page.get_by_role("button", name="Copy", exact=True).click(timeout=WAIT)
    page.get_by_role("button", name="Copied").wait_for(timeout=WAIT)
    assert page.evaluate("navigator.clipboard.readText()") == "20"
    page.get_by_role("button", name="Use whole picture").click()
    until_answer(page, "2026")


def test_why_shows_probabilities_steps_and_code(page, server, tmp_path):
    arrive(page, f"{server[0]}/?network=dense")
    page.get_by_role("button", name="a year", exact=True).click(timeout=WAIT)
    until_answer(page, "2026")
    page.get_by_text("Why?").click()
    seen = page.get_by_alt_text("The 28 by 28 picture")
    first = seen.get_attribute("src", timeout=WAIT)
    page.get_by_role("radio", name="6").click()
    page.wait_for_function(
        "(first) => document.querySelector('img[alt^=\"The 28\"]')?.src !== first",
        arg=first,
        timeout=WAIT,
    )
    page.get_by_alt_text("Where the network looked").wait_for(timeout=WAIT)
    page.get_by_role("tab", name="Steps").click()
    for name in ("Upright", "Ink", "Boxes", "Frames"):
        page.get_by_alt_text(f"{name}. ").wait_for(timeout=WAIT)
    page.get_by_role("tab", name="Code and report").click()
    page.get_by_text('model="dense"').wait_for(timeout=WAIT)
    with page.expect_download(timeout=WAIT) as taken:
        page.get_by_role("button", name="One-page report").click(timeout=WAIT)
    file = tmp_path / "report.html"
    taken.value.save_as(file)
    assert "Reading of a year.jpg" in file.read_text(encoding="utf-8")


def test_two_people_do_not_see_each_others_pictures(visitor, server):
    one, other = visitor(), visitor()
    arrive(one, server[0])
    arrive(other, server[0])
    upload(one, THREE)
    until_answer(one, "3")
    assert other.get_by_test_id("answer").count() == 0
    upload(other, YEAR)
    until_answer(other, "2026")
    until_answer(one, "3")
    other.reload()
    other.get_by_role("button", name="a year", exact=True).wait_for(timeout=WAIT)
    assert other.get_by_test_id("answer").count() == 0


def test_on_a_phone_picture_and_answer_are_seen_at_once_and_corrected_by_touch(visitor, server):
    page = visitor(PHONE, has_touch=True, is_mobile=True)
    arrive(page, server[0])
    page.get_by_role("button", name="a year", exact=True).tap(timeout=WAIT)
    until_answer(page, "2026")
    until_still(page)
    for element in (page.get_by_test_id("viewer").locator("img"), page.get_by_test_id("answer")):
        box = element.bounding_box()
        assert box["y"] + box["height"] < PHONE["height"] - 60
    assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"]
    page.get_by_test_id("viewer").locator(".box").tap()
    until_still(page)
    sheet = page.get_by_role("dialog")
    small = [
        button.inner_text()
        for button in sheet.get_by_role("button").all()
        if min(button.bounding_box()["height"], button.bounding_box()["width"]) < 44
    ]
    assert not small
    sheet.locator(".readings button").nth(1).tap()
    sheet.wait_for(state="hidden", timeout=WAIT)


@pytest.mark.parametrize(
    ("viewport", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desk", "phone"]
)
def test_no_state_has_a_serious_accessibility_fault(visitor, server, viewport, scheme):
    page = visitor(viewport, color_scheme=scheme)
    arrive(page, server[0])
    upload(page, YEAR, THREE)
    until_answer(page, "2026")
    upload(page, NO_PICTURE)
    page.get_by_text("not an image we can open").wait_for(timeout=WAIT)
    until_idle(page)
    page.get_by_role("button", name="a year.jpg").click()
    until_answer(page, "2026")
    page.get_by_text("Why?").click()
    page.get_by_alt_text("Where the network looked").wait_for(timeout=WAIT)
    until_still(page)
    faults = serious_faults(page, "answer")
    to_be_corrected(page)
    until_still(page)
    faults += serious_faults(page, "popover")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="letter.png").click()
    page.get_by_text("not an image we can open").wait_for(timeout=WAIT)
    until_still(page)
    faults += serious_faults(page, "error")
    assert not faults, "\n".join(faults)
