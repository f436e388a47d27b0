"""A rejected character in a row of boxes is named by what the other boxes hold."""

import dataclasses

import numpy as np
import pytest

from digits.image.page_segmentation import Layout, TextRegion
from digits.reading.boxes import name_in_boxes
from digits.reading.composition import PageReading, ReadNumber, compose_reading
from digits.types import ANY, Box, Digit, Line, ModelName, Page, Picture

FRAME = np.zeros((28, 28), np.float32)
TWO = tuple(0.991 if digit == 2 else 0.001 for digit in range(10))


def boxed(characters, doubt=0.85, widths=None):
    """Return a row of boxes; "?" is a 2 that is rejected, with this probability of no digit."""
    parts, numbers, x = [], [], 0
    for column, text in enumerate(characters):
        width = 40 * (widths or [1] * len(characters))[column]
        digits = tuple(
            Digit(
                None if c == "?" else int(c),
                0.99,
                Box(x + 5 + 15 * i, 5, 12, 30),
                TWO,
                doubt,
                FRAME,
            )
            for i, c in enumerate(text)
        )
        line = Line(text, 0.0 if "?" in text else 0.99, Box(x, 0, width, 40), digits, written=text)
        parts.append(TextRegion(None, Box(x, 0, width, 40), (0, column)))
        numbers.append(ReadNumber(line))
        x += width
    return PageReading(Layout(tuple(parts)), tuple(numbers))


def text(found):
    return "".join(line.text for line in found.lines)


@pytest.mark.parametrize(
    ("row", "doubt", "expected"),
    [
        ("7815?8989", 0.85, "781528989"),
        ("7815?8989", 0.99, "7815?8989"),  # nothing like a digit
        ("7?15?8989", 0.75, "721528989"),
        ("???5??", 0.85, "???5??"),  # a name
        ("78?5", 0.75, "78?5"),  # too few boxes to tell
    ],
)
def test_the_share_of_rejected_characters_in_the_row_decides(row, doubt, expected):
    assert text(name_in_boxes(boxed(row, doubt))) == expected


def test_what_is_named_is_doubtful_and_has_the_probability_of_both():
    found = name_in_boxes(boxed("7815?8989"))
    odds = 0.85 / 0.15 * (1 / 9)  # Laplace: 1 in 10 boxes of such a row holds no digit
    assert found.lines[4].confidence == pytest.approx(0.991 / (1 + odds))
    assert found.lines[4].written == "2"


def test_cells_of_several_digits_and_numbers_without_a_place_are_left_alone():
    wide = boxed(["78", "1", "5", "?", "8", "9", "8"])
    assert name_in_boxes(wide) is wide
    row = boxed("7815?8989")
    parts = tuple(dataclasses.replace(part, place=None) for part in row.layout.numbers)
    free = dataclasses.replace(row, layout=Layout(parts))
    assert name_in_boxes(free) is free


@pytest.mark.parametrize(("widths", "expected"), [([1, 1, 1, 1, 2], "545091"), ([1] * 5, None)])
def test_a_box_as_wide_as_two_may_hold_two_digits_of_one_number(widths, expected):
    found = boxed(["5", "4", "5", "0", "91"], widths=widths)
    grey = np.full((40, 240), 255, np.uint8)
    blank = np.zeros((40, 240), np.float32)
    page = Page(blank, blank, np.eye(3), (240, 40))
    picture = Picture(grey, 240, 40, "0" * 64)
    reading = compose_reading(found, picture, page=page, hint=ANY, model=ModelName("cnn", "0" * 64))
    assert reading.text == (expected or "5\t4\t5\t0\t91")
