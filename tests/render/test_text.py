"""What a reading says in words."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from digits.render.html import bars
from digits.render.text import (
    digit_in_words,
    failure_in_words,
    in_percent,
    is_doubtful,
    runner_up,
)
from digits.types import Box, Digit, Line, ModelName, Reading

FRAME = np.zeros((28, 28), np.float32)


def digit(value, confidence, second=1, x=0):
    shares = [0.0] * 10
    shares[second] = 0.04
    if value is not None:
        shares[value] = confidence
    return Digit(value, confidence, Box(x, 4, 8, 8), tuple(shares), None, FRAME)


def reading(*digits, confidence=0.9):
    text = "".join(each.text for each in digits)
    line = Line(text, confidence, Box(0, 0, 50, 20), digits)
    name = ModelName("x", "")
    return Reading("0" * 64, (50, 20), "read", name, text, confidence, (line,))


def test_a_confident_digit_is_shown_alone():
    assert digit_in_words(digit(7, 0.99)) == "7"


def test_a_doubtful_digit_names_its_runner_up():
    assert digit_in_words(digit(7, 0.9)) == "7, perhaps 1"


def test_a_rejected_digit_names_its_most_probable_value():
    assert digit_in_words(digit(None, 0.99, second=4)) == "?, perhaps 4"


@given(st.lists(st.floats(0, 1), min_size=10, max_size=10), st.none() | st.integers(0, 9))
def test_the_runner_up_is_the_best_of_the_others(shares, value):
    second = runner_up(Digit(value, 0.5, Box(0, 0, 1, 1), tuple(shares), None, FRAME))
    assert second != value
    others = [share for i, share in enumerate(shares) if i != value]
    assert shares[second] == max(others)


@given(st.floats(0, 1))
def test_a_digit_is_doubtful_below_the_threshold_and_when_rejected(confidence):
    assert is_doubtful(digit(7, confidence)) == (confidence < 0.95)
    assert is_doubtful(digit(None, confidence))


def test_a_rejected_picture_has_a_reason():
    rejected = replace(reading(), status="refused")
    assert "digit" in failure_in_words(rejected)
    noted = replace(rejected, notes=("The picture is blurred.",))
    assert failure_in_words(noted).endswith("The picture is blurred")
    assert (
        failure_in_words(replace(rejected, status="failed", error="it is empty")) == "it is empty"
    )
    assert failure_in_words(replace(rejected, status="doubtful")) == ""


@given(st.floats(0, 1))
def test_no_probability_is_shown_as_certain_or_impossible(probability):
    shown = in_percent(probability)
    assert shown not in ("0.0%", "100.0%")
    number = float(shown.split()[-1].rstrip("%")) / 100
    assert abs(number - probability) <= 0.001


def test_the_bar_of_a_certain_digit_has_the_same_percentage():
    assert in_percent(0.99995) in bars(digit(7, 0.99995).probabilities, 7, "x")
