"""Digits written as strokes: sound drawings, and ones that a network which never saw them reads."""

import numpy as np
import pytest

from digits.image.mnist_normalize import to_frame
from digits.registry import current_reader
from digits.synthesis.allographs import FORMS, choose, forms_of, write
from digits.synthesis.strokes import draw
from digits.types import Box

EACH = pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.digit} {form.name}")
WIDEST = 2.2  # heights, of a digit whose bar is drawn long


def hand(seed=0):
    return np.random.default_rng(seed)


def frames_of(form, n, seed):
    rng = hand(seed)
    inks = [draw(write(form.digit, rng, form), 28, rng.uniform(2, 4), rng) for _ in range(n)]
    return np.stack([to_frame(ink, Box(0, 0, ink.shape[1], ink.shape[0])) for ink in inks])


def right(form, n=60, seed=5):
    probabilities = current_reader().classifier.classify(frames_of(form, n, seed)).probabilities
    return float((probabilities.argmax(axis=1) == form.digit).mean())


def corners(drawing):
    return [[word.endswith("!") for word in stroke.split()] for stroke in drawing.split("|")]


@EACH
def test_both_extremes_are_the_same_movement(form):
    first, last = form.drawings
    assert corners(first) == corners(last)


@EACH
def test_strokes_fill_their_box(form):
    rng = hand()
    for _ in range(50):
        strokes = write(form.digit, rng, form, slant=0.3)
        points = np.concatenate(strokes)
        assert all(s.dtype == np.float32 and len(s) > 1 for s in strokes)
        assert np.isfinite(points).all()
        assert points.min(axis=0) == pytest.approx([0, 0], abs=1e-6)
        assert points[:, 1].max() == pytest.approx(1, abs=1e-6)
        assert points[:, 0].max() < WIDEST


@EACH
@pytest.mark.parametrize(("height", "pen"), [(6, 1), (28, 3), (28.5, 0.3), (90, 12), (10, 30)])
def test_ink_is_tight(form, height, pen):
    strokes = write(form.digit, hand(), form)
    ink, varied = draw(strokes, height, pen), draw(strokes, height, pen, hand())
    assert ink.dtype == varied.dtype == np.float32
    assert 0 <= ink.min() < ink.max() <= 1
    assert ink.shape[0] == np.ceil(max(height, pen + 1))
    assert varied.shape == ink.shape
    assert 0 < varied.sum() <= ink.sum()
    assert ink[0].any() and ink[:, 0].any()
    # A last row or column that holds a hundredth of a pixel's ink may show none.
    assert ink[-2:].any() and ink[:, -2:].any()


def test_the_same_chance_writes_the_same_ink():
    for digit in range(10):
        first, again, other = (
            draw(write(digit, rng), 28, 3, rng) for rng in (hand(1), hand(1), hand(2))
        )
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)


def test_forms_are_chosen_by_their_shares():
    rng = hand()
    for digit in range(10):
        forms = forms_of(digit)
        assert sum(form.share for form in forms) == pytest.approx(1)
        assert len({form.name for form in forms}) == len(forms)
        drawn = [choose(digit, rng).name for _ in range(3000)]
        for form in forms:
            assert drawn.count(form.name) / 3000 == pytest.approx(form.share, abs=0.04)


def test_slant_leans_to_the_right():
    form = next(form for form in FORMS if form.name == "stem")
    tops = [
        np.mean([s[0, 0] - s[-1, 0] for (s,) in (write(1, hand(i), form, lean) for i in range(40))])
        for lean in (-0.3, 0.0, 0.3)
    ]
    assert np.diff(tops) == pytest.approx([0.3, 0.3], abs=0.05)


def test_a_broader_pen_leaves_more_ink():
    strokes = write(8, hand())
    shares = [draw(strokes, 60, pen).mean() for pen in (1, 3, 6, 9)]
    assert shares == sorted(shares)
    assert shares[0] < shares[-1] / 3


def test_digits_joined_by_the_pen_are_one_piece_of_ink():
    first, second = write(0, hand(1)), write(0, hand(2))
    moved = tuple(stroke + np.float32([1.2, 0]) for stroke in second)
    join = np.stack([first[-1][-1], moved[0][0]])
    apart, joined = draw((*first, *moved), 40, 3), draw((*first, join, *moved), 40, 3)
    assert apart.shape[1] == joined.shape[1]
    assert (~apart.any(axis=0)).any()
    assert joined.any(axis=0).all()


@pytest.mark.parametrize(
    "form", [f for f in FORMS if f.in_mnist], ids=lambda form: f"{form.digit} {form.name}"
)
def test_forms_of_mnist_are_read_right(form):
    assert right(form) >= 0.95


def test_what_is_read_is_the_form_and_not_any_ink():
    """The oracle tells digits apart: a mirrored one is not read as what it was."""
    three = next(form for form in FORMS if form.digit == 3 and form.in_mnist)
    mirrored = frames_of(three, 40, 5)[:, :, ::-1].copy()
    read = current_reader().classifier.classify(mirrored).probabilities.argmax(axis=1)
    assert (read == three.digit).mean() < 0.7
