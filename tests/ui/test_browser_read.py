"""Read and Draw as people use them in Chromium: at a desk, on a phone, two at once, by ear."""

import io
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from app_server import serve
from PIL import Image

from digits.corrections.store import Corrections
from digits.mnist import load_mnist
from digits.settings import DATABASE

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "digits" / "ui" / "examples"
PHONE = {"width": 390, "height": 844}  # px
WAIT = 180_000  # ms, generous: machines are shared


def upload(page, file):
    page.locator("input[type=file]").set_input_files(file)


def until_answer(page, text):
    page.get_by_test_id("answer").get_by_text(text, exact=True).wait_for(timeout=WAIT)


@pytest.fixture(scope="module")
def scan() -> bytes:
    """A PDF of two pages with one validation digit each: 3, then 8."""
    mnist = load_mnist().validation
    sheets = []
    for value in (3, 8):
        digit = mnist.pictures[int(np.flatnonzero(mnist.labels == value)[0])]
        sheet = Image.new("L", (400, 300), 255)
        sheet.paste(Image.fromarray(255 - digit).resize((112, 112)), (150, 90))
        sheets.append(sheet)
    file = io.BytesIO()
    sheets[0].save(file, "PDF", save_all=True, append_images=sheets[1:])
    return file.getvalue()


def put_right(page, truth):
    field = page.get_by_label("Answer")
    field.fill(truth)
    field.press("Enter")


def stored(folder: Path) -> list[tuple[str, str, str, int | None]]:
    """Return (read, truth, source, digit) of what is stored, lines first."""
    return [
        (each.read, each.truth, each.source, each.digit)
        for each in sorted(
            Corrections(f"sqlite:///{folder / DATABASE}").all(),
            key=lambda each: -1 if each.digit is None else each.digit,
        )
    ]


def test_an_answer_put_right_is_saved_and_saved_once(visitor, tmp_path):
    with serve(DIGITS_HOME=str(tmp_path), DIGITS_MODE="personal") as (address, _):
        page = visitor()
        page.goto(address)
        upload(page, str(EXAMPLES / "a year.jpg"))
        until_answer(page, "2026")
        put_right(page, "2028")
        page.get_by_text("Saved: 2028, where 2026 was read").wait_for(timeout=WAIT)
        digits = [("2", "2", "read", 0), ("0", "0", "read", 1), ("2", "2", "read", 2)]
        assert stored(tmp_path) == [("2026", "2028", "read", None), *digits, ("6", "8", "read", 3)]
        put_right(page, "2026")
        page.get_by_text("Saved: 2026 is right").wait_for(timeout=WAIT)
        assert stored(tmp_path) == [("2026", "2026", "read", None), *digits, ("6", "6", "read", 3)]
        put_right(page, "20b6")
        page.get_by_text("A correction has digits only").wait_for(timeout=WAIT)
        assert len(stored(tmp_path)) == 5


def test_a_drawing_put_right_is_saved(visitor, tmp_path):
    with serve(DIGITS_HOME=str(tmp_path), DIGITS_MODE="personal") as (address, _):
        page = visitor(PHONE, has_touch=True, is_mobile=True)
        page.goto(f"{address}/draw")
        draw_by_finger(page, SEVEN)
        until_answer(page, "7")
        put_right(page, "1")
        page.get_by_text("Saved: 1, where 7 was read").wait_for(timeout=WAIT)
        assert stored(tmp_path) == [("7", "1", "draw", None), ("7", "1", "draw", 0)]


def test_where_strangers_visit_only_what_is_saved_is_stored(visitor, tmp_path):
    with serve(DIGITS_HOME=str(tmp_path), DIGITS_MODE="shared") as (address, _):
        page = visitor()
        page.goto(address)
        upload(page, str(EXAMPLES / "a year.jpg"))
        until_answer(page, "2026")
        put_right(page, "2028")
        save = page.get_by_role("button", name="Save this correction")
        save.wait_for(timeout=WAIT)
        assert not list(tmp_path.iterdir())
        save.click()
        page.get_by_text("Saved: 2028").wait_for(timeout=WAIT)
        assert stored(tmp_path)[0] == ("2026", "2028", "read", None)


def test_without_a_place_to_store_reading_goes_on(visitor, tmp_path):
    (tmp_path / "a file").write_text("where a folder should be")
    with serve(DIGITS_HOME=str(tmp_path / "a file"), DIGITS_MODE="personal") as (address, _):
        page = visitor()
        page.goto(address)
        upload(page, str(EXAMPLES / "a year.jpg"))
        until_answer(page, "2026")
        put_right(page, "2028")
        page.get_by_role("alert").wait_for(timeout=WAIT)
        upload(page, str(EXAMPLES / "three in shadow.jpg"))
        until_answer(page, "3")


