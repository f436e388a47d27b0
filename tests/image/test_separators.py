"""Separators of a number follow from the positions of marks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digits.image.separators import leaves_doubt, may_be_slash, separator, to_written
from digits.types import Box

SEVEN, FIVE = Box(0, 100, 40, 60), Box(80, 102, 36, 58)
DIGITS = (SEVEN, FIVE)
POINT = ("dot", Box(56, 152, 8, 9))
COMMA = ("stroke", Box(56, 148, 7, 22))
MINUS = ("dash", Box(-40, 128, 26, 6))
HYPHEN = ("dash", Box(46, 126, 24, 6))
SLASH = ("stroke", Box(48, 96, 24, 68))
TRAILING_DASH = ("dash", Box(130, 128, 24, 6))
HIGH_DOT = ("dot", Box(56, 104, 8, 8))
UNDERLINE = ("dash", Box(20, 168, 70, 4))
SPECK_BEFORE = ("dot", Box(-20, 106, 6, 6))
POINT_BEFORE = ("dot", Box(-20, 150, 8, 8))
FULL_STOP = ("dot", Box(126, 152, 8, 8))
STROKE_AFTER = ("stroke", Box(126, 110, 8, 30))
BLOT = ("other", Box(50, 120, 20, 20))


@pytest.mark.parametrize(
    ("marks", "written"),
    [
        ([], "75"),
        ([POINT], "7.5"),
        ([COMMA], "7.5"),
        ([MINUS], "-75"),
        ([HYPHEN], "7-5"),
        ([SLASH], "7/5"),
        ([MINUS, POINT], "-7.5"),
        ([TRAILING_DASH], "75"),
        ([HIGH_DOT], "75"),
        ([UNDERLINE], "75"),
        ([BLOT], "75"),
    ],
)
def test_what_is_written_has_the_separators_that_can_be_told(marks, written):
    assert to_written(list(zip("75", DIGITS, strict=True)), marks) == written


def test_a_dash_alone_is_written_and_other_marks_are_not():
    assert to_written([], [MINUS]) == "-"
    assert to_written([], [BLOT, POINT]) == ""


@pytest.mark.parametrize(
    ("mark", "doubt"),
    [
        (POINT, True),
        (HIGH_DOT, True),
        (BLOT, True),
        (SLASH, True),
        (MINUS, True),
        (POINT_BEFORE, True),
        (SPECK_BEFORE, False),
        (FULL_STOP, False),
        (TRAILING_DASH, False),
        (STROKE_AFTER, True),
    ],
)
def test_a_mark_that_may_change_the_number_leaves_a_doubt(mark, doubt):
    assert leaves_doubt(mark, DIGITS) == doubt


def test_what_the_edge_of_the_picture_cuts_leaves_no_doubt_beside_the_number():
    assert not leaves_doubt(STROKE_AFTER, DIGITS, is_cut=True)
    assert not leaves_doubt(MINUS, DIGITS, is_cut=True)
    assert leaves_doubt(POINT, DIGITS, is_cut=True)


@pytest.mark.parametrize(
    ("box", "index", "slash"),
    [
        (Box(46, 90, 26, 80), 1, True),
        (Box(46, 90, 8, 80), 1, False),  # upright
        (Box(46, 100, 26, 60), 1, False),  # no taller than its neighbours
        (Box(-40, 90, 26, 80), 0, False),  # the first digit
    ],
)
def test_a_tall_leaning_one_between_digits_may_be_a_slash(box, index, slash):
    digits = [SEVEN, FIVE]
    digits.insert(index, box)
    assert may_be_slash(index, digits) == slash


boxes = st.builds(Box, st.integers(-50, 200), st.integers(60, 200), *[st.integers(1, 80)] * 2)
marks = st.tuples(st.sampled_from(["dot", "dash", "stroke", "other"]), boxes)


@given(st.lists(marks, max_size=4))
def test_every_separator_is_a_mark_that_leaves_a_doubt(found):
    written = to_written(list(zip("75", DIGITS, strict=True)), found)
    assert "".join(c for c in written if c.isdigit()) == "75"
    signs = [mark for mark in found if separator(mark, DIGITS)]
    assert len(written) == 2 + len(signs)
    assert all(leaves_doubt(mark, DIGITS) for mark in signs)


@given(st.lists(marks, max_size=3), st.integers(-40, 400), st.integers(0, 300))
def test_where_the_number_stands_changes_nothing(found, across, down):
    def moved(box):
        return Box(box.x + across, box.y + down, box.width, box.height)

    before = to_written(list(zip("75", DIGITS, strict=True)), found)
    digits = list(zip("75", map(moved, DIGITS), strict=True))
    assert to_written(digits, [(kind, moved(box)) for kind, box in found]) == before
