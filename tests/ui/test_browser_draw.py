"""Draw as people use it in Chromium: with mouse, finger and keyboard."""

import pytest
from app_server import PHONE
from axe import serious_faults
from journeys import (
    ONE,
    SEVEN,
    WAIT,
    arrive,
    draw,
    draw_by_finger,
    stored,
    until_answer,
    until_read,
    until_still,
)
from PIL import Image


def moved(stroke, by):
    return [(x + by, y) for x, y in stroke]


def test_a_number_is_read_while_it_is_drawn_and_survives_a_change_of_page(page, server):
    arrive(page, f"{server[0]}/draw")
    sheet = page.locator("canvas").first
    draw(page, ONE, lift=False)
    before = sheet.bounding_box()
    until_answer(page, "1")
    page.mouse.up()
    until_read(page)
    page.get_by_role("button", name="Clear").click()
    page.get_by_text("Draw a number").wait_for(timeout=WAIT)
    page.locator("[data-testid=answer]:not(:has(*))").wait_for(timeout=WAIT, state="attached")

    draw(page, SEVEN)
    until_answer(page, "7")
    until_still(page)
    assert sheet.bounding_box() == before, "the answer above has moved the sheet"
    draw(page, moved(ONE, 0.7))
    until_answer(page, "71")
    page.get_by_role("link", name="Read", exact=True).click()
    page.get_by_role("button", name="a year", exact=True).wait_for(timeout=WAIT)
    page.get_by_role("link", name="Draw", exact=True).click()
    until_answer(page, "71")
    page.get_by_role("button", name="Undo").click()
    until_answer(page, "7")
    sheet.focus()
    page.keyboard.press("Control+z")
    page.get_by_text("Draw a number").wait_for(timeout=WAIT)


def test_a_drawing_with_another_pen_is_saved_as_an_image(visitor, server, tmp_path):
    page = visitor(color_scheme="dark")
    arrive(page, f"{server[0]}/draw")
    assert page.get_by_role("button", name="Save as image").is_disabled()
    thick = page.get_by_role("radio", name="Thick pen")
    thick.click()
    assert thick.get_attribute("aria-checked") == "true"
    draw(page, SEVEN)
    until_answer(page, "7")
    with page.expect_download(timeout=WAIT) as taken:
        page.get_by_role("button", name="Save as image").click()
    file = tmp_path / "drawing.png"
    taken.value.save_as(file)
    assert Image.open(file).convert("L").getextrema() == (22, 255)
    until_still(page)
    faults = serious_faults(page, "drawn")
    assert not faults, "\n".join(faults)


@pytest.mark.usefixtures("nothing_stored")
def test_a_finger_draws_and_a_candidate_is_one_tap_and_the_only_way_to_correct(
    visitor, server, kept
):
    page = visitor(PHONE, has_touch=True, is_mobile=True)
    arrive(page, f"{server[0]}/draw")
    draw_by_finger(page, SEVEN)
    until_answer(page, "7")
    main = "document.querySelector('[data-testid=stMain]')"
    assert page.evaluate(f"Math.max(window.scrollY, {main}.scrollTop)") == 0
    assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"]
    bar = page.locator(".st-key-pages").bounding_box()
    sheet = page.locator("canvas").first.bounding_box()
    assert sheet["y"] + sheet["height"] < bar["y"], "the sheet is whole above the bar"

    assert page.locator("input:visible").count() == 0
    other = page.get_by_role("group", name="Other readings").get_by_role("button").first
    text = other.inner_text()
    other.tap()
    page.get_by_text(f"Saved: {text}, not 7").wait_for(timeout=WAIT)
    until_answer(page, text)
    assert [each[:3] for each in stored(kept)] == [("7", text, "draw")] * 2
    assert {each[-1] for each in stored(kept)} == {"chosen"}