def test_each_page_of_a_pdf_is_read(page, server, scan):
    page.goto(server[0])
    upload(page, {"name": "scan.pdf", "mimeType": "application/pdf", "buffer": scan})
    until_answer(page, "3")
    number = page.get_by_label("Page, of 2")
    number.fill("2")
    number.press("Enter")
    until_answer(page, "8")


def test_an_example_is_one_press_away_and_its_digits_can_be_looked_at(page, server):
    page.goto(server[0])
    page.get_by_role("button", name="a year", exact=True).click(timeout=WAIT)
    until_answer(page, "2026")
    seen = page.get_by_alt_text("The 28 by 28 picture")
    first = seen.get_attribute("src")
    page.get_by_role("radio", name="6").click()
    page.wait_for_function(
        "(first) => document.querySelector('img[alt^=\"The 28\"]')?.src !== first",
        arg=first,
        timeout=WAIT,
    )


def test_the_account_of_a_reading_is_taken_along(page, server, tmp_path):
    page.goto(server[0])
    page.get_by_role("button", name="a year", exact=True).click(timeout=WAIT)
    until_answer(page, "2026")
    with page.expect_download(timeout=WAIT) as taken:
        page.get_by_role("button", name="One-page report").click(timeout=WAIT)
    file = tmp_path / "report.html"
    taken.value.save_as(file)
    report = file.read_text(encoding="utf-8")
    assert 'class="number">2026<' in report
    assert "Reading of a year.jpg" in report


def test_how_it_was_read_is_shown_in_four_pictures(page, server):
    page.goto(server[0])
    page.get_by_role("button", name="a year", exact=True).click(timeout=WAIT)
    page.get_by_text("How it was read").click(timeout=WAIT)
    for name in ("Upright", "Ink", "Boxes", "Frames"):
        page.get_by_alt_text(f"{name}. ").wait_for(timeout=WAIT)


def test_copy_puts_the_answer_on_the_clipboard(visitor, server):
    page = visitor(permissions=["clipboard-read", "clipboard-write"])
    page.goto(server[0])
    page.get_by_role("button", name="a year", exact=True).click(timeout=WAIT)
    until_answer(page, "2026")
    page.get_by_role("button", name="Copy", exact=True).click(timeout=WAIT)
    page.get_by_role("button", name="Copied").wait_for(timeout=WAIT)
    assert page.evaluate("navigator.clipboard.readText()") == "2026"


def test_settings_stand_in_the_address_and_pictures_do_not(page, server):
    page.goto(server[0])
    page.get_by_role("button", name="three in shadow", exact=True).click(timeout=WAIT)
    until_answer(page, "3")
    page.get_by_text("Settings").click()
    page.get_by_text("One digit", exact=True).click()
    page.wait_for_url("**holds=One*", timeout=WAIT)
    assert page.url.split("?")[1] == "holds=One+digit"
    page.goto(f"{server[0]}/?holds=One+digit&network=dense")
    page.get_by_role("button", name="three in shadow", exact=True).click(timeout=WAIT)
    page.get_by_text("Use it from code").click(timeout=WAIT)
    page.get_by_text('model="dense"').wait_for(timeout=WAIT)
    page.get_by_text("single=true&model=dense").wait_for(timeout=WAIT)


def test_two_people_do_not_see_each_others_pictures(visitor, server):
    one, other = visitor(), visitor()
    one.goto(server[0])
    other.goto(server[0])
    upload(one, str(EXAMPLES / "three in shadow.jpg"))
    until_answer(one, "3")
    assert other.get_by_test_id("answer").count() == 0
    upload(other, str(EXAMPLES / "a year.jpg"))
    until_answer(other, "2026")
    one.get_by_text("Use it from code").click()
    one.get_by_text('read("three in shadow.jpg")').wait_for(timeout=WAIT)
    until_answer(one, "3")
    other.reload()
    other.get_by_text("Or press one").wait_for(timeout=WAIT)
    assert other.get_by_test_id("answer").count() == 0


def touch(session, kind, *points):
    touches = [{"x": x, "y": y} for x, y in points]
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


