"""The renderer of recorded handwriting: smooth strokes, one writer's style, and scans."""

import numpy as np
import pytest

from digits.synthesis.strokes import (
    Handwritten,
    StrokeStyle,
    beside,
    draw,
    draw_character,
    sample_style,
    smooth,
    vary,
)

CIRCLE = np.stack([np.cos(np.linspace(0, 6.0, 12)), np.sin(np.linspace(0, 6.0, 12))], axis=1)
PLAIN = StrokeStyle(pen=0.1)


def rng(seed=0):
    return np.random.default_rng(seed)


def test_coarse_points_of_a_circle_become_a_round_curve():
    (curve,) = smooth([np.round(100 * CIRCLE)])
    np.testing.assert_allclose(curve.min(axis=0), 0, atol=1e-6)
    assert np.ptp(curve[:, 1]) == pytest.approx(1)
    distance = np.linalg.norm(curve - curve.mean(axis=0) * 0 - 0.5, axis=1)
    np.testing.assert_allclose(distance, 0.5, atol=0.02)
    steps = np.linalg.norm(np.diff(curve, axis=0), axis=1)
    np.testing.assert_allclose(steps, steps.mean(), rtol=0.1)


def test_the_unit_and_place_of_the_recorder_do_not_matter():
    (one,) = smooth([CIRCLE])
    (other,) = smooth([1000 * CIRCLE + 77])
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_a_pen_that_stood_still_and_single_points_are_drawn():
    dot = smooth([np.array([[5, 5], [5, 5]])])
    assert draw(dot, 20, 4, None).max() == 1
    (line,) = smooth([np.array([[0, 0], [0, 0], [0, 9], [0, 9]])])
    np.testing.assert_allclose(line[[0, -1]], [[0, 0], [0, 1]], atol=1e-6)


def test_a_dash_stays_flat():
    (dash,) = smooth([np.array([[0, 0], [100, 2]])])
    assert np.ptp(dash[:, 1]) < 0.1
    character = Handwritten("-", "example", "w", (dash,))
    ink = draw_character(character, 30, PLAIN, rng())
    assert ink.shape[0] < 10 < ink.shape[1]


def test_a_style_without_variation_changes_nothing():
    strokes = smooth([CIRCLE])
    for before, after in zip(strokes, vary(strokes, PLAIN, rng()), strict=True):
        np.testing.assert_allclose(before, after, atol=1e-6)


def test_slant_leans_to_the_right_and_stretch_widens():
    stem = smooth([np.array([[0, 0], [0, 100]])])
    (leaning,) = vary(stem, StrokeStyle(pen=0.1, slant=0.3), rng())
    assert leaning[0, 0] - leaning[-1, 0] == pytest.approx(0.3, abs=1e-6)
    circle = smooth([CIRCLE])
    (wide,) = vary(circle, StrokeStyle(pen=0.1, stretch=np.log(1.5)), rng())
    assert np.ptp(wide[:, 0]) == pytest.approx(1.5 * np.ptp(circle[0][:, 0]))


def test_cut_strokes_open_loops():
    ring = np.concatenate([CIRCLE, CIRCLE[:1]])
    strokes = smooth([ring])
    gaps = [
        np.linalg.norm(stroke[0] - stroke[-1])
        for seed in range(40)
        for stroke in vary(strokes, StrokeStyle(pen=0.05, cut=0.4), rng(seed))
    ]
    assert np.median(gaps) < 0.05  # most stay closed
    assert max(gaps) > 0.2


def test_the_same_chance_draws_the_same_ink_and_another_does_not():
    character = Handwritten("0", "example", "w", smooth([CIRCLE]))
    style = sample_style(rng(3))
    ink = draw_character(character, 40, style, rng(1))
    np.testing.assert_array_equal(ink, draw_character(character, 40, style, rng(1)))
    assert ink.dtype == np.float32
    assert (ink.min(), ink.max() <= 1) == (0, True)
    assert ink.shape[0] == 40
    other = draw_character(character, 40, style, rng(2))
    assert other.shape != ink.shape or np.abs(other - ink).max() > 0.1


@pytest.mark.parametrize("height", [8, 20, 44, 90])
def test_every_style_draws_at_every_height(height):
    character = Handwritten("0", "example", "w", smooth([CIRCLE]))
    for seed in range(30):
        ink = draw_character(character, height, sample_style(rng(seed)), rng(seed))
        assert abs(ink.shape[0] - height) <= 1
        assert ink.sum() > height
        assert np.isfinite(ink).all()


def test_a_broader_pen_leaves_more_ink():
    character = Handwritten("0", "example", "w", smooth([CIRCLE]))
    masses = [
        draw_character(character, 60, StrokeStyle(pen=pen), rng()).sum() for pen in (0.04, 0.1, 0.2)
    ]
    assert masses == sorted(masses)


def test_a_scan_keeps_its_strokes():
    scan = np.zeros((50, 30), np.uint8)
    scan[:, 10:16] = 200
    ink = draw_character(Handwritten("1", "example", "w", scan=scan), 25, PLAIN, rng())
    assert ink.shape == (25, 15)
    np.testing.assert_allclose(ink[:, 5:8], 200 / 255, atol=1e-3)
    assert ink[:, :5].max() == 0


def test_characters_beside_each_other_keep_their_distance_or_are_joined():
    strokes = smooth([CIRCLE])
    apart = beside(strokes, strokes, 0.2)
    assert len(apart) == 2
    assert apart[1][:, 0].min() - apart[0][:, 0].max() == pytest.approx(0.2, abs=1e-5)
    (one,) = beside(strokes, strokes, 0.2, joined=True)
    np.testing.assert_array_equal(one[: len(strokes[0])], strokes[0])
    np.testing.assert_array_equal(one[len(strokes[0]) :], apart[1])
    first, last = (round(38 * float(x)) for x in (apart[0][:, 0].max(), apart[1][:, 0].min()))
    between = [draw(each, 40, 2)[:, first + 4 : last - 1].max() for each in (apart, (one,))]
    assert between == [0, 1]
