"""By which quarter a page is turned, from its pieces of ink."""

import numpy as np
import pytest

from digits.reading.orientation import likeliest_quarters
from digits.registry import current_reader

COLUMNS, ROWS, SIDE = 6, 5, 40  # digits across and down, px of a digit's place


@pytest.fixture(scope="module")
def ink(validation):
    digits = validation.pictures[: ROWS * COLUMNS] / np.float32(255)
    page = np.zeros((ROWS * SIDE, COLUMNS * SIDE), np.float32)
    for i, digit in enumerate(digits):
        y, x = i // COLUMNS * SIDE + 6, i % COLUMNS * SIDE + 6
        page[y : y + 28, x : x + 28] = digit
    return page


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_pieces_tell_how_a_page_is_turned(ink, quarters):
    turned = np.ascontiguousarray(np.rot90(ink, quarters))
    assert current_reader().run(likeliest_quarters(turned)) == quarters


@pytest.mark.parametrize("ink", [np.zeros((50, 60), np.float32), np.eye(9, dtype=np.float32)])
def test_a_page_without_ink_counts_as_upright(ink):
    assert current_reader().run(likeliest_quarters(ink)) == 0
