"""The header, the menu and the theme in Chromium: at a desk, on a phone, by keyboard."""

import pytest
from app_server import DESKTOP, PHONE, WAIT
from axe import serious_faults
from journeys import until_still

MENU = ("Your handwriting", "How it works")
SCHEME = "getComputedStyle(document.querySelector('.stApp')).colorScheme"


def arrive(page, address):
    page.goto(address)
    page.get_by_role("heading", level=1).wait_for(timeout=WAIT)
    page.get_by_role("link", name="Sheets", exact=True).wait_for(timeout=WAIT)


def open_menu(page):
    page.locator(".st-key-menu button").click()
    page.get_by_role("button", name="About").wait_for(timeout=WAIT)


def destinations(page):
    return page.locator(".st-key-pages a")


def test_header_and_menu_lead_to_every_page_by_mouse_and_keyboard(page, server):
    arrive(page, server[0])
    until_still(page)
    heard = [""]
    page.evaluate("document.activeElement.blur()")
    while heard[-1] != "Menu" and len(heard) < 10:
        page.keyboard.press("Tab")
        heard.append(page.evaluate("document.activeElement.innerText.trim().split('\\n')[0]"))
    assert heard[-6:] == ["Digits", "Read", "Draw", "Sheets", "Forms", "Menu"], heard
    page.keyboard.press("Enter")
    page.get_by_role("button", name="About").wait_for(timeout=WAIT)
    page.keyboard.press("Escape")

    assert destinations(page).all_inner_texts() == ["Read", "Draw", "Sheets", "Forms"]
    for name in ("Draw", "Sheets"):
        page.get_by_role("link", name=name, exact=True).click()
        page.get_by_role("heading", level=1, name=name).wait_for(timeout=WAIT)
        page.locator(".st-key-pages a[aria-current=page]").get_by_text(name).wait_for(timeout=WAIT)
        assert page.locator("[aria-current=page]").count() == 1
    page.get_by_role("link", name="Digits", exact=True).click()
    page.get_by_role("heading", level=1, name="Read").wait_for(timeout=WAIT)
    open_menu(page)
    page.get_by_role("button", name="About").click()
    page.get_by_role("dialog").get_by_text("handwritten numbers").wait_for(timeout=WAIT)


def test_the_theme_changes_at_once_and_stays_on_every_page(visitor, server):
    page = visitor(color_scheme="light")
    arrive(page, server[0])
    assert page.evaluate(SCHEME) == "light"
    page.evaluate("window.here = true")
    open_menu(page)
    page.get_by_role("radio", name="Dark").click()
    page.wait_for_function(f"() => {SCHEME} === 'dark'", timeout=WAIT)
    assert page.evaluate("window.here"), "the page was loaded anew: a picture would be lost"
    arrive(page, f"{server[0]}/draw")
    page.wait_for_function(f"() => {SCHEME} === 'dark'", timeout=WAIT)
    open_menu(page)
    assert page.get_by_role("radio", name="Dark").get_attribute("aria-checked") == "true"


def test_on_a_phone_the_destinations_are_a_bar_at_the_bottom(visitor, server):
    page = visitor(PHONE, has_touch=True, is_mobile=True)
    arrive(page, server[0])
    until_still(page)
    boxes = [link.bounding_box() for link in destinations(page).all()]
    assert all(box["height"] >= 44 and box["width"] >= 44 for box in boxes)
    bar = page.locator(".st-key-pages").bounding_box()
    assert bar["y"] + bar["height"] == pytest.approx(PHONE["height"], abs=1)
    assert all(box["y"] >= bar["y"] for box in boxes)
    assert boxes[0]["x"] == pytest.approx(0, abs=1)
    assert boxes[-1]["x"] + boxes[-1]["width"] == pytest.approx(PHONE["width"], abs=1)
    page.get_by_role("link", name="Draw", exact=True).tap()
    page.get_by_role("heading", level=1, name="Draw").wait_for(timeout=WAIT)
    wide = page.evaluate("document.scrollingElement.scrollWidth")
    assert wide <= PHONE["width"], "the page is wider than the phone"


@pytest.mark.parametrize(
    ("viewport", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desk", "phone"]
)
def test_no_page_has_a_serious_accessibility_fault(visitor, server, viewport, scheme):
    page = visitor(viewport, color_scheme=scheme)
    arrive(page, server[0])
    faults = []
    for name in [link.inner_text().strip() for link in destinations(page).all()]:
        page.get_by_role("link", name=name, exact=True).click()
        page.get_by_role("heading", level=1, name=name).wait_for(timeout=WAIT)
        until_still(page)
        faults += serious_faults(page, name)
    for name in MENU:
        open_menu(page)
        until_still(page)
        faults += serious_faults(page, "the menu") if name == MENU[0] else []
        page.get_by_role("link", name=name).click()
        page.get_by_role("heading", level=1, name=name).wait_for(timeout=WAIT)
        until_still(page)
        faults += serious_faults(page, name)
    assert not faults, "\n".join(faults)
