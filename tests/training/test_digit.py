"""Data, recipes and export of the digit networks, on a few digits."""

import json
from pathlib import Path

import numpy as np
import pytest

from digits.errors import DataError, ModelError
from digits.mnist import load_mnist, open_arrays
from digits.training.recipes import Recipe

pytestmark = pytest.mark.slow  # trains, and imports TensorFlow

ROOT = Path(__file__).parent.parent.parent
keras = pytest.importorskip("keras", reason="TensorFlow is not installed")


def test_the_parts_of_mnist_are_disjoint_and_fixed(mnist):
    assert [len(part) for part in (mnist.train, mnist.validation, mnist.calibration)] == [
        55_000,
        2_500,
        2_500,
    ]
    pictures, _ = open_arrays(ROOT / "data" / "mnist.npz", "train")
    np.testing.assert_array_equal(mnist.validation.pictures[0], pictures[55_000])
    np.testing.assert_array_equal(mnist.calibration.pictures[-1], pictures[-1])


def test_the_test_digits_are_not_needed_to_train(few, tmp_path):
    with np.load(few) as arrays:
        np.savez(tmp_path / "train.npz", x_train=arrays["x_train"], y_train=arrays["y_train"])
    mnist = load_mnist(tmp_path / "train.npz")
    np.testing.assert_array_equal(mnist.train.pictures, load_mnist(few).train.pictures)


def test_damaged_data_are_rejected(few, tmp_path):
    damaged = tmp_path / "mnist.npz"
    damaged.write_bytes(few.read_bytes()[:-100])
    with pytest.raises(DataError, match="is not MNIST"):
        load_mnist(damaged)
    damaged.write_bytes(few.read_bytes())
    (tmp_path / "mnist.json").write_text(json.dumps({"sha256": "0" * 64}), "utf-8")
    with pytest.raises(DataError, match="is damaged"):
        load_mnist(damaged)
    with pytest.raises(DataError, match="cannot be read"):
        load_mnist(tmp_path / "none.npz")


def test_onnx_answers_as_keras_does_or_is_not_written(tmp_path, held_out, monkeypatch):
    from digits.inference import classifier
    from digits.inference.card import write_card
    from digits.training import export
    from digits.training.architectures import build_network

    network, frames = build_network("cnn"), held_out.frames[:64]
    path = tmp_path / "cnn.onnx"
    monkeypatch.setattr(classifier, "BATCH", 25)  # the frames are run in several parts
    scores = export.export_onnx(network, path, frames)
    write_card(path, {"name": "cnn", "temperature": 1.0})
    theirs = np.asarray(network(frames, training=False))
    np.testing.assert_allclose(
        classifier.load_classifier(path).classify(frames).probabilities, theirs, atol=1e-5
    )
    assert scores.logits.shape == (64, 10)
    assert scores.not_a_digit is None
    before = path.read_bytes()
    monkeypatch.setattr(export, "TOLERANCE", -1.0)
    with pytest.raises(ModelError, match="nothing was written"):
        export.export_onnx(build_network("cnn"), path, frames)
    assert path.read_bytes() == before


def test_a_network_of_another_shape_is_rejected(tmp_path):
    from digits.inference.keras_backend import load_keras_file

    other = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)])
    other.save(tmp_path / "other.keras")
    with pytest.raises(ModelError, match="a network with input 28x28 and 10 outputs is required"):
        load_keras_file(tmp_path / "other.keras")
    (tmp_path / "junk.h5").write_bytes(b"junk")
    with pytest.raises(ModelError, match="cannot be opened"):
        load_keras_file(tmp_path / "junk.h5")


def test_augmented_digits_stay_digits(held_out):
    from digits.training.augmentation import augment

    rng = np.random.default_rng(0)
    frames = augment(held_out.frames[:300], held_out.labels[:300], rng)
    assert frames.shape == (300, 28, 28)
    assert frames.dtype == np.float32
    assert frames.min() >= 0
    assert frames.max() <= 1
    assert (frames.sum(axis=(1, 2)) > 5).all()
    again = augment(held_out.frames[:300], held_out.labels[:300], np.random.default_rng(0))
    np.testing.assert_array_equal(frames, again)


def test_gently_distorted_digits_lie_nearer_to_what_was_written(held_out):
    from digits.training.augmentation import GENTLE, STRONG, augment

    written, labels = held_out.frames[:300], held_out.labels[:300]

    def away(strength):
        distorted = augment(written, labels, np.random.default_rng(0), strength)
        return np.abs(distorted - written).mean()

    assert 0 < away(GENTLE) < 0.7 * away(STRONG)
    assert augment(written[:0], labels[:0], np.random.default_rng(0)).shape == (0, 28, 28)


def test_a_training_ends_gently(few):
    from digits.training import digit as training

    digits = load_mnist(few).train
    recipe = Recipe("cnn", 5, augmented=True, gentle=True, disturbed=0.35, batch=512)
    pictures = {
        (digits.pictures[i] / np.float32(255)).tobytes() for i in range(len(digits.pictures))
    }

    def plain(epoch):
        frames, labels = training.Batches(digits, recipe, epoch)[0]
        assert frames.dtype == np.float32
        assert (frames.min(), labels.sum()) == (0, 512)
        return np.mean([frame.tobytes() in pictures for frame in frames])

    assert recipe.gentle_epochs == 1
    assert plain(1) == 0
    assert plain(4) == pytest.approx(training.SHOWN_PLAIN, abs=0.1)
    assert plain(5) == pytest.approx(training.GENTLE_MIX[2], abs=0.1)


def test_the_learning_rate_rises_again_for_the_gentle_end():
    from digits.training import digit as training

    recipe = Recipe("cnn", 10, gentle=True, peak=2e-3, decay=1e-2)
    rate = training.WarmupSchedule(recipe, 100 * recipe.batch)
    rates = np.array([float(rate(step)) for step in range(1000)])
    assert rates[:800].max() == pytest.approx(2e-3, rel=0.01)
    assert rates[799] < 0.01 * recipe.peak
    assert rates[800:].max() == pytest.approx(training.GENTLE_PEAK * recipe.peak, rel=0.01)
    assert rates[999] < 0.01 * recipe.peak


def test_a_recipe_of_one_epoch_has_one_that_is_not_gentle():

    assert Recipe("cnn", 1, gentle=True).gentle_epochs == 0


def test_a_reject_head_is_kept_until_it_is_exported(tmp_path, held_out):
    from digits.training.architectures import build_network, build_rejection_head
    from digits.training.digit import load_head, save_head

    network = build_network("cnn")
    head = build_rejection_head(network)
    save_head(head, tmp_path)
    again = load_head(network, tmp_path)
    frames = held_out.frames[:4]
    assert np.allclose(head.predict(frames, verbose=0), again.predict(frames, verbose=0))
    assert network.trainable


def test_a_damaged_reject_head_is_named(tmp_path):
    from digits.training.architectures import build_network
    from digits.training.checkpoint import HEAD
    from digits.training.digit import load_head

    assert load_head(build_network("cnn"), tmp_path) is None
    (tmp_path / HEAD).write_bytes(b"nothing")
    with pytest.raises(ModelError, match=r"remove head\.weights\.h5"):
        load_head(build_network("cnn"), tmp_path)
