"""A reader evaluated on digits of known writers."""

import numpy as np

from digits.evaluation.writers import evaluate_writers, to_picture
from digits.registry import current_reader
from digits.synthesis.strokes import Handwritten, smooth

SEVEN = Handwritten(
    "7",
    "example",
    "w1",
    smooth([np.array([[0, 0], [60, 0], [20, 100]]), np.array([[15, 50], [55, 50]])]),
)


def test_strokes_become_a_dark_digit_on_white_paper():
    picture = to_picture(SEVEN)
    assert picture.grey.dtype == np.uint8
    assert (picture.grey[0] == 255).all()
    inked = np.flatnonzero((picture.grey < 128).any(axis=1))
    assert abs(len(inked) - 100) <= 1
    assert picture.sha256 == to_picture(SEVEN).sha256


def test_a_scan_is_shown_as_it_is():
    scan = np.zeros((60, 9), np.uint8)
    scan[:, 2:6] = 200
    picture = to_picture(Handwritten("1", "example", "w1", scan=scan))
    shown = 255 - picture.grey
    np.testing.assert_array_equal(shown[25:85, 25:34], scan)
    assert shown.sum() == scan.sum()


def test_each_answer_names_source_and_writer():
    (answer,) = evaluate_writers(current_reader(), [SEVEN])
    assert (answer.source, answer.writer, answer.truth) == ("example", "w1", "7")
    assert answer.right == (answer.text == "7")
    assert answer.right
    assert answer.confidence > 0.9
