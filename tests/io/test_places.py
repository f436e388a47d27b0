"""Boxes and corners as people write them: what is read, and what is rejected with a reason."""

import pytest

from digits.errors import HintError
from digits.io.places import parse_box, parse_paper
from digits.types import Box, Paper

SQUARE = Paper(((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0)))


@pytest.mark.parametrize("text", ["1,2,3,4", "1, 2, 3, 4", " 1,2,3,4 "])
def test_a_box(text):
    assert parse_box(text, "--box") == Box(1, 2, 3, 4)


@pytest.mark.parametrize("text", ["0,0,9,0,9,9,0,9", "0,0, 9,0, 9,9, 0,9", "0.0,0,9.00,0,9,9,0,9"])
def test_the_corners_of_a_page(text):
    assert parse_paper(text, "--paper") == SQUARE


def test_a_corner_may_lie_outside_and_between_pixels():
    assert parse_paper("-3.5,-1,9.25,0,9,9,0,9", "paper").corners[:2] == ((-3.5, -1.0), (9.25, 0.0))


@pytest.mark.parametrize(
    "text", ["", "1,2,3", "1,2,3,4,5", "1;2;3;4", "-1,2,3,4", "1,2,0,4", "1.5,2,3,4", "1,2,3,4\n",
             "١,2,3,4", "1e2,2,3,4", "1234567,0,1,1"],
)  # fmt: skip
def test_what_is_no_box_is_named(text):
    with pytest.raises(HintError, match=r"^boxes takes x,y,width,height in whole pixels, not "):
        parse_box(text, "boxes")


@pytest.mark.parametrize(
    "text", ["", "1,2,3,4", "0,0,9,0,9,9,0", "0,0,9,0,9,9,0,nan", "0,0,9,0,9,9,0,9,"]
)
def test_what_is_no_page_is_named(text):
    with pytest.raises(HintError, match=r"^--paper takes x1,y1,"):
        parse_paper(text, "--paper")


def test_a_long_value_is_shortened():
    with pytest.raises(HintError) as raised:
        parse_box("9" * 5000, "--box")
    assert len(str(raised.value)) < 200
