"""Printed lines go, handwriting stays."""

import numpy as np
import pytest

from digits.image.ruling import _draw, _Pieces, erase, find_rules

SIDE = 400  # px
WRITTEN = slice(120, 260)  # px, rows and columns of the digit on the page: 28 px made 5 times wider


@pytest.fixture
def page(held_out):
    """One digit of 140 px on a page of 400 px."""

    def write(index: int) -> np.ndarray:
        ink = np.zeros((SIDE, SIDE), np.float32)
        large = np.kron(held_out.pictures[index], np.ones((5, 5), np.uint8))
        ink[WRITTEN, WRITTEN] = large / np.float32(255)
        return ink

    return write


def ruled(kind: str) -> np.ndarray:
    """Draw printed lines of 3 px: (400, 400)."""
    lines = np.zeros((SIDE, SIDE), np.float32)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    if kind in ("ruled", "squared"):
        lines[rows % 70 < 3] = 1
    if kind == "squared":
        lines[columns % 70 < 3] = 1
    if kind == "leaning":
        lines[(rows + columns // 10) % 70 < 3] = 1
    if kind == "curved":
        lines[(rows + ((columns - 200) ** 2 / 4000).astype(int)) % 70 < 3] = 1
    if kind == "margin":
        lines[:, 60:63] = 1
    if kind == "thick border":
        lines[:, :14] = 1
        lines[-14:] = 1
    return lines


KINDS = ["ruled", "squared", "leaning", "curved", "margin", "thick border"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_lines_go_and_the_digits_stay(page, kind):
    lines = ruled(kind)
    for index in range(40):
        digit = page(index)
        clean = erase(both := np.maximum(digit, lines), find_rules(both))
        away = (lines > 0) & (digit == 0)
        assert clean[away].sum() <= 0.08 * both[away].sum(), index
        off_lines = lines == 0
        assert np.abs(clean - digit)[off_lines].sum() <= 0.08 * digit.sum(), index


@pytest.mark.parametrize("kind", KINDS)
def test_a_stroke_that_crosses_a_line_is_whole_again(kind):
    lines = ruled(kind)
    stroke = np.zeros((SIDE, SIDE), np.float32)
    for step in range(100):  # a slanted stroke, as a 7 or a 1 has
        stroke[150 + step, 215 - step // 4 : 225 - step // 4] = 1
        stroke[150 + step // 8, 140 + step // 2 : 225] = 1
    clean = erase(both := np.maximum(stroke, lines), find_rules(both))
    assert clean[stroke > 0].mean() > 0.9
    assert clean[(stroke > 0).any(axis=1)].max(axis=1).min() > 0.5


@pytest.mark.parametrize("margin", [2, 8, 20, 60])
def test_a_digit_alone_has_no_lines(held_out, margin):
    lost = []
    for digit in held_out.pictures[:300]:
        rows, columns = np.nonzero(digit)
        tight = digit[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        large = np.kron(tight, np.ones((5, 5), np.uint8)).astype(np.float32) / 255
        ink = np.pad(large, margin)
        lost.append(1 - erase(ink, find_rules(ink)).sum() / ink.sum())
    assert np.mean(np.array(lost) > 0.02) <= 0.01


def test_a_row_of_dashes_is_writing():
    ink = np.zeros((200, 900), np.float32)
    for x in range(50, 850, 100):
        ink[95:102, x : x + 50] = 1
    assert not find_rules(ink).any()


def test_a_lone_line_is_not_a_rule():
    ink = np.zeros((100, 100), np.float32)
    ink[:, 48:52] = 1
    assert not find_rules(ink).any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (39, 300), (40, 40), (300, 41)])
@pytest.mark.parametrize("level", [0.0, 1.0])
def test_small_and_narrow_images(shape, level):
    ink = np.full(shape, level, np.float32)
    mask = find_rules(ink)
    assert mask.shape == shape
    assert erase(ink, mask).sum() == ink.sum()


def test_erasing_never_adds_ink():
    ink = np.random.default_rng(0).random((300, 500), np.float32)
    assert (erase(ink, np.random.default_rng(1).random(ink.shape) > 0.5) <= ink).all()


def test_four_rows_taken_for_one_line_are_none():
    columns, rows = np.tile(np.arange(60), 4), np.repeat([10.0, 20.0, 30.0, 40.0], 60)
    ends = [np.array([value], float) for value in (0, 59, 25, 25, 1)]
    found = np.zeros((50, 60), np.uint8)
    _draw(found, _Pieces(*ends, [columns], [rows]), 0)  # their common curve meets no row
    assert not found.any()
