"""The picture viewer in Chromium: selecting, answering, zooming, drawing; desktop and phone."""

import base64
import io
import shutil
import subprocess
from pathlib import Path

import pytest
from app_server import PHONE
from component_page import mount, states, triggers, update
from PIL import Image

from digits.ui.viewer import _HTML, MODULES, STYLES

SIDE = {"width": 1200, "height": 600}  # px of the picture
LEFT, MIDDLE, RIGHT = [100, 200, 160, 120], [500, 200, 160, 120], [900, 200, 160, 120]


def picture(name="one", colour="white"):
    file = io.BytesIO()
    Image.new("RGB", (1200, 600), colour).save(file, "JPEG")
    url = "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
    return {"id": name, "url": url, "alt": "Three numbers", **SIDE}


def box(name, sides, label, state="sure", **more):
    return {"id": name, "box": sides, "label": label, "state": state, "readings": [], **more}


def three(**options):
    return {
        "epoch": "a",
        "picture": picture(),
        "boxes": [
            box("0", LEFT, "12"),
            box("1", MIDDLE, "75", "check", readings=["75", "7.5", "15"], reason="Decimal point?"),
            box("2", RIGHT, "", "unread"),
        ],
        "corners": None,
        "popover": True,
        "region": True,
        "regionLabel": "Read only here",
        "whole": "",
        "crop": "",
        "busy": "",
        "group": "g",
        "tellSelected": False,
        "selected": "",
        "tallest": "68vh",
        **options,
    }


def shown(page, **options):
    mount(page, "viewer", _HTML, three(**options), modules=MODULES, styles=STYLES)
    page.wait_for_function(
        "document.querySelector('#host').shadowRoot.querySelector('img').complete"
    )
    return page


def popover(page):
    return page.get_by_role("dialog")


def at(page, name):
    return page.locator(f".box[data-id='{name}']")


