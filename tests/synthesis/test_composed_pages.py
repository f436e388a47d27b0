"""Synthetic pages: the truth of pixels, numbers and cells agrees with what is drawn."""

import cv2
import numpy as np
import pytest

from digits.synthesis.page import KINDS, compose_crop, compose_document
from digits.synthesis.page_canvas import HEIGHT_BASE, HEIGHT_STEP, Canvas, encode_height
from digits.synthesis.page_ink import choose_pen, print_text
from digits.types import BACKGROUND, DIGIT, PIXEL_CLASSES, PRINT, PRINTED_DIGIT, RULE


def blank(bank, rng, side=200):
    return Canvas(side, side, 0, 0, bank, rng, np.full((side, side, 3), 255, np.uint8))


@pytest.mark.parametrize("kind", KINDS)
def test_a_crop_has_maps_of_half_its_size_with_known_classes(bank, kind):
    rng = np.random.default_rng(3)
    for _ in range(3):
        crop = compose_crop(bank, rng, kind)
        assert crop.rgb.shape == (256, 256, 3)
        for layer in (crop.labels, crop.core, crop.tall, crop.sheet):
            assert layer.shape == (128, 128)
        assert crop.labels.max() < len(PIXEL_CLASSES)
        assert set(np.unique(crop.core)) <= {0, 1}
        beside = cv2.erode(1 - crop.sheet, np.ones((5, 5), np.uint8)) > 0
        assert not crop.labels[beside].any()  # nothing is written beside the paper
        assert abs(crop.angle) <= 20


def test_the_same_seed_composes_the_same_page(bank):
    one, other = (compose_crop(bank, np.random.default_rng(8)) for _ in range(2))
    np.testing.assert_array_equal(one.rgb, other.rgb)
    np.testing.assert_array_equal(one.labels, other.labels)
    assert one.numbers == other.numbers


@pytest.mark.parametrize("kind", ["table", "boxes", "tally", "columns", "rows", "sudoku"])
def test_every_number_of_a_plain_document_has_its_ink_and_core_in_its_box(bank, kind):
    page = compose_document(bank, np.random.default_rng(5), kind, plain=True)
    written = [number for number in page.numbers if not number.struck_out]
    assert written
    for number in written:
        left, top, right, bottom = (round(side / 2) for side in number.box)
        if left < 1 or top < 1 or right >= page.labels.shape[1] or bottom >= page.labels.shape[0]:
            continue
        part = page.labels[top : bottom + 1, left : right + 1]
        ink = PRINTED_DIGIT if number.printed else DIGIT
        assert (part == ink).any(), number
        assert page.core[top : bottom + 1, left : right + 1].any(), number


def test_digit_ink_lies_in_the_boxes_of_numbers(bank):
    page = compose_document(bank, np.random.default_rng(6), "table", plain=True)
    inside = np.zeros(page.labels.shape, bool)
    for number in page.numbers:
        left, top, right, bottom = number.box
        tall = bottom - top
        # A separator or a flourish may stand a little outside its digits.
        inside[
            max(0, int((top - 0.5 * tall) / 2)) : int((bottom + 0.5 * tall) / 2) + 2,
            max(0, int((left - tall) / 2)) : int((right + tall) / 2) + 2,
        ] = True
    digits = page.labels == DIGIT
    assert digits.sum() > 100
    assert (digits & ~inside).sum() < 0.01 * digits.sum()


def test_cells_hold_what_they_say(bank):
    page = compose_document(bank, np.random.default_rng(11), "table", plain=True)
    empty = [cell for cell in page.cells if cell.kind == "empty"]
    assert {cell.kind for cell in page.cells} <= {"number", "empty", "other"}
    for cell in page.cells:
        assert cell.text == "".join(c for c in cell.written if c.isdigit())
        assert (cell.kind == "number") == bool(cell.text)
    held = [
        cell.box[0] < (n.box[0] + n.box[2]) / 2 < cell.box[2]
        and cell.box[1] < (n.box[1] + n.box[3]) / 2 < cell.box[3]
        for cell in empty
        for n in page.numbers
    ]
    assert sum(held) <= 0.15 * len(empty)  # a long number may run into the next cell


def test_a_number_that_is_struck_out_is_no_digit_ink(bank):
    rng = np.random.default_rng(0)
    canvas = blank(bank, rng)
    canvas.number(20, 60, 40, "485", choose_pen(bank, rng), struck=True)
    assert not canvas.layers[DIGIT].any()
    assert not canvas.core.any()
    assert canvas.numbers[0].struck_out


def test_separators_belong_to_their_number(bank):
    rng = np.random.default_rng(0)
    canvas = blank(bank, rng)
    canvas.number(20, 60, 40, "7.5", choose_pen(bank, rng))
    (number,) = canvas.numbers
    assert (number.text, number.written) == ("75", "7.5")
    assert not any(canvas.layers[k].any() for k in range(len(PIXEL_CLASSES)) if k != DIGIT)


def test_printed_digits_are_apart_from_other_print(bank):
    canvas = blank(bank, np.random.default_rng(0))
    canvas.print(10, 50, "name 307", "DejaVuSans", 24, np.zeros(3, np.uint8))
    words, digits = canvas.layers[PRINT], canvas.layers[PRINTED_DIGIT]
    assert words.any()
    assert digits.any()
    assert np.flatnonzero(words.any(axis=0)).max() < np.flatnonzero(digits.any(axis=0)).min()
    assert canvas.numbers[0].printed


def test_the_height_map_tells_the_height_of_digits(bank):
    for tall in (12, 33, 90):
        rng = np.random.default_rng(1)
        canvas = blank(bank, rng, 300)
        canvas.number(40, 60, tall, "38", choose_pen(bank, rng))
        known = canvas.tall[canvas.tall > 0]
        assert HEIGHT_BASE * 2 ** (np.median(known) / HEIGHT_STEP) == pytest.approx(tall, rel=0.02)
        assert encode_height(tall) == np.median(known)


def test_rules_are_drawn_only_where_the_window_sees_them(bank):
    canvas = blank(bank, np.random.default_rng(0))
    canvas.rule((-500, 100), (-300, 100), 2, np.zeros(3, np.uint8))
    assert not canvas.layers[RULE].any()
    canvas.rule((-500, 100), (900, 100), 2, np.zeros(3, np.uint8))
    assert canvas.layers[RULE][99:102].any(axis=0).all()
    assert not canvas.layers[BACKGROUND].any()


def test_printing_needs_no_font_of_the_system():
    assert print_text("307", "DejaVuSans", 20) is not None
    assert print_text(" ", "DejaVuSans", 20) is None


def test_a_slip_of_one_line_is_composed(bank):
    for seed in range(60):  # of these, some are lower than their margins
        page = compose_document(bank, np.random.default_rng((77, seed)), "boxes", size=(440, 60))
        assert page.rgb.size
