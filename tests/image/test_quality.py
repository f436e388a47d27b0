"""The sentences on blur, darkness and smallness: said when true, and only then."""

import cv2
import numpy as np
import pytest

from digits.image.quality import _blur
from digits.registry import current_reader
from digits.types import Hint

SINGLE = Hint(single=True)
SIDE = 320  # px of the page


def page(digit: np.ndarray, size: int, *, paper: float = 210) -> np.ndarray:
    """Write a digit's 28 px frame `size` px large with a sharp pen, on a page with grain."""
    large = cv2.resize(digit / 255, (size, size), interpolation=cv2.INTER_CUBIC)
    ink = np.zeros((SIDE, SIDE))
    ink[20 : 20 + size, 20 : 20 + size] = large > 0.5 if size > 100 else np.clip(large, 0, 1)
    grain = np.random.default_rng(0).normal(0, 1.5, ink.shape)
    return np.clip(paper * (1 - 0.75 * ink) + grain, 0, 255).astype(np.uint8)


@pytest.fixture
def notes(as_picture):
    return lambda grey: " ".join(current_reader().read(as_picture(grey), SINGLE).notes)


def test_sharp_pictures_in_light_are_not_found_fault_with(held_out, notes):
    assert not any(notes(page(digit, 260)) for digit in held_out.pictures[:40])


def test_blurred_pictures_are_called_blurred(held_out, notes):
    blurred = [cv2.GaussianBlur(page(d, 260), (0, 0), 15) for d in held_out.pictures[:40]]
    assert sum("blurred" in notes(grey) for grey in blurred) >= 36


def test_pictures_taken_in_the_dark_are_called_dark(held_out, notes):
    for digit in held_out.pictures[:10]:
        assert "very dark" in notes(page(digit, 260, paper=30))


def test_a_picture_too_dark_to_read_is_called_dark_too(as_picture):
    reading = current_reader().read(as_picture(np.full((90, 90), 5, np.uint8)))
    assert reading.status == "blank"
    assert "very dark" in reading.notes[0]


def test_a_light_digit_on_a_black_screen_is_not_called_dark(held_out, notes):
    screen = np.zeros((SIDE, SIDE), np.uint8)
    cv2.line(screen, (160, 60), (160, 260), 255, 3)
    assert "dark" not in notes(screen)


def test_tiny_writing_is_called_small(held_out, notes):
    assert "pixels large" in notes(page(held_out.pictures[0], 9))
    assert "pixels large" not in notes(page(held_out.pictures[0], 60))


def test_a_level_grey_has_no_edge_to_measure():
    assert _blur(np.full((40, 40), 0.5, np.float32)) == 0.0
