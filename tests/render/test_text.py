"""What a reading says in words."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digits.render.html import bars
from digits.render.text import (
    digit_in_words,
    doubts_in_words,
    failure_in_words,
    in_percent,
    is_doubtful,
    runner_up,
    sureness_in_words,
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


def test_a_sure_digit_needs_no_words():
    assert digit_in_words(digit(7, 0.99)) == "7"


def test_a_doubtful_digit_names_its_runner_up():
    assert digit_in_words(digit(7, 0.9)) == "7, perhaps 1"


def test_a_refused_digit_names_what_it_is_most_like():
    assert digit_in_words(digit(None, 0.99, second=4)) == "?, perhaps 4"


@given(st.lists(st.floats(0, 1), min_size=10, max_size=10), st.none() | st.integers(0, 9))
def test_the_runner_up_is_the_best_of_the_others(shares, value):
    second = runner_up(Digit(value, 0.5, Box(0, 0, 1, 1), tuple(shares), None, FRAME))
    assert second != value
    others = [share for i, share in enumerate(shares) if i != value]
    assert shares[second] == max(others)


@given(st.floats(0, 1))
def test_a_digit_is_doubtful_below_one_limit_and_always_when_refused(confidence):
    assert is_doubtful(digit(7, confidence)) == (confidence < 0.95)
    assert is_doubtful(digit(None, confidence))


def test_doubts_say_where_the_digit_stands():
    digits = [digit(7, 0.99) for _ in range(23)]
    for place in (1, 2, 3, 4, 11, 12, 13, 21, 22, 23):
        digits[place - 1] = digit(7, 0.5)
    line = Line("7" * 23, 0.5, Box(0, 0, 9, 9), tuple(digits))
    places = [doubt.split()[0] for doubt in doubts_in_words(line)]
    assert places == ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "23rd"]
    assert doubts_in_words(line)[2] == "3rd digit: 7, perhaps 1"


def test_a_line_of_one_digit_counts_no_places():
    line = Line("7", 0.5, Box(0, 0, 9, 9), (digit(7, 0.5),))
    assert doubts_in_words(line) == ("7, perhaps 1",)


def test_certainty_is_never_claimed():
    assert sureness_in_words(reading(digit(7, 1.0), confidence=1.0))[0] == "Over 99.9%"
    assert sureness_in_words(reading(digit(7, 1.0), confidence=0.998))[0] == "99.8%"


@pytest.mark.parametrize("confidence", [0.0, 0.5, 0.9])
def test_doubt_asks_to_check(confidence):
    assert "please check" in sureness_in_words(reading(digit(7, 1.0), confidence=confidence))[1]


def test_a_doubtful_reading_asks_to_check_however_sure_its_digits_are():
    sure = replace(reading(digit(7, 1.0), confidence=1.0), status="doubtful")
    assert "please check" in sureness_in_words(sure)[1]


def test_a_refused_picture_says_why():
    refused = replace(reading(), status="refused")
    assert "digit" in failure_in_words(refused)
    noted = replace(refused, notes=("The picture is blurred.",))
    assert failure_in_words(noted).endswith("The picture is blurred")
    assert failure_in_words(replace(refused, status="failed", error="it is empty")) == "it is empty"
    assert failure_in_words(replace(refused, status="doubtful")) == ""


@given(st.floats(0, 1))
def test_no_probability_is_shown_as_certain_or_impossible(probability):
    shown = in_percent(probability)
    assert shown not in ("0.0%", "100.0%")
    number = float(shown.split()[-1].rstrip("%")) / 100
    assert abs(number - probability) <= 0.001


def test_the_bar_of_a_certain_digit_says_the_same_as_the_answer():
    certain = digit(7, 0.99995)
    percent, _ = sureness_in_words(reading(certain, confidence=0.99995))
    assert percent.lower() in bars(certain.probabilities, 7, "x")
