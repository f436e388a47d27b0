import json
from dataclasses import replace
from decimal import Decimal

import cv2
import numpy as np
import pytest
from forms import ANSWERS, EXPENSES, METER, SCORE, filled, form_of, picture_of

from digits.forms.checks import Check
from digits.forms.reading import read_form
from digits.forms.results import FieldReading
from digits.forms.sums import check_sums
from digits.forms.template import Field, Form
from digits.synthesis.form_filling import fill_form
from digits.synthesis.page_forms import compose_form
from digits.types import Box, Digit, Line


def values(reading):
    return {each.name: each.value for each in reading.fields}


@pytest.mark.parametrize("quarters", [0, 1, 2])
def test_a_photographed_form_is_read(meter, reader, digits, quarters):
    _, page, photo = filled(METER, digits, 3, tilt=20.0, quarters=quarters, shadow=True)
    reading = read_form(meter, reader, picture_of(photo.pixels))
    expected = {**page.values, "estimated": page.values["estimated"] or "no"}
    assert values(reading) == expected
    assert reading.status == "read"


def test_boxes_lie_on_the_photograph(meter, reader, digits):
    _, _, photo = filled(METER, digits, 3, tilt=20.0, quarters=1)
    height, width = photo.pixels.shape
    for each in read_form(meter, reader, picture_of(photo.pixels)).fields:
        middle = np.array([each.box.x + each.box.width / 2, each.box.y + each.box.height / 2, 1])
        place = np.linalg.inv(photo.to_photo) @ middle
        field = next(one for one in meter.fields if one.name == each.name).box
        x, y = place[:2] / place[2]
        assert field.x < x < field.right
        assert field.y < y < field.bottom
        assert 0 <= each.box.x < each.box.right <= width
        assert 0 <= each.box.y < each.box.bottom <= height


def test_an_empty_form_is_empty(meter, reader):
    page = compose_form(METER).page
    reading = read_form(meter, reader, picture_of(page))
    assert {each.status for each in reading.fields if each.kind != "tick"} == {"empty"}
    assert values(reading)["estimated"] == "no"
    assert reading.status == "read"


@pytest.mark.parametrize("is_blank", [True, False])
def test_a_tick_of_any_pen_is_seen_and_an_empty_box_is_not_ticked(reader, is_blank):
    composed = compose_form(METER)
    form = form_of(composed, is_blank=is_blank)
    box = next(each.box for each in composed.fields if each.kind == "tick")
    for thick in (2, 5):
        page = composed.page.copy()
        cv2.line(page, (box.x + 6, box.y + 20), (box.x + 16, box.bottom - 6), 60, thick)
        cv2.line(page, (box.x + 16, box.bottom - 6), (box.right + 4, box.y - 3), 60, thick)
        assert values(read_form(form, reader, picture_of(page)))["estimated"] == "yes"
    assert values(read_form(form, reader, picture_of(composed.page)))["estimated"] == "no"


def test_another_form_is_rejected_and_nothing_is_read(meter, reader, digits):
    _, _, photo = filled(SCORE, digits, 3)
    reading = read_form(meter, reader, picture_of(photo.pixels))
    assert (reading.status, reading.fields) == ("refused", ())
    assert reading.error.startswith("This is not the form")


