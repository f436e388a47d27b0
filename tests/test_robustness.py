"""MNIST-C's corruptions and the sweeps: what each must do to a digit, whatever the digit."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

from corruptions import CORRUPTIONS, OVERLAPPED
from robustness import SWEEPS, distort, stroke


@pytest.fixture(scope="module")
def frames(validation):
    return validation.frames[:40]


def test_there_are_the_fifteen_of_the_paper():
    assert len(CORRUPTIONS) == 15
    assert set(OVERLAPPED) < set(CORRUPTIONS)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corruption_changes_every_picture_and_is_the_same_for_the_same_seed(name, frames):
    one, same = (CORRUPTIONS[name](frames, np.random.default_rng(1)) for _ in range(2))
    assert one.shape == frames.shape
    assert one.dtype == np.float32
    assert one.min() >= 0
    assert one.max() <= 1
    assert (np.abs(one - frames).max(axis=(1, 2)) > 0.1).all()
    np.testing.assert_array_equal(one, same)


def test_what_is_geometry_moves_ink_and_makes_none(frames):
    rng = np.random.default_rng(2)
    for name in OVERLAPPED:
        moved = CORRUPTIONS[name](frames, rng)
        assert (moved.sum(axis=(1, 2)) <= 1.1 * frames.sum(axis=(1, 2))).all()


def test_a_translated_digit_is_the_same_three_pixels_on(frames):
    moved = CORRUPTIONS["translate"](frames, np.random.default_rng(3))
    for before, after in zip(frames, moved, strict=True):
        assert any(
            np.allclose(np.roll(before, (down, across), (0, 1))[4:-4, 4:-4], after[4:-4, 4:-4])
            for down in (-3, 3)
            for across in (-3, 3)
        )


def test_two_stripes_are_the_digit_again(frames):
    rng = np.random.default_rng(4)
    twice = CORRUPTIONS["stripe"](CORRUPTIONS["stripe"](frames, rng), rng)
    np.testing.assert_allclose(twice, frames, atol=1e-6)


@pytest.mark.parametrize("sweep", SWEEPS)
def test_a_sweep_without_a_step_leaves_the_digits_as_they_are(sweep, frames):
    still = 1.0 if sweep == "size" else 0.0
    drawn, kept = distort(frames, sweep, still)
    assert len(kept) == len(frames)
    assert np.abs(drawn - frames).mean() < 0.02


def test_thicker_by_a_pixel_is_a_pixel_thicker(frames):
    before = stroke(frames)
    for step in (-0.5, 1.0, 2.0):
        drawn, kept = distort(frames, "thickness", step)
        assert abs(stroke(drawn) - stroke(frames[kept]) - step) < 0.35
    assert 2 < before < 4


def test_a_stroke_that_would_close_a_loop_is_left_out():
    ring = np.zeros((1, 28, 28), np.float32)
    ring[0, 10:18, 10:18] = 1
    ring[0, 12:16, 12:16] = 0
    assert len(distort(np.concatenate([ring, ring]), "thickness", 1.0)[1]) == 2
    with pytest.raises(ValueError, match="at least one"):
        distort(ring, "thickness", 6.0)
