"""Two readings of one page: the better one is kept, and doubted where the other differs."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digits.image.page_segmentation import Layout, TextRegion
from digits.reading.agreement import confidence_of
from digits.reading.composition import PageReading, ReadNumber
from digits.reading.second_opinion import confirm, expected_digits, settle, settle_boxes
from digits.types import CONFIDENCE_THRESHOLD, Box, Digit, Line, Mark

FRAME = np.zeros((28, 28), np.float32)


def number(text, x, y, confidence=0.99, step=20):
    """Return a number whose digits are 12 px wide and 20 px high."""
    digits = tuple(
        Digit(
            None if character == "?" else int(character),
            0.99,
            Box(x + step * i, y, 12, 20),
            (0.1,) * 10,
            None,
            FRAME,
        )
        for i, character in enumerate(text)
    )
    box = Box.around(digit.box for digit in digits)
    return ReadNumber(Line(text, confidence, box, digits))


def reading(*numbers):
    parts = tuple(TextRegion(None, n.line.box) for n in numbers)
    return PageReading(Layout(parts), numbers)


def texts(found):
    return [line.text for line in found.lines]


def confidences(found):
    return [line.confidence for line in found.lines]


def test_what_both_read_is_kept_and_nothing_is_left_out():
    one = reading(number("2026", 10, 10), number("7", 10, 80))
    found = confirm(one, reading(number("7", 11, 82), number("2026", 9, 11)))
    assert texts(found) == ["2026", "7"]
    assert found.layout == one.layout
    assert confidences(found) == [confidence_of("agreed", (0.99, 0.99))] * 2


@pytest.mark.parametrize("other", ["2026", "2028", ""])
def test_the_confidence_depends_on_what_the_other_reading_has_in_the_place(other):
    one = reading(number("2026", 10, 10, confidence=0.9))
    there = reading(number(other, 10, 10, confidence=0.8)) if other else reading()
    expected = {
        "2026": confidence_of("agreed", (0.9, 0.8)),
        "2028": confidence_of("disputed", (0.9,)),
        "": confidence_of("alone", (0.9,)),
    }
    assert confidences(confirm(one, there)) == [expected[other]]


@given(st.floats(0.001, 0.999), st.floats(0.001, 0.999))
def test_agreement_is_worth_more_than_a_dispute_and_more_confidence_is_worth_more(one, other):
    for kind in ("disputed", "alone"):
        assert confidence_of(kind, (one,)) < CONFIDENCE_THRESHOLD
    agreed = confidence_of("agreed", (one, other))
    assert agreed == confidence_of("agreed", (other, one))
    assert agreed <= confidence_of("agreed", (one, max(other, 0.999)))


@pytest.mark.parametrize("kind", ["agreed", "disputed", "alone"])
def test_a_number_with_a_rejected_character_keeps_no_confidence(kind):
    assert confidence_of(kind, (0.0,)) == 0.0


def test_a_mark_that_one_reading_has_is_kept():
    plain = number("12", 10, 10)
    mark = Mark("dash", Box(0, 18, 8, 3))
    signed = dataclasses.replace(
        plain, line=dataclasses.replace(plain.line, marks=(mark,), written="-12"), is_marked=True
    )
    for found in (
        confirm(reading(plain), reading(signed)),
        confirm(reading(signed), reading(plain)),
    ):
        (kept,) = found.numbers
        assert (kept.line.written, kept.line.marks, kept.is_marked) == ("-12", (mark,), True)


def test_a_number_may_be_several_in_the_other_reading():
    whole = reading(number("781", 10, 10))
    cells = reading(*(number(text, 10 + 20 * i, 12) for i, text in enumerate("781")))
    both = pytest.approx(confidence_of("agreed", (0.99, 0.99**3)))
    assert confidences(confirm(whole, cells)) == [both]
    third = 0.99 ** (1 / 3)  # as if its three digits shared the whole number's confidence
    expected = pytest.approx(confidence_of("agreed", (0.99, third)))
    assert confidences(confirm(cells, whole)) == [expected] * 3


def test_a_box_of_a_number_does_not_take_what_is_written_in_the_whole():
    whole = number("781", 10, 10, confidence=0.729)
    line = dataclasses.replace(whole.line, marks=(Mark("dash", Box(0, 18, 8, 3)),), written="-781")
    whole = dataclasses.replace(whole, line=line, is_marked=True)
    cells = reading(*(number(text, 10 + 20 * i, 12) for i, text in enumerate("781")))
    found = confirm(cells, reading(whole))
    assert [line.written for line in found.lines] == ["7", "8", "1"]
    assert confidences(found) == [pytest.approx(confidence_of("agreed", (0.99, 0.9)))] * 3
    assert all(one.is_marked for one in found.numbers)


@pytest.mark.parametrize("other", ["2028", "202", "20?6"])
def test_only_what_differs_is_less_confident(other):
    one = reading(number("2026", 10, 10), number("7", 10, 80))
    found = confirm(one, reading(number(other, 10, 10), number("7", 10, 80)))
    disputed, agreed = confidences(found)
    assert disputed < agreed == confidence_of("agreed", (0.99, 0.99))
    assert texts(found) == ["2026", "7"]


def test_what_only_the_other_reads_is_named_as_not_read():
    found = confirm(reading(number("2026", 10, 10)), reading(number("5", 300, 300)))
    assert found.layout.left_out == (Box(300, 300, 12, 20),)


def test_a_digit_more_beside_a_number_is_named_as_not_read():
    found = confirm(reading(number("2026", 10, 10)), reading(number("20261", 10, 10, step=22)))
    assert found.layout.left_out == (Box(98, 10, 12, 20),)


def test_rejected_characters_of_the_other_count_for_nothing():
    one = reading(number("2026", 10, 10))
    assert confirm(one, reading(*one.numbers, number("?", 300, 300))) == confirm(one, one)


def test_the_reading_with_more_digits_that_are_likely_to_be_right_is_kept():
    few, many = reading(number("20", 10, 10)), reading(number("2026", 10, 10))
    for found in (settle(few, many), settle(many, few)):
        assert texts(found) == ["2026"]
    unsure = dataclasses.replace(many, numbers=(number("2026", 10, 10, confidence=0.2),))
    assert [line.text for line in settle(few, unsure).lines] == ["20"]


def in_cells(found):
    """Return a reading whose numbers are the cells of one row."""
    parts = tuple(
        dataclasses.replace(part, place=(0, i)) for i, part in enumerate(found.layout.numbers)
    )
    return dataclasses.replace(found, layout=Layout(parts))


def test_cells_are_worth_a_few_digits_but_not_many():
    line = reading(number("202611", 10, 10, confidence=0.5))
    cells = in_cells(reading(number("20", 10, 10), number("26", 50, 10), number("11", 90, 10)))
    assert texts(settle(line, cells)) == ["20", "26", "11"]
    few = in_cells(reading(number("2", 10, 10), number("0", 30, 10)))
    assert texts(settle(line, few)) == ["202611"]


def test_one_number_whose_digits_stand_far_apart_is_not_torn_into_cells():
    line = reading(number("202611", 10, 10, confidence=0.97))
    digits = [number(text, 10 + 20 * i, 10, confidence=0.99) for i, text in enumerate("202611")]
    assert texts(settle(line, in_cells(reading(*digits)))) == ["202611"]


def test_what_both_read_does_not_count_for_either():
    geometry = reading(*(number("123456", 10, 60 * i, confidence=0.8) for i in range(4)))
    surer = [number("123456", 10, 60 * i, confidence=0.99) for i in range(4)]
    maps = reading(*surer, number("00", 400, 400, confidence=0.01))
    assert [line.text for line in settle(geometry, maps).lines] == ["123456"] * 4


def test_whole_numbers_are_worth_more_than_their_digits_in_a_wrong_one():
    geometry = reading(number("512345", 10, 10, confidence=0.3))
    maps = reading(number("12", 30, 10, confidence=0.98), number("345", 70, 10, confidence=0.98))
    assert texts(settle(geometry, maps)) == ["12", "345"]
    sure = reading(number("512345", 10, 10, confidence=0.98))
    assert texts(settle(sure, maps)) == ["512345"]


def test_digits_of_one_number_that_the_maps_have_one_by_one_stay_one_number():
    line = reading(number("12345", 10, 10, confidence=0.15))
    digits = [number(text, 10 + 20 * i, 10, confidence=0.99) for i, text in enumerate("12345")]
    assert texts(settle(line, reading(*digits))) == ["12345"]


def test_without_one_reading_the_other_holds():
    one = reading(number("2026", 10, 10))
    assert settle(one, None) is one


def test_rejected_characters_are_not_expected_to_be_right():
    assert expected_digits([number("2?", 0, 0, confidence=0.5).line]) == 0.5


def test_of_a_box_the_more_confident_reading_is_kept_and_the_rest_of_the_page_does_not_matter():
    borders = reading(number("1718", 10, 10, confidence=0.2, step=10), number("5", 10, 90))
    cells = [number(digit, 10 + 20 * i, 10) for i, digit in enumerate("78")]
    maps = reading(*cells, number("6", 200, 10), number("5", 10, 91, confidence=0.97))
    found = settle_boxes(borders, maps, (Box(0, 0, 100, 40), Box(0, 80, 100, 40)))
    assert texts(found) == ["78", "5"]
    assert confidences(found) == [
        pytest.approx(confidence_of("disputed", (0.99**2,))),
        pytest.approx(confidence_of("agreed", (0.97, 0.99))),
    ]
    assert found.layout.numbers == borders.layout.numbers
    assert not any(box.x > 150 for box in found.layout.left_out)


def test_a_box_in_which_the_maps_show_nothing_stays_as_it_was_read():
    one = reading(number("7", 10, 10))
    assert settle_boxes(one, reading(number("3", 10, 90)), (Box(0, 0, 50, 50),)) == one


def settle_in_boxes(geometry, maps):
    return settle_boxes(geometry, maps, (Box(0, 0, 100, 40), Box(0, 70, 100, 40)))


@pytest.mark.parametrize("combine", [settle, settle_in_boxes])
def test_a_number_in_a_struck_out_place_is_marked_and_another_is_not(combine):
    page = reading(number("354", 10, 10), number("7", 10, 80))
    maps = PageReading(Layout((), struck_out=(Box(0, 0, 80, 40),)), ())
    assert [line.struck_out for line in combine(page, maps).lines] == [True, False]
    assert not any(line.struck_out for line in combine(page, page).lines)


def test_a_number_of_which_the_other_reading_is_far_more_confident_is_taken():
    page = reading(number("781", 10, 10, confidence=0.4), number("5", 10, 90))
    found = confirm(page, reading(number("789", 11, 10, confidence=0.98), number("5", 10, 90)))
    assert texts(found) == ["789", "5"]
    assert found.lines[0].confidence == confidence_of("disputed", (0.98,))
    assert found.layout.numbers == page.layout.numbers


@pytest.mark.parametrize("text", ["789", "7898"])
def test_a_number_is_not_taken_where_confidence_or_place_differ_too_little(text):
    page = reading(number("781", 10, 10, confidence=0.9), number("5", 300, 90))
    others = number(text, 11, 10, confidence=0.95), number("5", 300, 90)
    assert texts(confirm(page, reading(*others))) == ["781", "5"]


def test_what_is_rejected_as_a_whole_is_not_named_by_the_other_reading():
    dashes = reading(number("??", 10, 10, confidence=0.0))
    assert texts(confirm(dashes, reading(number("00", 10, 10, confidence=0.9)))) == ["??"]


def test_a_digit_that_only_the_maps_have_decides_though_geometry_left_its_place_out():
    page = reading(number("41", 10, 10))
    page = dataclasses.replace(
        page, layout=dataclasses.replace(page.layout, left_out=(Box(45, 5, 30, 30),))
    )
    assert texts(settle(page, reading(number("418", 10, 10)))) == ["418"]


def test_letters_that_are_rejected_count_against_the_digits_read_among_them():
    page = reading(number("2026", 10, 10))
    letters = number("?1", 10, 90), number("??", 10, 150), number("5", 10, 210)
    assert texts(settle(page, reading(number("2026", 10, 10), *letters))) == ["2026"]


def test_pieces_of_one_digit_count_once():
    digit = Digit(4, 0.99, Box(10, 10, 100, 100), (0.1,) * 10, None, FRAME)
    geometry = reading(ReadNumber(Line("4", 0.2, digit.box, (digit,))))
    maps = reading(number("1", 20, 20, confidence=0.5), number("1", 70, 60, confidence=0.4))
    assert texts(settle(geometry, maps)) == ["4"]


def test_two_readings_of_a_stroke_do_not_make_it_a_one():
    one, other = (reading(number("1", 10, 10, confidence=c)) for c in (0.4, 0.3))
    assert confidences(confirm(one, other)) == [0.3]
    assert confidences(confirm(reading(number("7", 10, 10, confidence=0.4)), other)) != [0.3]
