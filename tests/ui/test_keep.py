"""What becomes of an answer that a person puts right."""

import numpy as np
import pytest

from digits.corrections.store import Corrections
from digits.errors import CorrectionsError
from digits.types import Box, Digit, Line, ModelName, Picture, Reading
from digits.ui.keep import keep_in

FRAME = np.zeros((28, 28), np.float32)


@pytest.fixture
def store(tmp_path):
    store = Corrections(f"sqlite:///{tmp_path / 'kept.sqlite'}")
    yield store
    store.close()


@pytest.fixture
def picture():
    return Picture(np.full((40, 60), 200, np.uint8), 60, 40, "0" * 64)


def reading(*texts):
    lines = tuple(
        Line(
            text,
            0.9,
            Box(2, 2 + 10 * row, 9 * len(text), 8),
            tuple(
                Digit(int(c), 0.9, Box(2 + 9 * i, 2 + 10 * row, 8, 8), (0.1,) * 10, None, FRAME)
                for i, c in enumerate(text)
            ),
        )
        for row, text in enumerate(texts)
    )
    name = ModelName("x", "")
    return Reading("0" * 64, (60, 40), "read", name, "\n".join(texts), 0.9, lines)


def test_the_line_and_its_digits_are_stored_and_said(store, picture):
    said = keep_in(lambda: store, "read")(picture, reading("12", "34"), 1, "39", "n.jpg")
    assert said == "Saved: 39, where 34 was read, each of its digits too."
    kept = {(each.line, each.digit, each.read, each.truth, each.file) for each in store.all()}
    assert kept == {
        (1, None, "34", "39", "n.jpg"),
        (1, 0, "3", "3", "n.jpg"),
        (1, 1, "4", "9", "n.jpg"),
    }


def test_a_truth_of_another_length_is_stored_as_a_line(store, picture):
    said = keep_in(lambda: store, "read")(picture, reading("12"), 0, "123", "")
    assert said == "Saved: 123, where 12 was read."
    assert [(each.digit, each.truth, each.file) for each in store.all()] == [(None, "123", None)]


def test_what_is_no_number_is_said_so(store, picture):
    assert "no number" in keep_in(lambda: store, "draw")(picture, reading("1"), 0, " ", "")
    assert store.all()[0].truth == ""


def test_what_was_right_is_confirmed(store, picture):
    assert keep_in(lambda: store, "draw")(picture, reading("1"), 0, "1", "") == "Saved: 1 is right."


def test_a_failure_is_a_sentence_and_stores_nothing(store, picture):
    with pytest.raises(CorrectionsError, match="digits only"):
        keep_in(lambda: store, "read")(picture, reading("12"), 0, "1x", "")
    assert store.count() == 0
