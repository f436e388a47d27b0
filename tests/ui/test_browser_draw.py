"""Draw as people use it in Chromium: with mouse, finger and keyboard."""

from pathlib import Path

import pytest
from app_server import PHONE
from axe import serious_faults
from journeys import (
    ONE,
    SEVEN,
    STILL,
    WAIT,
    arrive,
    draw,
    draw_by_finger,
    stored,
    until_answer,
    until_idle,
)
from PIL import Image


def moved(stroke, by):
    return [(x + by, y) for x, y in stroke]


def test_a_drawing_is_read_while_it_is_drawn_and_cleared(page, server):
    arrive(page, f"{server[0]}/draw")
    draw(page, ONE, lift=False)
    until_answer(page, "1")
    page.mouse.up()
    page.get_by_role("button", name="Clear").click()
    page.get_by_text("Draw a number").wait_for(timeout=WAIT)
    page.locator("[data-testid=answer]:not(:has(*))").wait_for(timeout=WAIT, state="attached")


def test_one_sheet_takes_a_digit_and_a_number(page, server):
    arrive(page, f"{server[0]}/draw")
    draw(page, SEVEN)
    until_answer(page, "7")
    draw(page, moved(ONE, 0.7))
    until_answer(page, "71")
    page.get_by_role("button", name="Undo").click()
    until_answer(page, "7")
    page.locator("canvas").first.focus()
    page.keyboard.press("Control+z")
    page.get_by_text("Draw a number").wait_for(timeout=WAIT)


def test_what_stands_below_the_answer_does_not_move_while_one_draws(page, server):
    arrive(page, f"{server[0]}/draw")
    page.wait_for_timeout(STILL)
    before = page.locator("canvas").first.bounding_box()
    draw(page, SEVEN)
    until_answer(page, "7")
    page.wait_for_timeout(STILL)
    assert page.locator("canvas").first.bounding_box() == before


def test_a_drawing_survives_a_change_of_page(page, server):
    arrive(page, f"{server[0]}/draw")
    draw(page, SEVEN)
    draw(page, moved(ONE, 0.7))
    until_answer(page, "71")
    page.get_by_role("link", name="Read", exact=True).click()
    page.get_by_role("button", name="a year", exact=True).wait_for(timeout=WAIT)
    page.get_by_role("link", name="Draw", exact=True).click()
    until_answer(page, "71")


@pytest.mark.usefixtures("nothing_stored")
def test_a_candidate_is_one_tap_and_the_only_way_to_correct(visitor, server, kept):
    page = visitor(PHONE, has_touch=True, is_mobile=True)
    arrive(page, f"{server[0]}/draw")
    draw_by_finger(page, SEVEN)
    until_answer(page, "7")
    until_idle(page)
    assert page.locator("input:visible").count() == 0
    other = page.get_by_role("group", name="Other readings").get_by_role("button").first
    text = other.inner_text()
    other.tap()
    page.get_by_text(f"Saved: {text}, not 7").wait_for(timeout=WAIT)
    until_answer(page, text)
    assert [each[:3] for each in stored(kept)] == [("7", text, "draw")] * 2
    assert {each[-1] for each in stored(kept)} == {"chosen"}


def test_a_drawing_is_saved_as_an_image(page, server, tmp_path):
    arrive(page, f"{server[0]}/draw")
    assert page.get_by_role("button", name="Save as image").is_disabled()
    draw(page, SEVEN)
    until_answer(page, "7")
    with page.expect_download(timeout=WAIT) as taken:
        page.get_by_role("button", name="Save as image").click()
    file = Path(tmp_path / "drawing.png")
    taken.value.save_as(file)
    assert Image.open(file).convert("L").getextrema() == (22, 255)


def test_the_pen_is_chosen_by_dots(page, server):
    arrive(page, f"{server[0]}/draw")
    thick = page.get_by_role("radio", name="Thick pen")
    thick.click()
    assert thick.get_attribute("aria-checked") == "true"
    draw(page, SEVEN)
    until_answer(page, "7")


def test_a_finger_draws_and_does_not_scroll(visitor, server):
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


def test_draw_has_no_serious_fault_for_those_who_cannot_see(visitor, server):
    page = visitor(color_scheme="dark")
    arrive(page, f"{server[0]}/draw")
    draw(page, SEVEN)
    until_answer(page, "7")
    page.wait_for_timeout(STILL)
    faults = serious_faults(page, "drawn")
    assert not faults, "\n".join(faults)
