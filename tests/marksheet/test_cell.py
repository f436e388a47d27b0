"""One cell: what is doubted in it, and what is offered instead."""

import itertools
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sheets import DECIMAL, FRAME, NUMBER, POINT, POINTS, TOTAL, dash, entry, letters, number

from digits.marksheet.cell import (
    Column,
    Edit,
    check_cell,
    is_word,
    likeliest,
    likely_texts,
    to_number,
    to_points,
    to_truth,
    written_text,
)
from digits.marksheet.scan import Entry
from digits.types import Box, Digit, Line

FRACTION = Column("Task", "fraction", Decimal(20))
BOX = Box(0, 0, 90, 40)


def doubts(cell):
    return [doubt.kind for doubt in cell.doubts]


def texts(line, column):
    return [text for text, _ in likely_texts(line, column)]


# A point is never lost.


@pytest.mark.parametrize("column", [POINTS, NUMBER, TOTAL, Column("x", maximum=Decimal(10))])
def test_7_5_never_comes_out_as_an_unmarked_75(column):
    cell = check_cell(entry("75", marks=[POINT]), column)
    assert cell.text == "7.5"
    assert cell.doubts[0].text == "Is this 7.5?"
    assert cell.candidates[0] == "7.5"


def test_a_decimal_is_a_value_like_any_other_where_decimals_are_expected():
    for column in (DECIMAL, Column("Total", "total", decimals=True)):
        cell = check_cell(entry("75", marks=[POINT]), column)
        assert (cell.text, cell.doubts) == ("7.5", ())


def test_a_decimal_beyond_the_maximum_is_doubtful_there_too():
    capped = Column("x", "decimal", Decimal(5))
    assert doubts(check_cell(entry("75", marks=[POINT]), capped)) == ["maximum"]


@given(
    text=st.text("0123456789?", min_size=1, max_size=5),
    marks=st.lists(
        st.tuples(
            st.sampled_from(["dot", "dash", "stroke", "other"]),
            st.integers(0, 150),
            st.integers(0, 26),
        ),
        min_size=1,
        max_size=3,
    ),
    kind=st.sampled_from(["points", "identifier", "total"]),
)
def test_a_cell_with_any_mark_is_doubtful_and_shows_it(text, marks, kind):
    line = number(text, marks=marks)
    cell = check_cell(Entry(line, 0, BOX), Column("x", kind))
    assert cell.doubts
    assert len(cell.text) == len(text) + len(marks)
    assert [c for c in cell.text if c.isdigit() or c == "?"] == list(text)


def test_the_written_text_of_the_reader_has_priority_over_marks():
    assert written_text(number("75", written="7.5")) == "7.5"
    assert written_text(number("75", marks=[POINT], written="7,5")) == "7,5"
    assert written_text(number("75", marks=[("other", 23, 2)])) == "7*5"
    assert written_text(number("75", marks=[("other", 23, 25)])) == "7.5"
    assert written_text(number("75", marks=[("dash", 23, 25)])) == "7-5"


def test_points_of_a_maximum_are_points():
    assert check_cell(entry("1720", written="17/20"), FRACTION).doubts == ()
    assert doubts(check_cell(entry("1725", written="17/25"), FRACTION)) == ["maximum"]
    assert doubts(check_cell(entry("2520", written="25/20"), FRACTION)) == ["maximum"]
    assert doubts(check_cell(entry("1720", written="17/20"), POINTS)) == ["separator"]
    assert to_points("17/20") == 17


def test_a_minus_is_asked_for():
    cell = check_cell(entry("4", written="-4"), POINTS)
    assert (cell.text, cell.doubts[0].text) == ("-4", "Is this -4?")
    assert doubts(check_cell(entry("4", written="-4"), DECIMAL)) == ["separator"]


def test_where_decimals_are_allowed_both_readings_are_offered_with_the_point_first():
    line = number("75", marks=[POINT])
    assert texts(line, DECIMAL)[:2] == ["7.5", "75"]
    assert check_cell(Entry(line, 0, BOX), POINTS).candidates[:2] == ("7.5", "75")
    assert texts(line, Column("x", "decimal", Decimal(10)))[0] == "7.5"


def test_a_decimal_point_that_was_missed_is_offered_after_the_plain_number():
    assert texts(number("75"), DECIMAL)[:2] == ["75", "7.5"]
    capped = Column("x", "decimal", Decimal(10))
    cell = check_cell(entry("75"), capped)
    assert (cell.text, doubts(cell)) == ("75", ["maximum"])
    assert cell.candidates[0] == "7.5"


# What does not fit.


def test_a_reading_above_the_maximum_is_doubtful_and_the_next_best_only_offered():
    line = number("9", sure=0.97, second=4)
    cell = check_cell(Entry(line, 0, BOX), Column("x", maximum=Decimal(5)))
    assert cell.text == "9"
    assert cell.doubts[0].text == "More than 5"
    assert cell.candidates == ("4",)