def answers(page):
    return [(act["id"], act["text"], act["how"]) for act in states(page)["answers"]["acts"]]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_geometry_keeps_its_properties():
    file = Path(__file__).with_name("viewer_geometry.test.mjs")
    run = subprocess.run(
        ["node", "--test", str(file)], capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == 0, run.stdout


def test_each_box_lies_where_its_number_is_and_says_what_it_is(page):
    shown(page)
    stage = page.locator(".stage").bounding_box()
    scale = page.locator("img").bounding_box()["width"] / SIDE["width"]
    for name, sides in (("0", LEFT), ("1", MIDDLE), ("2", RIGHT)):
        rectangle = at(page, name).bounding_box()
        left = page.locator("img").bounding_box()["x"]
        assert rectangle["x"] - left == pytest.approx(sides[0] * scale, abs=1)
        assert rectangle["width"] == pytest.approx(sides[2] * scale, abs=1)
        assert stage["y"] < rectangle["y"] < stage["y"] + stage["height"]
    names = [each.get_attribute("aria-label") for each in page.locator(".box").all()]
    assert names == ["12", "75, unsure", "nothing read, not read"]


def test_what_is_noted_at_a_box_is_seen_and_heard(page):
    shown(page, boxes=[box("0", LEFT, "33", "wrong", note="Adds up to 23")])
    assert at(page, "0").get_attribute("aria-label") == "33, wrong, Adds up to 23"
    note, sides = page.get_by_text("Adds up to 23").bounding_box(), at(page, "0").bounding_box()
    assert note["y"] >= sides["y"] + sides["height"]


def test_a_click_opens_the_readings_and_one_of_them_is_an_answer(page):
    shown(page)
    at(page, "1").click()
    assert popover(page).get_by_text("Decimal point?").is_visible()
    popover(page).get_by_role("button", name="7.5", exact=True).click()
    assert answers(page) == [("1", "7.5", "chosen")]
    assert states(page)["answers"]["epoch"] == "a"
    assert at(page, "1").get_attribute("aria-label") == "7.5, confirmed"


def test_enter_saves_what_is_typed_and_goes_on_to_the_next_to_check(page):
    shown(page)
    at(page, "0").click()
    field = popover(page).get_by_label("Number")
    assert field.input_value() == "12"
    field.fill("1,20")
    field.press("Enter")
    assert answers(page) == [("0", "1,20", "typed")]
    assert popover(page).get_by_label("Number").input_value() == "75"
    popover(page).get_by_label("Number").press("Enter")
    popover(page).get_by_label("Number").fill("8")
    popover(page).get_by_label("Number").press("Enter")
    assert answers(page) == [("0", "1,20", "typed"), ("1", "75", "typed"), ("2", "8", "typed")]
    assert not popover(page).is_visible()


def test_a_box_without_a_number_is_marked_as_none(page):
    shown(page)
    at(page, "1").click()
    popover(page).get_by_role("button", name="Not a number").click()
    assert answers(page) == [("1", "", "chosen")]
    assert at(page, "1").get_attribute("aria-label") == "not a number, confirmed"


def test_letters_are_no_answer(page):
    shown(page)
    at(page, "0").click()
    popover(page).get_by_label("Number").fill("1O")
    popover(page).get_by_label("Number").press("Enter")
    assert "Use digits" in popover(page).get_by_role("alert").inner_text()
    assert states(page) == {}


def test_looking_at_boxes_is_no_answer(page):
    shown(page)
    for name in ("0", "1", "2"):
        at(page, name).click()
        page.keyboard.press("Escape")
    for _ in range(4):
        page.keyboard.press("n")
        popover(page).get_by_role("button", name="Close").click()
    update(page, three(epoch="b", picture=picture("two", "grey")))
    update(page, three(epoch="a"))
    assert states(page) == {}
    assert triggers(page) == []


def test_another_reading_forgets_what_was_said_of_the_last_one(page):
    shown(page)
    at(page, "0").click()
    popover(page).get_by_label("Number").fill("99")
    popover(page).get_by_label("Number").press("Enter")
    update(page, three(epoch="b"))
    assert not popover(page).is_visible()
    assert at(page, "0").get_attribute("aria-label") == "12"
    at(page, "0").click()
    popover(page).get_by_label("Number").press("Enter")
    assert states(page)["answers"]["epoch"] == "b"
    assert answers(page) == [("0", "12", "typed")]


def test_the_n_key_selects_the_next_doubtful_box_except_while_typing(page):
    shown(page, popover=False)
    for name in ("1", "2", "1"):
        page.keyboard.press("n")
        assert at(page, name).get_attribute("class").endswith("selected")
    page.keyboard.press("Shift+N")
    assert at(page, "2").get_attribute("class").endswith("selected")
    shown(page)
    at(page, "1").click()
    popover(page).get_by_label("Number").press("n")
    assert popover(page).get_attribute("aria-label") == "Reading 75"


def test_arrow_keys_go_from_box_to_box_and_enter_opens(page):
    shown(page)
    at(page, "0").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    assert popover(page).get_attribute("aria-label") == "Reading 75"


def test_the_wheel_zooms_and_fit_shows_the_whole_again(page):
    shown(page)
    before = page.locator("img").bounding_box()
    rectangle = at(page, "1").bounding_box()
    page.mouse.move(rectangle["x"] + 5, rectangle["y"] + 5)
    page.mouse.wheel(0, -600)
    after = page.locator("img").bounding_box()
    assert after["width"] > 2 * before["width"]
    page.get_by_role("button", name="Fit").click()
    assert page.locator("img").bounding_box() == before
    assert page.get_by_role("button", name="Zoom out").is_disabled()


def test_a_picture_that_was_zoomed_is_dragged_and_no_box_is_hit(page):
    shown(page)
    for _ in range(3):
        page.get_by_role("button", name="Zoom in").click()
    before = page.locator("img").bounding_box()
    rectangle = at(page, "1").bounding_box()
    page.mouse.move(rectangle["x"] + 10, rectangle["y"] + 10)
    page.mouse.down()
    page.mouse.move(rectangle["x"] + 70, rectangle["y"] + 40, steps=4)
    page.mouse.up()
    after = page.locator("img").bounding_box()
    assert after["x"] - before["x"] == pytest.approx(60, abs=6)
    assert not popover(page).is_visible()


def test_two_fingers_zoom(visitor):
    page = visitor(PHONE, has_touch=True)
    shown(page)
    session = page.context.new_cdp_session(page)
    stage = page.locator(".stage").bounding_box()
    x, y = stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2

    def touch(kind, *points):
        touches = [{"x": px, "y": py, "id": i} for i, (px, py) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    before = page.locator("img").bounding_box()["width"]
    touch("touchStart", (x - 20, y), (x + 20, y))
    for spread in (30, 45, 60):
        touch("touchMove", (x - spread, y), (x + spread, y))
    touch("touchEnd")
    assert page.locator("img").bounding_box()["width"] == pytest.approx(3 * before, rel=0.1)
    assert not popover(page).is_visible()


def test_a_region_is_drawn_and_reported_in_pixels_of_the_picture(page):
    shown(page)
    page.get_by_role("button", name="Read only here").click()
    image = page.locator("img").bounding_box()
    scale = image["width"] / SIDE["width"]
    place = [(image["x"] + x * scale, image["y"] + y * scale) for x, y in ((450, 150), (700, 350))]
    page.mouse.move(*place[0])
    page.mouse.down()
    page.mouse.move(*place[1], steps=5)
    page.mouse.up()
    [(name, value)] = triggers(page)
    assert (name, value["epoch"]) == ("region", "a")
    assert value["box"] == pytest.approx([450, 150, 250, 200], abs=3)
    assert page.locator(".rubber").is_hidden()
    at(page, "1").click()
    assert popover(page).is_visible(), "after one region, a click selects again"


def test_a_corner_is_dragged_and_moved_by_keys(page):
    corners = [[100, 50], [1100, 50], [1100, 550], [100, 550]]
    shown(page, corners=corners)
    handle = page.get_by_role("button", name="Top left corner")
    scale = page.locator("img").bounding_box()["width"] / SIDE["width"]
    frame = handle.bounding_box()
    x, y = frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 100 * scale, y + 50 * scale, steps=4)
    page.mouse.up()
    [(name, value)] = triggers(page)
    assert name == "corners"
    assert value["corners"][0] == pytest.approx([200, 100], abs=2)
    assert value["corners"][1:] == corners[1:]
    handle.press("ArrowLeft")
    assert triggers(page)[1][1]["corners"][0][0] < value["corners"][0][0]


def test_a_selection_is_shared_within_its_group(page):
    shown(page, popover=False)
    page.evaluate(
        "() => { window.heard = []; document.addEventListener('digits-select', "
        "({ detail }) => window.heard.push([detail.group, detail.id])); }"
    )
    at(page, "0").click()
    assert page.evaluate("window.heard") == [["g", "0"]]
    page.evaluate(
        "() => document.dispatchEvent(new CustomEvent('digits-select', "
        "{ detail: { group: 'g', id: '2' } }))"
    )
    assert at(page, "2").get_attribute("class").endswith("selected")
    page.evaluate(
        "() => document.dispatchEvent(new CustomEvent('digits-select', "
        "{ detail: { group: 'another', id: '0' } }))"
    )
    assert at(page, "2").get_attribute("class").endswith("selected")


def test_python_can_set_and_receive_the_selection(page):
    shown(page, popover=False, selected="2", tellSelected=True)
    assert at(page, "2").get_attribute("class").endswith("selected")
    assert triggers(page) == []
    at(page, "0").click()
    assert triggers(page) == [("selected", {"id": "0", "epoch": "a"})]


def test_a_small_box_is_enlarged_when_it_is_selected(page):
    tiny = box("3", [1150, 560, 12, 9], "4", "check")
    shown(page, boxes=[*three()["boxes"][:1], tiny], popover=False)
    page.keyboard.press("n")
    assert at(page, "3").bounding_box()["height"] > 25


def test_a_running_task_is_shown_after_a_second(page):
    shown(page, busy="Finding numbers", boxes=[])
    status = page.get_by_role("status").locator("span")
    assert not status.is_visible()
    page.wait_for_timeout(1200)
    assert status.is_visible()
    update(page, three())
    assert not page.locator(".busy").is_visible()


def test_on_a_phone_the_popover_is_a_sheet_at_the_bottom_with_room_for_fingers(visitor):
    page = visitor(PHONE, has_touch=True)
    shown(page)
    at(page, "1").tap()
    page.wait_for_timeout(400)
    sheet = popover(page).bounding_box()
    assert sheet["y"] + sheet["height"] == pytest.approx(PHONE["height"], abs=1)
    assert sheet["width"] == pytest.approx(PHONE["width"], abs=1)
    for button in popover(page).get_by_role("button").all():
        assert button.bounding_box()["height"] >= 44
        assert button.bounding_box()["width"] >= 44
    focused = page.evaluate("document.querySelector('#host').shadowRoot.activeElement?.tagName")
    assert focused != "INPUT", "a keyboard would cover the picture"
