"""Boxes drawn on a picture: of digits, and of what was not read."""

import numpy as np
from PIL import Image

from digits.render.overlay import CONFIDENT, DOUBTFUL, outline
from digits.types import Box, Digit, Line, ModelName, Reading

FRAME = np.zeros((28, 28), np.float32)
SHARES = (0.0,) * 7 + (1.0, 0.0, 0.0)


def drawn(*, digits=(), unread=()):
    """Return where each colour was drawn on white paper: two masks (h, w)."""
    lines = (Line("7" * len(digits), 1.0, Box(0, 0, 9, 9), tuple(digits)),) if digits else ()
    name = ModelName("x", "")
    reading = Reading("0" * 64, (600, 400), "doubtful", name, "", 1.0, lines, unread=tuple(unread))
    shown = np.asarray(outline(Image.new("RGB", (600, 400), "white"), reading)).astype(int)
    return [np.abs(shown - colour).sum(axis=2) < 30 for colour in (CONFIDENT, DOUBTFUL)]


def test_what_was_not_read_has_a_dashed_box():
    _, dashes = drawn(unread=[Box(100, 50, 200, 100)])
    rows, columns = np.flatnonzero(dashes.any(axis=1)), np.flatnonzero(dashes.any(axis=0))
    assert abs(rows[0] - 50) <= 6 and abs(rows[-1] - 150) <= 6
    assert abs(columns[0] - 100) <= 6 and abs(columns[-1] - 300) <= 6
    top = dashes[rows[0] : rows[0] + 3, 110:290].any(axis=0)
    assert 0.3 < top.mean() < 0.7  # as much gap as dash
    assert not dashes[70:130, 120:280].any()


def test_a_digit_has_a_whole_box():
    box = Box(100, 50, 40, 60)
    sure, doubtful = drawn(digits=[Digit(7, 1.0, box, SHARES, None, FRAME)])
    assert sure[50:53, 100:140].any(axis=0).all()
    assert not doubtful.any()


def test_boxes_at_the_edge_and_of_one_pixel_are_drawn():
    _, dashes = drawn(unread=[Box(0, 0, 600, 400), Box(599, 399, 1, 1)])
    assert dashes.any()
