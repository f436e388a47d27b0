"""How it works in a real Chromium: draw, look, move a slider, take the report along."""

import pytest
from app_server import WAIT


@pytest.fixture(params=[1280, 390])
def page(request, visitor, server):
    page = visitor({"width": request.param, "height": 900})
    page.set_default_timeout(WAIT)
    page.goto(f"{server[0]}/how-it-works")
    page.get_by_text("Confidence for each digit").first.wait_for()
    return page


def choose(page, name):
    page.get_by_role("radio", name=name, exact=True).or_(
        page.get_by_role("button", name=name, exact=True)
    ).first.click()


def seen(page, selector):
    """Wait until a picture is there, and say whether it was decoded."""
    picture = page.locator(selector).first
    picture.wait_for()
    page.wait_for_function("picture => picture.complete", arg=picture.element_handle())
    return picture.evaluate("picture => picture.naturalWidth")


def test_every_view_shows_its_pictures_and_fits_the_width(page):
    page.get_by_role("link", name="3. Segmentation").click()
    page.wait_for_function(
        "document.querySelector('#stage-segmentation').getBoundingClientRect().top < innerHeight"
    )
    for view, selector in {
        "Path": 'img[alt^="Segmentation"]',
        "Dense network": 'img[alt^="Weights of hidden unit"]',
        "Convolutional network": 'img[alt^="convolution 5"]',
        "Limits": 'img[alt*="same answer from"]',
        "Accuracy": 'img[alt^="Accuracy after"]',
    }.items():
        choose(page, view)
        assert seen(page, selector), view
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
        assert not page.locator("[data-testid=stException]").count(), view


def test_a_slider_turns_the_digit(page):
    choose(page, "Limits")
    changed = page.locator('img[alt="The changed digit"]')
    changed.wait_for()
    before = changed.get_attribute("src")
    slider = page.get_by_role("slider").nth(1)
    slider.focus()
    for _ in range(12):
        slider.press("ArrowRight")
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    sync_api.expect(changed).not_to_have_attribute("src", before, timeout=WAIT)
    assert seen(page, 'img[alt="The changed digit"]')


def test_a_drawn_digit_is_looked_into_and_its_report_taken_along(page, tmp_path):
    choose(page, "Draw")
    sheet = page.locator("canvas").first
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    x, top, bottom = box["x"] + box["width"] / 2, box["y"] + 0.2 * box["height"], 0.6
    page.mouse.move(x, top)
    page.mouse.down()
    page.mouse.move(x, top + bottom * box["height"], steps=8)
    page.mouse.up()
    assert seen(page, 'img[alt="What the networks see: read as 1"]')
    page.locator('[data-test-script-state="notRunning"]').wait_for()
    with page.expect_download() as taken:
        page.get_by_role("button", name="One-page report").click()
    file = tmp_path / "report.html"
    taken.value.save_as(file)
    assert 'class="number">1<' in file.read_text(encoding="utf-8")
