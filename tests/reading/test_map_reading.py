"""Numbers of one line that were read separately become one."""

import numpy as np

from digits.image.map_layout import Placed
from digits.image.page_segmentation import Layout, TextRegion
from digits.reading.composition import PageReading, ReadNumber, find_unread
from digits.reading.map_reading import join_parts
from digits.types import Box, Digit, Line

FRAME = np.zeros((28, 28), np.float32)


def number(text, x):
    box = Box(x, 0, 12 * len(text) or 12, 20)
    digits = tuple(
        Digit(int(one), 0.9, Box(x + 12 * i, 0, 12, 20), (0.1,) * 10, None, FRAME)
        for i, one in enumerate(text)
    )
    return Placed(None, box), ReadNumber(Line(text, 0.9 if text else 0.0, box, digits))


def test_parts_are_joined_from_left_to_right():
    parts, numbers = zip(number("12", 0), number("3", 40), strict=True)
    whole = join_parts(parts, numbers)
    assert (whole.line.text, len(whole.line.digits), whole.tall) == ("123", 3, ())
    assert whole.line.confidence < 0.9


def test_a_part_without_a_digit_is_listed_as_unread():
    parts, numbers = zip(number("12", 0), number("", 40), number("3", 80), strict=True)
    whole = join_parts(parts, numbers)
    assert whole.line.text == "123"
    region = TextRegion(None, whole.line.box)
    assert find_unread(PageReading(Layout((region,)), (whole,))) == (parts[1].box,)


def test_a_line_without_any_digit_stays_empty():
    parts, numbers = zip(number("", 0), number("", 40), strict=True)
    assert join_parts(parts, numbers).line.text == ""