probabilities = st.lists(st.floats(0.001, 1), min_size=10, max_size=10).map(
    lambda p: tuple(np.array(p) / sum(p))
)


@given(st.lists(probabilities, min_size=1, max_size=2), st.integers(0, 40))
@settings(deadline=None)
def test_what_is_offered_is_the_likeliest_reading_that_fits(every, maximum):
    digits = tuple(
        Digit(int(np.argmax(p)), max(p), Box(30 * i, 0, 20, 30), p, None, FRAME)
        for i, p in enumerate(every)
    )
    text = "".join(str(d.value) for d in digits)
    line = Line(text, 0.5, Box(0, 0, 50, 30), digits)
    by_hand = {
        "".join(map(str, values)): np.prod([p[v] for p, v in zip(every, values, strict=True)])
        for values in itertools.product(range(10), repeat=len(every))
    }
    fitting = [t for t in by_hand if int(t) <= maximum and (t == "0" or t[0] != "0")]
    offered = texts(line, Column("x", maximum=Decimal(maximum)))
    assert set(offered) <= set(fitting)
    if fitting:
        assert np.isclose(by_hand[offered[0]], max(by_hand[t] for t in fitting))
    falling = [by_hand[t] for t in offered]
    assert falling == sorted(falling, reverse=True)


@given(st.lists(probabilities, min_size=1, max_size=2))
@settings(deadline=None)
def test_all_readings_come_once_and_their_probabilities_fall(every):
    found = list(likeliest(every))
    assert len({text for text, _ in found}) == len(found) == 10 ** len(every)
    assert np.isclose(sum(p for _, p in found), 1)
    assert all(a >= b - 1e-12 for (_, a), (_, b) in itertools.pairwise(found))


@pytest.mark.parametrize(
    ("cell", "doubt"),
    [
        (entry("3?"), "Not all of it is digits"),
        (entry("37", sure=0.8), "Unsure"),
        (letters(), "Not a number"),
        (dash(), "A dash: absent?"),
        (entry("37", struck_out=True), "Struck out"),
    ],
)
def test_the_reason_is_said_in_plain_words(cell, doubt):
    assert [each.text for each in check_cell(cell, POINTS).doubts] == [doubt]


def test_letters_have_no_text_and_a_dash_has():
    assert check_cell(letters(), POINTS).text == ""
    assert check_cell(entry("", marks=[("other", 2, 2)]), POINTS).text == ""
    assert check_cell(dash(), POINTS).text == "-"


def test_a_doubtful_reading_can_be_confirmed_with_the_first_key():
    cell = check_cell(entry("7", sure=0.7, second=1), POINTS)
    assert cell.candidates == ("7", "1")


def test_an_empty_cell_is_empty_and_not_doubtful():
    assert check_cell(entry(), POINTS).doubts == ()
    assert check_cell(None, POINTS).text == ""


def test_what_a_person_confirms_is_no_longer_doubted_but_must_fit():
    doubted = entry("75", marks=[POINT])

    def left(column, text, **options):
        return doubts(check_cell(doubted, column, Edit(text, **options)))

    assert left(DECIMAL, "7.5") == []
    assert left(POINTS, "7.5") == ["whole"]
    assert left(POINTS, "7.5", kept=True) == []
    assert left(Column("x", maximum=Decimal(5)), "75") == ["maximum"]
    assert left(Column("x", maximum=Decimal(5)), "75", kept=True) == []
    assert left(POINTS, "") == []
    assert left(POINTS, "absent") == []
    assert left(FRACTION, "17") == []


@pytest.mark.parametrize("text", [".3.2", "7..5", "7-5", "3 2", "1e5", "17/20", "B4"])
def test_a_confirmed_text_that_is_no_number_is_still_open(text):
    assert doubts(check_cell(entry("32"), POINTS, Edit(text))) == ["no number"]
    assert doubts(check_cell(entry("32"), POINTS, Edit(text, kept=True))) == ["no number"]


def test_names_and_columns_to_ignore_are_never_doubted():
    for kind in ("name", "ignore"):
        for cell in (letters(), dash(), entry("3?"), entry("7", sure=0.1)):
            assert check_cell(cell, Column("x", kind)).doubts == ()


@given(st.text())
def test_a_number_is_plain_or_none(text):
    value = to_number(text)
    assert value is None or value.is_finite()
    assert not (is_word(text) and value is not None)


@pytest.mark.parametrize(
    ("text", "truth"),
    [("7,5", "75"), ("007", "007"), ("", ""), ("17/20", "1720"), ("-", None), ("7-5", None),
     ("absent", None)],
)  # fmt: skip
def test_the_truth_is_the_digits_on_the_paper(text, truth):
    assert to_truth(text) == truth
