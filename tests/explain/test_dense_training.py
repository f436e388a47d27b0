"""The network that is trained in the page: right gradients, Adam's steps, and it learns."""

import itertools

import numpy as np
import pytest

from digits.errors import DataError
from digits.explain import dense_training
from digits.explain.dense_training import (
    RATE,
    build_weights,
    gradients,
    load_training_digits,
    predict,
    to_inputs,
    train_dense,
)
from digits.explain.forward import trace
from digits.mnist import Labelled
from digits.registry import current_reference_set

PARTS = ("hidden", "hidden_bias", "output", "output_bias")


@pytest.fixture(scope="module")
def known():
    found = current_reference_set("dense")
    return Labelled(found.pictures, found.labels)


def some(known, start, stop):
    return Labelled(known.pictures[start:stop], known.labels[start:stop])


def loss(inputs, labels, weights):
    """Mean cross-entropy in double precision, written for itself."""
    hidden = np.maximum(0, inputs @ weights["hidden"] + weights["hidden_bias"])
    logits = hidden @ weights["output"] + weights["output_bias"]
    return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[range(len(labels)), labels]))


def test_the_gradient_is_the_slope_of_the_loss(known):
    part = some(known, 0, 40)
    rng = np.random.default_rng(1)
    weights = build_weights(rng)
    _, found = gradients(to_inputs(part.pictures), part.labels, weights)
    inputs = part.pictures.reshape(40, 784) / 255
    exact = {name: getattr(weights, name).astype(np.float64) for name in PARTS}
    for name in PARTS:
        for place in rng.integers(exact[name].size, size=25):
            before = exact[name].flat[place]
            losses = []
            for step in (1e-5, -1e-5):
                exact[name].flat[place] = before + step
                losses.append(loss(inputs, part.labels, exact))
            exact[name].flat[place] = before
            slope = (losses[0] - losses[1]) / 2e-5
            assert getattr(found, name).flat[place] == pytest.approx(slope, abs=1e-5)


def test_the_probabilities_are_those_of_the_trace(known):
    weights = build_weights(np.random.default_rng(2))
    frame = known.frames[0]
    one = predict(frame.reshape(1, 784), weights)[0]
    np.testing.assert_allclose(one, trace(frame, weights).probabilities, atol=1e-6)


def test_adams_first_step_moves_each_weight_by_the_rate_against_its_gradient(known):
    part = some(known, 0, 128)
    start = build_weights(np.random.default_rng(0))
    _, slope = gradients(to_inputs(part.pictures), part.labels, start)
    after = next(train_dense(part, some(known, 4000, 4010))).weights
    for name in PARTS:
        slopes = getattr(slope, name)
        steep = np.abs(slopes) > 1e-3
        moved = (getattr(after, name) - getattr(start, name))[steep]
        np.testing.assert_allclose(moved, -RATE * np.sign(slopes[steep]), rtol=0.01)


def test_it_learns_and_each_epoch_is_a_network_of_its_own(known):
    epochs = list(itertools.islice(train_dense(some(known, 0, 4000), some(known, 4000, 5000)), 4))
    assert [epoch.number for epoch in epochs] == [1, 2, 3, 4]
    assert epochs[-1].validation_accuracy > 0.88
    assert epochs[-1].validation_loss < epochs[0].validation_loss
    losses = [epoch.loss for epoch in epochs]
    assert losses == sorted(losses, reverse=True)
    judged = predict(to_inputs(known.pictures[4000:]), epochs[0].weights).argmax(axis=1)
    assert np.mean(judged == known.labels[4000:]) == epochs[0].validation_accuracy


def test_without_mnist_the_digits_beside_the_network_are_taken(known, monkeypatch):
    def missing():
        raise DataError("there is no data/mnist.npz")

    monkeypatch.setattr(dense_training, "load_mnist", missing)
    train, validation = load_training_digits()
    assert (len(train), len(validation)) == (4000, 1000)
    assert np.array_equal(np.concatenate([train.labels, validation.labels]), known.labels)


def test_with_mnist_all_of_it_is_taken():
    train, validation = load_training_digits()
    assert (len(train), len(validation)) == (55_000, 2_500)