def draw_by_finger(page, stroke):
    """Move a finger over the sheet through points given as shares of its height."""
    sheet = page.locator("canvas").first
    sheet.wait_for(timeout=WAIT)
    sheet.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # until the sheet has its size
    box = sheet.bounding_box()
    places = [(box["x"] + x * box["height"], box["y"] + y * box["height"]) for x, y in stroke]
    session = page.context.new_cdp_session(page)
    touch(session, "touchStart", places[0])
    for (x, y), (to_x, to_y) in pairwise(places):
        for step in range(1, 11):
            touch(session, "touchMove", (x + (to_x - x) * step / 10, y + (to_y - y) * step / 10))
            page.wait_for_timeout(10)
    touch(session, "touchEnd")


SEVEN = [(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)]
ONE = [(0.5, 0.2), (0.5, 0.8)]


def test_a_finger_draws_and_does_not_scroll(visitor, server):
    page = visitor(PHONE, has_touch=True, is_mobile=True)
    page.goto(f"{server[0]}/draw")
    draw_by_finger(page, SEVEN)
    until_answer(page, "7")
    main = "document.querySelector('[data-testid=stMain]')"
    assert page.evaluate(f"Math.max(window.scrollY, {main}.scrollTop)") == 0


def test_a_number_is_drawn_digit_by_digit(visitor, server):
    page = visitor(has_touch=True)
    page.goto(f"{server[0]}/draw?sheet=A+number")
    draw_by_finger(page, [(x + 0.2, y) for x, y in SEVEN])
    draw_by_finger(page, [(x + 0.9, y) for x, y in ONE])
    until_answer(page, "71")
    page.get_by_role("button", name="Undo").click()
    until_answer(page, "7")


def test_a_drawn_number_survives_a_change_of_page(visitor, server):
    page = visitor(has_touch=True)
    page.goto(f"{server[0]}/draw")
    page.get_by_text("A number", exact=True).click(timeout=WAIT)
    page.wait_for_url("**sheet=A+number*", timeout=WAIT)
    draw_by_finger(page, [(x + 0.2, y) for x, y in SEVEN])
    until_answer(page, "7")
    draw_by_finger(page, [(x + 0.9, y) for x, y in ONE])
    until_answer(page, "71")
    page.get_by_role("link", name="Read", exact=True).click()
    page.get_by_text("Or press one").wait_for(timeout=WAIT)
    page.get_by_role("link", name="Draw", exact=True).click()
    until_answer(page, "71")


def test_on_a_phone_every_page_is_one_touch_away(visitor, server):
    page = visitor(PHONE, has_touch=True, is_mobile=True)
    page.goto(server[0])
    draw = page.get_by_role("link", name="Draw", exact=True)
    draw.wait_for(timeout=WAIT)
    box = draw.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    assert box["y"] + box["height"] <= PHONE["height"]
    draw.tap()
    page.locator("canvas").first.wait_for(timeout=WAIT)
    wide = page.evaluate("document.scrollingElement.scrollWidth")
    assert wide <= PHONE["width"], "the page is wider than the phone"


LOOKS = [({"width": 1280, "height": 900}, "light"), (PHONE, "dark")]


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS, ids=["desk in light", "phone in the dark"])
def test_no_page_has_a_serious_fault_for_those_who_cannot_see(visitor, server, viewport, scheme):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
    ).Axe()
    page = visitor(viewport, color_scheme=scheme)
    page.goto(server[0])
    page.get_by_role("button", name="a year", exact=True).wait_for(timeout=WAIT)
    links = page.locator(".st-key-pages a")
    names = [links.nth(i).inner_text().strip() for i in range(links.count())]
    assert {"Read", "Draw"} <= set(names)
    faults = serious(axe, page, "Read, empty")
    page.get_by_role("button", name="a year", exact=True).click()
    until_answer(page, "2026")
    for part in ("Settings", "How it was read", "Use it from code"):
        page.get_by_text(part).click()
    page.get_by_alt_text("Frames. ").wait_for(timeout=WAIT)
    page.wait_for_timeout(1500)  # until the page stands still
    faults += serious(axe, page, "Read")
    for name in names:
        if name == "Read":
            continue
        page.locator(".st-key-pages").get_by_role("link", name=name).click()
        page.get_by_role("heading", level=1).wait_for(timeout=WAIT)
        page.wait_for_timeout(1500)  # until the page stands still
        faults += serious(axe, page, name)
    assert not faults, "\n".join(faults)


def serious(axe, page, name):
    """Return each serious or critical fault that axe-core finds, with its place."""
    return [
        f"{name}: {fault['help']}: {node['html'][:200]}"
        for fault in axe.run(page).response["violations"]
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]
