"""A stack of the same form in a real Chromium: define, draw, read, check, download, resume."""

import csv
import io

import cv2
import pytest
from axe import serious_faults
from forms import METER, filled
from journeys import until_idle, until_still, upload

from digits.synthesis.page_forms import compose_form

WAIT = 180_000  # ms, generous: machines are shared


@pytest.fixture(scope="module")
def scans(tmp_path_factory, validation):
    """An empty form, four filled and photographed pages, and what is written on them."""
    folder = tmp_path_factory.mktemp("stack")
    empty, files, values = folder / "cards.png", [], []
    cv2.imwrite(str(empty), compose_form(METER).page)
    for i in range(4):
        _, page, photo = filled(METER, validation, i, tilt=15.0, quarters=i, pixels=900_000)
        files.append(folder / f"{i}.png")
        cv2.imwrite(str(files[-1]), photo.pixels)
        values.append(page.values)
    return empty, files, values


def test_a_stack_of_forms_from_the_first_page_to_the_table(visitor, server, scans):
    empty, files, values = scans
    page = visitor()
    page.set_default_timeout(WAIT)
    page.goto(f"{server[0]}/forms")
    upload(page, empty)
    boxes = page.get_by_test_id("viewer").locator(".box")
    boxes.nth(3).wait_for()
    assert boxes.count() == 4
    assert serious_faults(page, "Forms") == []

    # A field is deleted and drawn again by dragging, with a name of its own.
    boxes.nth(0).click()
    page.get_by_role("button", name="Delete field").click()
    boxes.nth(3).wait_for(state="detached")
    until_still(page)
    plan = next(each for each in compose_form(METER).fields if each.name == "meter")
    fit = page.get_by_role("button", name="Fit")  # a selected box is shown enlarged
    if fit.is_enabled():
        fit.click()
        until_still(page)
    stage = page.get_by_test_id("viewer").locator("img").bounding_box()
    scale = stage["width"] / 1240
    start = stage["x"] + (plan.box.x - 4) * scale, stage["y"] + (plan.box.y - 3) * scale
    end = stage["x"] + (plan.box.right + 4) * scale, stage["y"] + (plan.box.bottom + 3) * scale
    page.get_by_role("button", name="Draw a field").click()
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
    page.mouse.move(*end, steps=4)
    page.mouse.up()
    boxes.nth(3).wait_for()
    until_idle(page)
    assert page.get_by_label("Digits, if always as many").input_value() == "7"
    page.get_by_label("Name", exact=True).fill("meter number")
    page.get_by_role("button", name="Save field").click()
    page.get_by_test_id("viewer").get_by_label("meter number").wait_for()

    page.get_by_text("Pages", exact=True).click()
    upload(page, *files)
    page.locator(".sheet [role=status]").wait_for(timeout=WAIT)
    rows = page.locator(".sheet tbody tr")
    assert rows.count() == len(files)
    address = page.url
    assert "form=" in address
    assert "pages=" in address

    # The table outlives the window, and is downloaded as it was checked.
    page.close()
    page = visitor()
    page.set_default_timeout(WAIT)
    page.goto(address)
    page.locator(".sheet [role=status]").wait_for(timeout=WAIT)
    until_still(page)
    assert serious_faults(page, "Forms") == []
    with page.expect_download() as result:
        page.get_by_role("button", name="CSV").click()
    content = result.value.path().read_text(encoding="utf-8-sig")
    table = list(csv.DictReader(io.StringIO(content)))
    read = [row["meter number"] for row in table]
    right = sum(one == each["meter"] for one, each in zip(read, values, strict=True))
    assert right >= len(files) - 1, read

    # Rows stand uncertain first, or in the order of the pages.
    order = page.get_by_role("button", name="Uncertain first")
    assert order.get_attribute("aria-pressed") == "true"
    order.click()
    page.locator("[data-do=order][aria-pressed=false]").wait_for()
    names = page.locator(".sheet .row-name").all_inner_texts()
    assert names == [f"Row {n}" for n in range(1, len(files) + 1)]

    # What is typed is a correction to learn from.
    page.locator("td[data-id='0 0 3']").click()
    page.keyboard.press("F2")
    page.keyboard.type("7654321")
    page.keyboard.press("Enter")
    page.locator(".sheet[data-waiting=false]").wait_for()
    page.get_by_role("button", name="Save 1 correction for learning").click()
    page.get_by_text("Saved: 1 correction").wait_for()

    # The stack in one file goes on elsewhere.
    with page.expect_download() as result:
        page.get_by_role("button", name="Save work").click()
    project = result.value
    assert project.suggested_filename.endswith(".digits")
    another = visitor()
    another.set_default_timeout(WAIT)
    another.goto(f"{server[0]}/forms")
    content = project.path().read_bytes()
    upload(another, {"name": "cards.digits", "mimeType": "application/zip", "buffer": content})
    another.locator("td[data-id='0 0 3']", has_text="7654321").wait_for()
    assert another.locator(".sheet tbody tr").count() == len(files)
