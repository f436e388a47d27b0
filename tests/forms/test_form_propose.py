import cv2
import numpy as np
import pytest
from forms import EXPENSES, METER

from digits.forms.handwriting import find_handwriting
from digits.forms.propose import propose_fields, with_cells
from digits.forms.template import Field
from digits.synthesis.form_filling import fill_form
from digits.synthesis.page_forms import LAYOUTS, compose_form
from digits.types import Box


def overlap(one, other):
    across = min(one.right, other.right) - max(one.x, other.x)
    down = min(one.bottom, other.bottom) - max(one.y, other.y)
    return (
        max(0, across)
        * max(0, down)
        / max(1, min(one.width * one.height, other.width * other.height))
    )


@pytest.mark.parametrize("layout", range(len(LAYOUTS)))
def test_every_field_of_a_blank_form_is_proposed(layout):
    composed = compose_form(layout)
    proposed = propose_fields(composed.page)
    for each in composed.fields:
        best = max(proposed, key=lambda field: overlap(field.box, each.box))
        assert overlap(best.box, each.box) > 0.7, each.name
        assert (best.kind == "tick") == (each.kind == "tick"), each.name


@pytest.mark.parametrize("layout", [METER, EXPENSES])
def test_every_field_of_a_page_that_is_filled_in_is_proposed(layout, digits, reader):
    composed = compose_form(layout)
    page = fill_form(composed, digits, np.random.default_rng(layout)).page
    proposed = propose_fields(page, find_handwriting(page, reader.segmenter))
    for each in composed.fields:
        best = max(proposed, key=lambda field: overlap(field.box, each.box))
        assert overlap(best.box, each.box) > 0.7, each.name
        assert (best.kind == "tick") == (each.kind == "tick"), each.name


@pytest.mark.parametrize("is_filled", [False, True])
def test_the_cells_of_a_comb_are_found(digits, is_filled):
    composed = compose_form(0)
    page = composed.page
    if is_filled:
        page = fill_form(composed, digits, np.random.default_rng(0), empty=0.0).page
    for each in composed.fields:
        if each.cells:
            found = with_cells(Field("a", each.kind, each.box), page)
            assert len(found.cells) == len(each.cells)
            for mine, cell in zip(found.cells, each.cells, strict=True):
                assert overlap(mine, cell) > 0.8


def test_the_cells_of_a_row_that_leans_are_found(digits):
    page = fill_form(compose_form(0), digits, np.random.default_rng(0), empty=0.0).page
    field = next(each for each in compose_form(0).fields if each.name == "student")
    turn = cv2.getRotationMatrix2D((field.box.x, field.box.y), -4.0, 1.0)
    leaning = cv2.warpAffine(page, turn, page.shape[::-1], borderValue=250)
    ends = np.array([[b.x, b.y, 1] for b in field.cells] + [[field.box.right, field.box.bottom, 1]])
    x, y = (turn @ ends.T)[:, :-1]
    drawn = Box(round(x[0]) - 8, round(y[0]), 482, 104)
    found = with_cells(Field("a", "identifier", drawn, 9), leaning)
    assert len(found.cells) == len(field.cells)
    for mine, left, top in zip(found.cells, x, y, strict=True):
        assert abs(mine.x - left) < 6
        assert abs(mine.y - top) < 6


def test_a_plain_box_has_no_cells():
    composed = compose_form(0)
    box = next(each.box for each in composed.fields if each.name == "q1")
    assert with_cells(Field("a", "number", box), composed.page).cells == ()
    assert with_cells(Field("a", "number", Box(1, 1, 90, 40)), composed.page).cells == ()
