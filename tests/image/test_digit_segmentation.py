"""Digits cut out of a straightened line: whose ink is whose, and what is a mark."""

import numpy as np
import pytest

from digits.image.digit_segmentation import cut_symbols


def cut_digits(ink, columns):
    """Return the glyphs and marks of a line that has digits alone."""
    return cut_symbols(ink, columns, "0" * len(columns))[:2]


def line(height=60, width=240):
    return np.zeros((height, width), np.float32)


def bar(page, x, y, width, height):
    page[y : y + height, x : x + width] = 1.0
    return page


def test_separate_digits_keep_their_own_ink():
    page = bar(bar(line(), 20, 10, 8, 40), 100, 10, 20, 40)
    (left, right), marks = cut_digits(page, [24.0, 110.0])
    assert not marks
    assert left.ink.sum() == pytest.approx(8 * 40)
    assert right.ink.sum() == pytest.approx(20 * 40)
    assert left.box.x <= 20 < 28 <= left.box.right


def test_no_ink_is_lost_or_given_twice_when_touching_digits_are_parted():
    page = bar(bar(bar(line(), 20, 10, 10, 40), 60, 10, 10, 40), 20, 30, 50, 4)
    (left, right), marks = cut_digits(page, [25.0, 65.0])
    assert not marks
    assert left.ink.sum() + right.ink.sum() == pytest.approx(page.sum(), rel=0.02)
    assert left.box.right <= right.box.x + 3


def test_each_of_many_joined_digits_gets_its_own_ink():
    page = bar(line(width=400), 20, 48, 340, 2)
    lefts = range(20, 360, 48)
    for left in lefts:
        bar(page, left, 10, 12, 40)
    glyphs, marks = cut_digits(page, [left + 6.0 for left in lefts])
    assert not marks
    for glyph, left in zip(glyphs, lefts, strict=True):
        assert glyph.box.x <= left < left + 12 <= glyph.box.right
        assert glyph.box.width < 60


def test_a_slanted_digit_is_not_cut_by_its_neighbours_upright():
    page = line()
    for y in range(10, 50):  # two parallel slanted strokes whose columns overlap
        bar(page, 80 - y, y, 5, 1)
        bar(page, 92 - y, y, 5, 1)
    (left, right), _ = cut_digits(page, [52.0, 64.0])
    assert left.ink.sum() == pytest.approx(5 * 40)
    assert right.ink.sum() == pytest.approx(5 * 40)


def test_the_bar_of_a_five_belongs_to_it():
    page = bar(bar(line(), 20, 22, 20, 30), 24, 10, 24, 5)
    (five,), marks = cut_digits(page, [30.0])
    assert not marks
    assert five.box.y <= 10


@pytest.mark.parametrize(
    ("mark", "kind"),
    [((70, 45, 6, 6), "dot"), ((62, 30, 26, 4), "dash"), ((72, 2, 4, 56), "stroke")],
)
def test_marks_between_digits_are_classified_and_never_dropped(mark, kind):
    page = bar(bar(line(), 20, 10, 12, 40), 110, 10, 12, 40)
    bar(page, *mark)
    digits, marks = cut_digits(page, [26.0, 116.0])
    assert [found for found, _ in marks] == [kind]
    assert all(digit.ink.sum() == pytest.approx(12 * 40) for digit in digits)
    box = marks[0][1]
    assert (box.x, box.y, box.width, box.height) == mark


def test_a_point_under_a_slanted_digit_is_a_mark_and_no_part_of_it():
    page = line()
    for y in range(10, 50):
        bar(page, 80 - y, y, 6, 1)
    bar(bar(page, 60, 44, 6, 6), 110, 10, 12, 40)
    digits, marks = cut_digits(page, [52.0, 116.0])
    assert [kind for kind, _ in marks] == ["dot"]
    assert digits[0].ink.sum() == pytest.approx(6 * 40)


def test_the_broken_foot_of_a_two_belongs_to_it():
    page = bar(bar(line(), 20, 10, 20, 34), 24, 46, 24, 4)
    digits, marks = cut_digits(page, [30.0])
    assert not marks
    assert digits[0].box.bottom >= 50


def test_specks_are_no_marks():
    page = bar(bar(line(), 20, 10, 12, 40), 60, 30, 1, 2)
    assert cut_digits(page, [26.0])[1] == []


def test_a_line_of_one_row_is_parted():
    page = np.zeros((1, 40), np.float32)
    page[0, 5:35] = 1
    glyphs, _, _ = cut_symbols(page, [10.0, 30.0], "11")
    assert [glyph.box.x for glyph in glyphs] == pytest.approx([5, 20], abs=1)  # with its rim


def test_a_digit_without_ink_is_none():
    glyphs, _ = cut_digits(bar(line(), 20, 10, 12, 40), [26.0, 200.0])
    assert glyphs[0] is not None
    assert glyphs[1] is None


def test_bare_paper():
    assert cut_digits(line(), [30.0]) == ([None], [])
    assert cut_digits(line(), []) == ([], [])


def test_a_line_of_marks_alone():
    page = bar(line(), 20, 28, 40, 4)
    digits, marks = cut_digits(page, [])
    assert digits == []
    assert len(marks) == 1


@pytest.mark.parametrize(
    ("symbol", "kind", "sign"),
    [
        (".", "dot", (58, 46, 6, 6)),
        ("-", "dash", (52, 26, 20, 4)),
        ("/", "stroke", (60, 2, 5, 56)),
    ],
)
def test_a_separator_that_was_read_is_no_digit_and_no_other_mark(symbol, kind, sign):
    page = np.zeros((64, 140), np.float32)
    for x in (20, 90):
        page[8:52, x : x + 14] = 1
    x, y, width, height = sign
    page[y : y + height, x : x + width] = 1
    glyphs, marks, separators = cut_symbols(page, [27.0, x + width / 2, 97.0], f"1{symbol}1")
    assert [glyph.box.x for glyph in glyphs] == pytest.approx([20, 90], abs=1)  # with its rim
    assert marks == []
    assert [found for found, _ in separators] == [kind]
    assert separators[0][1].x == pytest.approx(x, abs=1)
