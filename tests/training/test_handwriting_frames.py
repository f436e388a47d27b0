"""Frames of real handwriting, and how training mixes them with MNIST's digits."""

import numpy as np
import pytest

from digits.mnist import Labelled
from digits.synthesis.strokes import Handwritten, smooth
from digits.training import handwriting_frames
from digits.training.handwriting import Handwriting, side_of
from digits.training.handwriting_frames import render_handwriting, sample_by_writer

STEM = smooth([np.array([[0, 0], [0, 100]])])
ANGLE = smooth([np.array([[0, 0], [40, 0], [10, 100]])])


@pytest.fixture(scope="module")
def handwriting():
    """Ones and sevens by 40 writers, with letters by all of them."""
    writers = [f"w{i:02d}" for i in range(40)]
    return Handwriting(
        tuple(
            Handwritten(label, "example", writer, strokes)
            for writer in writers
            for label, strokes in (("1", STEM), ("7", ANGLE), ("A", ANGLE), ("O", ANGLE))
        )
    )


@pytest.fixture(scope="module")
def render():
    """Render few frames."""

    def rendered(handwriting, seed):
        with pytest.MonkeyPatch.context() as few:
            few.setattr(handwriting_frames, "POOL", 100)
            few.setattr(handwriting_frames, "LETTERS", 20)
            few.setattr(handwriting_frames, "HELD_OUT_LETTERS", 10)
            return render_handwriting(handwriting, seed)

    return rendered


@pytest.fixture(scope="module")
def frames(handwriting, render):
    return render(handwriting, 0)


def test_frames_are_as_mnist_makes_them(frames):
    assert frames.train.pictures.shape == (100, 28, 28)
    assert set(frames.train.labels) == {1, 7}
    for picture in frames.train.pictures:
        rows, columns = (np.flatnonzero(picture.any(axis=axis)) for axis in (1, 0))
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
        centre = np.average(np.arange(28) + 0.5, weights=picture.sum(axis=1, dtype=float))
        assert 13.9 <= centre < 15.1


def test_validation_holds_each_digit_of_its_writers_once(frames, handwriting):
    validation = handwriting.digits.side("validation")
    np.testing.assert_array_equal(frames.validation.labels, validation.labels)
    assert frames.digits == {"example": len(handwriting.digits.side("train"))}
    assert frames.writers == {"example": len(handwriting.digits.side("train").writer_groups())}


def test_the_seed_decides_the_frames(frames, handwriting, render):
    again, other = render(handwriting, 0), render(handwriting, 1)
    assert frames.sha256 == again.sha256 != other.sha256
    np.testing.assert_array_equal(frames.letters, again.letters)


def test_a_writer_who_wrote_more_is_drawn_more_often_but_not_in_proportion():
    much = tuple(Handwritten("1", "example", "much", STEM) for _ in range(900))
    little = tuple(Handwritten("7", "example", "little", ANGLE) for _ in range(9))
    drawn = sample_by_writer(Handwriting(much + little), 2_000, np.random.default_rng(0))
    share = np.mean([character.label == "7" for character in drawn])
    assert share == pytest.approx(3 / 33, abs=0.02)  # the square roots of 9 and 900
    assert sample_by_writer(Handwriting(()), 5, np.random.default_rng(0)) == ()


def test_letters_that_pass_for_digits_are_never_shown_as_none(handwriting):
    assert {character.label for character in handwriting.letters.characters} == {"A"}


def test_every_side_has_writers(handwriting):
    sides = {side_of(source, writer) for source, writer in handwriting.writer_groups()}
    assert sides == {"train", "validation", "calibration"}


@pytest.mark.slow
def test_a_share_of_each_batch_is_by_other_writers(validation):
    pytest.importorskip("keras", reason="TensorFlow is not installed")
    from digits.training.digit import Batches
    from digits.training.recipes import Recipe

    nines = validation.labels == 9
    digits = Labelled(validation.pictures[nines], validation.labels[nines])
    written = Labelled(np.full((3, 28, 28), 255, np.uint8), np.full(3, 4, np.uint8))
    recipe = Recipe("cnn", epochs=1, handwriting=0.4, batch=200)
    frames, labels = Batches(digits, recipe, 1, written)[0]
    theirs = labels[:, 4] == 1
    assert theirs.mean() == pytest.approx(0.4, abs=0.1)
    assert (frames[theirs] == 1).all()
    assert (labels[~theirs][:, 9] == 1).all()
    plain, _ = Batches(digits, recipe, 1)[0]
    np.testing.assert_array_equal(frames[~theirs], plain[~theirs])
