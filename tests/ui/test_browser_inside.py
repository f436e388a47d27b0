"""How it works in a real Chromium: look, move a slider, draw, take the report along."""

import pytest
from app_server import WAIT
from journeys import ONE, draw, until_idle


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


@pytest.mark.parametrize("width", [1280, 390])
def test_every_view_shows_its_pictures_and_what_is_drawn_is_looked_into(
    visitor, server, tmp_path, width
):
    page = visitor({"width": width, "height": 900})
    page.set_default_timeout(WAIT)
    page.goto(f"{server[0]}/how-it-works")
    page.get_by_text("Confidence for each digit").first.wait_for()
    page.get_by_role("link", name="3. Segmentation").click()
    page.wait_for_function(
        "document.querySelector('#stage-segmentation').getBoundingClientRect().top < innerHeight"
    )
    for view, selector in {
        "Path": 'img[alt^="Segmentation"]',
        "Dense network": 'img[alt^="Weights of hidden unit"]',
        "Convolutional network": 'img[alt^="convolution 5"]',
        "Accuracy": 'img[alt^="Accuracy after"]',
        "Limits": 'img[alt*="same answer from"]',
    }.items():
        choose(page, view)
        assert seen(page, selector), view
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
        assert not page.locator("[data-testid=stException]").count(), view

    changed = page.locator('img[alt="The changed digit"]')
    before = changed.get_attribute("src")
    slider = page.get_by_role("slider").nth(1)
    slider.focus()
    for _ in range(12):
        slider.press("ArrowRight")
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    sync_api.expect(changed).not_to_have_attribute("src", before, timeout=WAIT)
    assert seen(page, 'img[alt="The changed digit"]')

    choose(page, "Path")
    choose(page, "Draw")
    page.locator("canvas").first.scroll_into_view_if_needed()
    draw(page, ONE)
    assert seen(page, 'img[alt="What the networks see: read as 1"]')
    until_idle(page)
    with page.expect_download() as taken:
        page.get_by_role("button", name="One-page report").click()
    file = tmp_path / "report.html"
    taken.value.save_as(file)
    assert 'class="number">1<' in file.read_text(encoding="utf-8")
