"""A reading number by number: what is to be checked, what else it may be, what is copied."""

from dataclasses import replace

from handmade import digit, line, reading, table

from digits.types import Box, Mark
from digits.ui.numbers import (
    count_doubts,
    doubt_of,
    likeliest_readings,
    marked_parts,
    split_numbers,
    to_boxes,
    to_rows,
    to_text,
)

STROKE = Mark("stroke", Box(8, 0, 1, 8))


def test_each_line_is_a_number():
    numbers = split_numbers(reading(line("12"), line("34", y=20)))
    assert [(number, each.text) for number, each in numbers] == [("0", "12"), ("1", "34")]
    assert not numbers.is_table
    assert to_text(numbers, {}) == "12\n34"


def test_each_cell_of_a_table_is_a_number_and_an_empty_one_none():
    numbers = split_numbers(table("12 . 3", "4 56 ."))
    assert numbers.is_table
    assert to_text(numbers, {}) == "12\t\t3\n4\t56\t"
    shown = [
        [None if one is None else one.parts[0][0] for one in row] for row in to_rows(numbers, {})
    ]
    assert shown == [["12", None, "3"], ["4", "56", None]]
    assert len(to_boxes(numbers, {})) == 4


def test_headings_of_a_table_are_never_to_be_checked():
    read = table("? 7? ?1", "12 7 3", "4 56 8")
    numbers = split_numbers(replace(read, unread=(Box(44, 2, 6, 6), Box(44, 80, 6, 6))))
    states = {box.label: box.state for box in to_boxes(numbers, {})}
    assert states == {
        "?": "sure",
        "7?": "sure",
        "?1": "sure",
        "12": "sure",
        "7": "check",
        "3": "sure",
        "4": "sure",
        "56": "sure",
        "8": "sure",
        "": "unread",
    }
    assert count_doubts(numbers, {}) == "1 digit to check, 1 place not read"
    doubted = [
        one.parts for row in to_rows(numbers, {}) for one in row if any(p[1] for p in one.parts)
    ]
    assert doubted == [(("7", True),)]


def test_boxes_of_one_digit_each_are_one_number():
    numbers = split_numbers(table("1 2 3"))
    assert not numbers.is_table
    assert [each.text for _, each in numbers] == ["1\t2\t3"]


def test_what_was_said_takes_the_place_of_what_was_read():
    numbers = split_numbers(table("12 7", "4 56"))
    seven = next(number for number, each in numbers if each.text == "7")
    truths = {seven: "1.5"}
    assert to_text(numbers, truths) == "12\t1.5\n4\t56"
    box = next(box for box in to_boxes(numbers, truths) if box.id == seven)
    assert (box.label, box.state, box.reason) == ("1.5", "confirmed", "")
    assert count_doubts(numbers, {}) == "1 digit to check"
    assert count_doubts(numbers, truths) == ""


def test_what_is_not_a_number_leaves_no_line():
    numbers = split_numbers(reading(line("12"), line("34", y=20)))
    assert to_text(numbers, {"0": ""}) == "34"
    assert to_text(split_numbers(table("12 7", "4 56")), {"0": "", "1": ""}) == "\t\n4\t56"


def test_doubts_are_named_in_two_words_and_counted():
    assert doubt_of(line("42")) == ""
    assert doubt_of(line("47")) == "Unsure"
    assert doubt_of(line("4?")) == "Is this a number?"
    assert doubt_of(line("42", point=1)) == "Decimal point?"
    assert doubt_of(line("42", written="-42")) == "Is this -42?"
    assert doubt_of(line("42", marks=(STROKE,))) == "Unsure"
    assert doubt_of(line("42", struck_out=True)) == "Struck out?"
    assert count_doubts(split_numbers(reading(line("77"), line("7"))), {}) == "3 digits to check"
    unsure = reading(replace(line("42"), confidence=0.5), line("7"))
    assert count_doubts(split_numbers(unsure), {}) == "2 numbers to check"
    dotted = split_numbers(reading(line("42", point=1)))
    assert count_doubts(dotted, {}) == "1 number to check"


def test_doubted_digits_and_separators_are_marked():
    assert marked_parts(line("1742")) == (("1", False), ("7", True), ("42", False))
    assert marked_parts(line("42", point=1)) == (("4", False), (".", True), ("2", False))
    assert marked_parts(line("??")) == (("??", True),)
    assert marked_parts(replace(line("42"), confidence=0.5)) == (("42", True),)


def test_the_likeliest_readings_come_first_with_and_without_a_point():
    assert likeliest_readings(line("47"))[:2] == ("47", "41")
    assert likeliest_readings(line("42", point=1))[:2] == ("4.2", "42")
    assert len(likeliest_readings(line("12345"))) == 3


def test_a_rejected_character_is_offered_as_the_digits_that_it_is_likeliest_to_be():
    assert likeliest_readings(line("4?"))[0] == "41"
    assert digit("?", 0, 0).value is None


def test_what_was_seen_and_not_read_has_a_box_until_someone_says_what_it_is():
    numbers = split_numbers(reading(line("42"), unread=(Box(100, 50, 20, 10), Box(2, 2, 6, 5))))
    boxes = to_boxes(numbers, {})
    assert [(box.id, box.state) for box in boxes] == [("0", "sure"), ("unread-0", "unread")]
    assert count_doubts(numbers, {}) == "1 place not read"
    truths = {"unread-0": "8"}
    assert [box.state for box in to_boxes(numbers, truths)] == ["sure", "confirmed"]
    assert to_text(numbers, truths) == "42\n8"
    assert count_doubts(numbers, truths) == ""
