"""Ink that was not read is named once, however many readings name it."""

from digits.image.page_segmentation import Layout
from digits.reading.composition import PageReading, find_unread
from digits.types import Box


def unread(*boxes):
    return find_unread(PageReading(Layout((), boxes), ()))


def test_one_stroke_that_two_readings_name_is_one_box():
    stroke, tighter = Box(327, 47, 19, 187), Box(328, 48, 17, 185)
    assert unread(stroke, tighter) == (stroke,)
    assert unread(tighter, stroke) == (stroke,)
    assert unread(stroke, stroke) == (stroke,)


def test_neighbours_are_named_each():
    boxes = Box(10, 10, 20, 40), Box(25, 10, 20, 40), Box(10, 60, 20, 40)
    assert unread(*boxes) == boxes


def test_nothing_left_out_names_nothing():
    assert unread() == ()
