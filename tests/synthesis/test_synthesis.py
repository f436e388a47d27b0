"""Composed lines: what they promise the network that learns from them."""

import itertools
import re

import numpy as np
import pytest

from digits.synthesis.batches import WIDTHS, compose_batches, to_batch
from digits.synthesis.line import LONGEST, compose_line
from digits.synthesis.marks import LETTERS, draw_letters, draw_mark, draw_scribble, draw_stamp
from digits.synthesis.numbers import MOST_SYMBOLS, choose_number
from digits.synthesis.page_ink import InkBank, mnist_samples
from digits.synthesis.paper import photograph
from digits.types import ALPHABET, STRIP

pytest.importorskip("matplotlib", reason="Matplotlib, whose fonts are used, is not installed")


@pytest.fixture(scope="module")
def bank(validation):
    """Digits of MNIST, and one writer whose digits and letters are strokes."""
    stroke = np.array([[0, 0], [0.5, 0.1], [0.2, 1]], np.float32)
    writer = {sign: [(stroke,)] for sign in "0123456789"}
    letters = {sign: [(stroke, stroke + 0.2)] for sign in "ARkghms"}
    return InkBank(mnist_samples(validation), (writer,), (letters,))


@pytest.fixture(scope="module")
def lines(bank):
    rng = np.random.default_rng(11)
    return [compose_line(bank, rng) for _ in range(300)]


@pytest.fixture(scope="module")
def numbers():
    rng = np.random.default_rng(12)
    return [choose_number(rng) for _ in range(3000)]


def test_lines_are_strips_with_their_text(lines):
    for line in lines:
        height, width = line.strip.shape
        assert height == STRIP <= width
        assert line.strip.dtype == np.float32
        assert 0 <= line.strip.min() <= line.strip.max() <= 1
        assert width <= LONGEST
        assert len(line.written) <= MOST_SYMBOLS
        assert set(line.written) <= set(ALPHABET)
        assert line.text == "" or line.text.isdigit()


def test_numbers_have_separators_between_digits_alone(numbers):
    for number in numbers:
        assert re.fullmatch(r"-?\d+(?:[-./ ]\d+)*|", number.written), number.written
        assert len(number.written) <= MOST_SYMBOLS


def test_what_is_read_is_written_in_that_order(numbers):
    """Struck-out digits, letters and other marks aside, the digits that stand there are read."""
    for number in numbers:
        digits = [sign.kind for sign in number.signs if sign.kind.isdigit() and not sign.role]
        assert "".join(digits) == "".join(filter(str.isdigit, number.written))


def test_all_ways_of_writing_numbers_are_composed(numbers):
    written = [number.written for number in numbers]
    for pattern in (r"\d+", r"\d\.\d", r"-\d+", r"\d+/\d+", r"\d+ \d+/\d+", r"\d+\.\d{3}\.\d{2}"):
        assert any(re.fullmatch(pattern, each) for each in written), pattern
    assert any(re.fullmatch(r"\d{4}-\d\d-\d\d", each) for each in written)
    signs = [sign for number in numbers for sign in number.signs]
    assert {"struck", "letter", "any"} <= {sign.role for sign in signs}
    assert {"=", "'", ":", "~", "+", ","} <= {sign.kind for sign in signs}


def test_there_is_room_for_each_digit_and_the_blank_before_an_equal_one(lines):
    for line in lines:
        repeats = sum(a == b for a, b in itertools.pairwise(line.written))
        assert line.strip.shape[1] // 4 >= len(line.written) + repeats


def test_some_lines_are_empty_and_all_digits_are_used(lines):
    texts = [line.text for line in lines]
    assert 0.01 < np.mean([text == "" for text in texts]) < 0.15
    assert set("".join(texts)) == set("0123456789")
    assert {len(text) for text in texts} >= set(range(1, 9))


def test_the_same_state_composes_the_same_line(bank):
    one, other = (compose_line(bank, np.random.default_rng(5)) for _ in range(2))
    assert one.text == other.text
    np.testing.assert_array_equal(one.strip, other.strip)


def test_a_taller_strip_shows_the_same_line(bank):
    low = compose_line(bank, np.random.default_rng(6))
    tall = compose_line(bank, np.random.default_rng(6), 2 * STRIP)
    assert tall.text == low.text
    assert tall.strip.shape == (2 * STRIP, 2 * low.strip.shape[1])


def test_where_nothing_was_written_there_is_less_ink(lines):
    longer = [line.strip.sum() for line in lines if len(line.text) >= 8]
    shorter = [line.strip.sum() for line in lines if len(line.text) == 1]
    assert np.median(longer) > 2 * np.median(shorter)


@pytest.mark.parametrize("kind", [*".,':-=~/+·", "a"])
def test_marks_have_ink(kind):
    rng = np.random.default_rng(1)
    for _ in range(20):
        mark = draw_mark(kind, 40.0, 4.0, rng)
        assert mark.max() > 0.5
        assert max(mark.shape) < 200


def test_no_letter_looks_like_a_digit():
    assert not set(LETTERS) & set("0123456789OoQDIlijJ|!SsZzBbGgqL")
    assert draw_letters(30.0, np.random.default_rng(0)).max() > 0.5


def test_a_scribble_stays_on_its_line():
    page = np.zeros((64, 200), np.float32)
    draw_scribble(page, 3.0, np.random.default_rng(2))
    assert 0 < page.sum() < page.size / 2


@pytest.mark.parametrize("seed", range(40))
def test_a_stamp_is_paler_than_the_writing_and_leaves_it_there(seed):
    page = np.zeros((64, 200), np.float32)
    page[20:44, 90:96] = 1
    before = page.copy()
    draw_stamp(page, 40.0, np.random.default_rng(seed))
    assert (page >= before).all()
    assert page[before == 0].max() < 0.9
    assert 0 < (page > before).mean() < 0.5


def test_the_camera_keeps_ink_darker_than_paper():
    ink = np.zeros((64, 240), np.float32)
    ink[20:44, 100:112] = 1
    for seed in range(60):
        seen = photograph(ink, (32, 120), np.random.default_rng(seed))
        assert seen.shape == (32, 120)
        assert seen[12:20, 51:55].mean() > seen[:, :40].mean()


def test_batches_are_the_same_for_the_same_seed_and_epoch(bank):
    one, same, other = (compose_batches(bank, 64, 8, (0, epoch)) for epoch in (0, 0, 1))
    assert len(one) == 8
    for (strips, texts), (again, texts_again) in zip(one, same, strict=True):
        np.testing.assert_array_equal(strips, again)
        np.testing.assert_array_equal(texts, texts_again)
    assert any(not np.array_equal(a[1], b[1]) for a, b in zip(one, other, strict=True))
    assert {strips.shape[2] for strips, _ in one} <= set(WIDTHS)


def test_texts_are_shifted_past_the_blank(bank):
    lines = [compose_line(bank, np.random.default_rng(3)) for _ in range(4)]
    _, texts = to_batch(lines)
    for line, row in zip(lines, texts, strict=True):
        assert "".join(ALPHABET[c - 1] for c in row if c) == line.written
