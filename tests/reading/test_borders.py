"""Numbers of neighbouring cells that stand as close as digits of one number are doubted."""

import dataclasses

import numpy as np
import pytest

from digits.image.page_segmentation import Layout, TextRegion
from digits.reading.borders import ACROSS, doubt_across_borders
from digits.reading.composition import PageReading, ReadNumber
from digits.types import Box, Digit, Line

FRAME = np.zeros((28, 28), np.float32)


def placed(text, column, x, row=0):
    """Return a number at x, with digits 12 px wide and 20 px high, and its place in a table."""
    boxes = [Box(x + 15 * i, 50 * row, 12, 20) for i in range(len(text))]
    digits = tuple(
        Digit(int(c), 0.99, b, (0.1,) * 10, None, FRAME) for c, b in zip(text, boxes, strict=True)
    )
    box = Box.around(boxes) if boxes else Box(x, 50 * row, 12, 20)
    return TextRegion(None, box, (row, column)), ReadNumber(Line(text, 0.9, box, digits))


def read(*pairs):
    return PageReading(Layout(tuple(p for p, _ in pairs)), tuple(n for _, n in pairs))


def doubted(found):
    return [line.confidence < 0.9 for line in doubt_across_borders(found).lines]


@pytest.mark.parametrize(("gap", "expected"), [(-2, True), (3, True), (9, False)])
def test_the_gap_between_two_cells_decides(gap, expected):
    end = 10 + 15 + 12  # of "27"
    found = read(placed("27", 0, 10), placed("7", 1, end + gap), placed("12", 2, 200))
    assert doubted(found) == [expected, expected, False]


def test_a_row_of_boxes_of_one_digit_each_is_one_number():
    found = read(*(placed(text, i, 14 * i) for i, text in enumerate("7816")))
    assert doubt_across_borders(found) is found


def test_numbers_of_other_rows_and_columns_and_empty_cells_are_not_doubted():
    found = read(placed("27", 0, 10), placed("", 1, 38), placed("7", 2, 39), placed("45", 1, 38, 1))
    assert doubt_across_borders(found) is found


def test_numbers_outside_tables_are_not_doubted():
    pairs = [placed("27", 0, 10), placed("7", 1, 38)]
    found = read(*((dataclasses.replace(part, place=None), n) for part, n in pairs))
    assert doubt_across_borders(found) is found


def test_the_confidence_is_lowered_and_the_text_stays():
    found = doubt_across_borders(read(placed("27", 0, 10), placed("7", 1, 38)))
    assert [line.text for line in found.lines] == ["27", "7"]
    assert [line.confidence for line in found.lines] == pytest.approx([0.9 * ACROSS] * 2)