def test_a_part_of_the_page_that_is_not_in_the_picture_is_missing(meter, reader, digits):
    _, page, _ = filled(METER, digits, 3)
    cut = page.page[: 5 * page.page.shape[0] // 8]
    reading = read_form(meter, reader, picture_of(cut))
    missing = next(each for each in reading.fields if each.name == "read on")
    assert (missing.status, missing.value) == ("missing", "")
    assert values(reading)["meter"] == page.values["meter"]
    assert reading.status == "doubtful"


def test_a_field_whose_surroundings_are_covered_is_missing(reader, digits):
    composed, page, _ = filled(METER, digits, 3)
    covered = page.page.copy()
    covered[250:400, 600:1000] = 250  # a slip of paper over the tick box and its words
    form = form_of(composed)
    reading = read_form(form, reader, picture_of(covered))
    tick = next(each for each in reading.fields if each.kind == "tick")
    assert reading.status == "doubtful"
    assert tick.status == "missing" or tick.value == "no"


def test_a_failed_check_makes_a_field_doubtful_and_changes_nothing(meter, reader, digits):
    _, page, photo = filled(METER, digits, 3)
    number = page.values["meter"]
    wrong = Check("list", values=("0000000", f"{(int(number[0]) + 1) % 10}{number[1:]}"))
    fields = tuple(
        replace(each, checks=(wrong,)) if each.name == "meter" else each for each in meter.fields
    )
    form = Form("a", fields, meter.reference, True)
    field = read_form(form, reader, picture_of(photo.pixels)).fields[0]
    assert (field.value, field.status) == (number, "doubtful")
    assert "Not in the list" in field.reasons
    assert number not in field.offered


def test_a_wrong_total_is_doubtful(reader, digits):
    composed, page, photo = filled(EXPENSES, digits, 4)
    form = form_of(composed)
    right = read_form(form, reader, picture_of(photo.pixels))
    total = right.fields[-1]
    assert total.value == page.values["total"]
    assert not any("add up" in reason for reason in total.reasons)
    fields = (*form.fields[:-1], replace(form.fields[-1], checks=(Check("sum", of=("item 1",)),)))
    wrong = read_form(Form("a", fields, form.reference, True), reader, picture_of(photo.pixels))
    assert wrong.fields[-1].status == "doubtful"
    assert wrong.fields[-1].value == page.values["total"]


def test_a_total_that_is_no_number_is_doubtful_and_offers_the_sum_of_its_parts():
    """An unreadable total must not stop the page."""
    digit = Digit(None, 0.9, Box(0, 0, 9, 9), (0.1,) * 10, None, np.zeros((28, 28), np.float32))
    line = Line("?", 0.0, digit.box, (digit,))
    fields = (
        Field("a", "number", Box(0, 0, 90, 40)),
        Field("total", "number", Box(0, 50, 90, 40), checks=(Check("sum", of=("a",)),)),
    )
    for part in ("7", "?", ""):
        readings = (
            FieldReading("a", "number", part, "read", 1.0, digit.box, part),
            FieldReading("total", "number", "?", "doubtful", 0.0, digit.box, "?", line=line),
        )
        assert check_sums(fields, readings)[1].status == "doubtful"


def test_a_sum_that_agrees_takes_the_doubt_of_its_parts_and_no_other():
    digit = Digit(7, 0.8, Box(0, 0, 9, 9), (0.0,) * 10, None, np.zeros((28, 28), np.float32))
    line = Line("7", 0.8, digit.box, (digit,))
    fields = (
        Field("a", "number", Box(0, 0, 90, 40)),
        Field("b", "number", Box(0, 0, 90, 40)),
        Field("total", "number", Box(0, 50, 90, 40), checks=(Check("sum", of=("a", "b")),)),
    )

    def reading(name, value, *reasons):
        status = "doubtful" if reasons else "read"
        return FieldReading(name, "number", value, status, 0.8, digit.box, value, reasons, (), line)

    parts = reading("a", "7", "Unsure"), reading("b", "8", "Struck out")
    checked = check_sums(fields, (*parts, reading("total", "15", "Unsure")))
    assert [each.status for each in checked] == ["read", "doubtful", "read"]
    assert checked[0].confidence > 0.95
    checked = check_sums(fields, (*parts, reading("total", "16", "Unsure")))
    assert [each.status for each in checked] == ["doubtful"] * 3


def test_a_slash_is_no_digit_and_a_one_is(reader, digits):
    composed = compose_form(ANSWERS)
    page = fill_form(composed, digits, np.random.default_rng(5))
    slashed, others = [], []
    drawn = page.page.copy()
    for each in composed.fields:
        if each.kind == "digit" and page.values[each.name] == "":
            slashed.append(each.name)
            box = each.box
            start = round(box.x + 0.8 * box.width), round(box.y + 0.12 * box.height)
            end = round(box.x + 0.25 * box.width), round(box.y + 0.88 * box.height)
            cv2.line(drawn, start, end, 60, 3, cv2.LINE_AA)
        elif each.kind == "digit" and page.values[each.name] == "1":
            others.append(each.name)
    fields = {
        each.name: each for each in read_form(form_of(composed), reader, picture_of(drawn)).fields
    }
    assert slashed
    assert others
    for name in slashed:
        assert (fields[name].value, fields[name].status) == ("", "doubtful")
    assert {fields[name].value for name in others} == {"1"}


def test_a_box_that_is_blotted_out_is_doubtful(meter, reader):
    page = compose_form(METER).page.copy()
    box = next(each for each in meter.fields if each.name == "estimated").box
    cv2.rectangle(page, (box.x + 3, box.y + 3), (box.right - 3, box.bottom - 3), 40, -1)
    tick = read_form(meter, reader, picture_of(page)).fields[-1]
    assert (tick.kind, tick.status) == ("tick", "doubtful")
    assert "Blotted out" in tick.reasons[0]


@pytest.mark.parametrize("layout", [ANSWERS, METER])
def test_what_is_struck_out_or_written_over_is_doubtful(reader, digits, layout):
    composed = compose_form(layout)
    page = fill_form(composed, digits, np.random.default_rng(5), corrected=0.3)
    reading = read_form(form_of(composed), reader, picture_of(page.page))
    assert page.corrected
    silent = [
        each.name
        for each in reading.fields
        if each.status in ("read", "empty") and each.value != page.values[each.name]
    ]
    assert not set(silent) & page.corrected


def test_the_pieces_of_a_broken_digit_stay_together(meter, reader):
    """A thin pen leaves gaps: without its small pieces, this 5 has no top."""
    page = compose_form(METER).page.copy()
    cell = next(each for each in meter.fields if each.name == "meter").cells[2]
    x, y = cell.x + 18, cell.y + 15
    for start, end in (
        ((x, y), (x, y + 14)), ((x + 4, y), (x + 12, y)), ((x, y + 14), (x + 12, y + 15)),
        ((x + 14, y + 17), (x + 17, y + 27)), ((x + 17, y + 27), (x, y + 34)),
    ):  # fmt: skip
        cv2.line(page, start, end, 40, 3, cv2.LINE_AA)
    field = read_form(meter, reader, picture_of(page)).fields[0]
    assert field.value == "5"


def test_a_mark_above_its_maximum_is_doubtful(reader, digits):
    composed, page, photo = filled(SCORE, digits, 12)
    fields = tuple(
        Field(each.name, "mark", each.box, maximum=Decimal(1))
        for each in composed.fields
        if each.name.startswith("hole") and page.values[each.name]
    )
    reading = read_form(Form("a", fields, composed.page, True), reader, picture_of(photo.pixels))
    high = [each for each in reading.fields if int(page.values[each.name]) > 1]
    assert high
    assert all(each.status == "doubtful" for each in high)


def test_writing_that_runs_over_a_field_leaves_a_doubt(meter, reader):
    page = compose_form(METER).page.copy()
    box = next(each for each in meter.fields if each.name == "reading").box
    cv2.line(page, (box.right - 30, box.y + 30), (box.right + 60, box.y + 40), 40, 4)
    field = next(
        each for each in read_form(meter, reader, picture_of(page)).fields if each.name == "reading"
    )
    assert field.status == "doubtful"


def test_the_same_page_gives_the_same_reading(meter, reader, digits):
    _, _, photo = filled(METER, digits, 3, tilt=20.0)
    first, second = (
        json.dumps(read_form(meter, reader, picture_of(photo.pixels)).to_json()) for _ in range(2)
    )
    assert first == second


def test_a_field_in_a_blank_corner_is_placed_by_the_nearest_print(meter, reader):
    page = compose_form(METER).page
    corner = Field("corner", "number", Box(1100, 640, 120, 60))
    form = Form("a", (*meter.fields, corner), meter.reference, True)
    reading = read_form(form, reader, picture_of(page))
    assert reading.fields[-1].status in ("empty", "missing")
