"""The frame is MNIST's own: MNIST itself is the oracle."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digits.errors import EmptyCropError
from digits.image.mnist_normalize import stroke_width, to_frame
from digits.types import CENTRE, FRAME, GLYPH, Box

SCALES = (2, 3, 5, 8, 13, 20)


def whole(ink: np.ndarray) -> Box:
    return Box(0, 0, ink.shape[1], ink.shape[0])


def test_mnist_digits_found_elsewhere_come_back_bit_for_bit(held_out):
    same = 0
    for digit in held_out.frames:
        page = np.pad(digit, ((7, 31), (50, 3)))
        same += np.array_equal(to_frame(page, whole(page)), digit)
    assert same >= 0.999 * len(held_out)


def enlarge(frame: np.ndarray, scale: int) -> np.ndarray:
    return np.clip(
        cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_LANCZOS4), 0, 1
    )


def by_nearest_neighbour(ink: np.ndarray) -> np.ndarray:
    """The usual student app: crop, shrink by nearest neighbour, centre the box's mass."""
    rows, columns = (np.flatnonzero((ink > 0.5).any(axis=axis)) for axis in (1, 0))
    tight = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = GLYPH / max(tight.shape)
    size = tuple(max(1, round(side * scale)) for side in tight.shape[::-1])
    glyph = cv2.resize(tight, size, interpolation=cv2.INTER_NEAREST)
    frame = np.zeros((FRAME, FRAME), np.float32)
    corner = []
    for axis, side in enumerate(glyph.shape):
        centre = np.average(np.arange(side) + 0.5, weights=glyph.sum(axis=1 - axis))
        corner.append(int(np.clip(int(CENTRE + 0.5 - centre), 0, FRAME - side)))
    top, left = corner
    frame[top : top + glyph.shape[0], left : left + glyph.shape[1]] = glyph
    return frame


@pytest.mark.parametrize("scale", SCALES)
def test_enlarged_digits_come_back_closer_than_by_nearest_neighbour(held_out, scale):
    ours, nearest = [], []
    for digit in held_out.frames[:150]:
        large = enlarge(digit, scale)
        ours.append(np.abs(to_frame(large, whole(large)) - digit).mean())
        nearest.append(np.abs(by_nearest_neighbour(large) - digit).mean())
    assert np.mean(ours) < 0.6 * np.mean(nearest)


def test_enlarged_digits_get_the_same_answer(held_out):
    from digits.registry import current_reader

    classifier = current_reader().classifier
    frames = held_out.frames[:1000]
    before = classifier.classify(frames).probabilities.argmax(axis=1)
    for scale in (2, 7, 20):
        large = [enlarge(frame, scale) for frame in frames]
        after = classifier.classify(np.stack([to_frame(ink, whole(ink)) for ink in large]))
        assert (after.probabilities.argmax(axis=1) == before).mean() >= 0.995


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 4999))
def test_the_frame_does_not_depend_on_the_position(held_out, down, right, index):
    digit = held_out.frames[index]
    page = np.pad(digit, ((down, 40 - down), (right, 40 - right)))
    here = np.pad(digit, 40)
    np.testing.assert_array_equal(to_frame(page, whole(page)), to_frame(here, whole(here)))


@given(st.integers(2, 90), st.integers(2, 90))  # one of 1 x 2 px would exceed the frame
def test_the_centre_of_mass_is_centred(height, width):
    page = np.zeros((120, 120), np.float32)
    page[10 : 10 + height, 10 : 10 + width] = 1
    frame = to_frame(page, whole(page))
    assert frame.min() >= 0
    assert frame.max() <= 1
    for axis in (0, 1):
        centre = np.average(np.arange(FRAME) + 0.5, weights=frame.sum(axis=1 - axis))
        assert abs(centre - CENTRE) <= 0.5 + 1e-5


def test_an_empty_crop_is_rejected():
    with pytest.raises(EmptyCropError, match="no ink"):
        to_frame(np.zeros((9, 9), np.float32), Box(0, 0, 9, 9))


def test_hairlines_do_not_fade():
    page = np.zeros((400, 400), np.float32)
    cv2.line(page, (200, 20), (200, 380), 1, 1)
    assert to_frame(page, whole(page)).max() > 0.9


@pytest.mark.parametrize("width", [3, 7, 15])
def test_stroke_width_is_measured(width):
    page = np.zeros((100, 100), np.float32)
    page[20:80, 40 : 40 + width] = 1
    assert stroke_width(page) == pytest.approx(width, abs=1)
