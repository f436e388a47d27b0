"""Train the dense network in NumPy, one epoch at a time, to be watched.

The network and the recipe are those of ``train_model.py --network dense``: one hidden layer with
ReLU, softmax, cross-entropy, and Adam (Kingma & Ba 2015).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from digits.arrays import Float32, UInt8
from digits.errors import DataError
from digits.inference.calibration import negative_log_likelihood, softmax
from digits.inference.dense_weights import DenseWeights
from digits.inference.reference_set import WEIGHTS, load_reference_set
from digits.mnist import Labelled, load_mnist
from digits.types import CLASSES, FRAME, Probabilities

HIDDEN = 128  # units
BATCH = 128  # digits
RATE = 1e-3  # learning rate
MOMENTS = (0.9, 0.999)  # decay of the running means of the gradient and of its square
SMALLEST = 1e-7  # added to the root of that square, as Keras does
JUDGED = 1_000  # digits that validate where MNIST is not installed

Inputs = Float32[np.ndarray, "n 784"]


@dataclass(frozen=True, slots=True)
class Epoch:
    """The network after an epoch, and its figures."""

    number: int  # from 1
    weights: DenseWeights
    loss: float  # mean over the epoch's batches, while the weights changed
    accuracy: float  # likewise
    validation_loss: float
    validation_accuracy: float


def load_training_digits() -> tuple[Labelled, Labelled]:
    """Return training and validation digits: MNIST, or the 5,000 beside the shipped network."""
    try:
        mnist = load_mnist()
    except DataError:  # installed without the repository
        known = load_reference_set(WEIGHTS / "dense.onnx")
        return (
            Labelled(known.pictures[:-JUDGED], known.labels[:-JUDGED]),
            Labelled(known.pictures[-JUDGED:], known.labels[-JUDGED:]),
        )
    return mnist.train, mnist.validation


def train_dense(train: Labelled, validation: Labelled, seed: int = 0) -> Iterator[Epoch]:
    """Train without end; yield the network after each epoch.

    Parameters
    ----------
    train : digits that set the weights, in a new order in each epoch
    validation : digits that judge
    seed : of the first weights and of the order
    """
    rng = np.random.default_rng(seed)
    weights = build_weights(rng)
    means, squares = _zeros(weights), _zeros(weights)
    step = number = 0
    while True:
        number += 1
        losses, right = 0.0, 0
        order = rng.permutation(len(train))
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            inputs, labels = to_inputs(train.pictures[chosen]), train.labels[chosen]
            probabilities, slopes = gradients(inputs, labels, weights)
            step += 1
            weights = _adam(weights, slopes, means, squares, step)
            losses += len(chosen) * negative_log_likelihood(probabilities, labels)
            right += int((probabilities.argmax(axis=1) == labels).sum())
        judged = predict(to_inputs(validation.pictures), weights)
        yield Epoch(
            number,
            weights,
            losses / len(train),
            right / len(train),
            negative_log_likelihood(judged, validation.labels),
            float((judged.argmax(axis=1) == validation.labels).mean()),
        )


def build_weights(rng: np.random.Generator) -> DenseWeights:
    """Return random kernels as Keras begins with (Glorot & Bengio 2010), and biases of 0."""

    def kernel(inputs: int, outputs: int) -> np.ndarray:
        limit = np.sqrt(6 / (inputs + outputs))
        return rng.uniform(-limit, limit, (inputs, outputs)).astype(np.float32)

    return DenseWeights(
        kernel(FRAME * FRAME, HIDDEN),
        np.zeros(HIDDEN, np.float32),
        kernel(HIDDEN, CLASSES),
        np.zeros(CLASSES, np.float32),
    )


def to_inputs(pictures: UInt8[np.ndarray, "n 28 28"]) -> Inputs:
    """Return pictures as rows of ink: uint8 (n, 28, 28) -> float32 (n, 784)."""
    return pictures.reshape(len(pictures), -1).astype(np.float32) / np.float32(255)


def predict(inputs: Inputs, weights: DenseWeights) -> Probabilities:
    """Return the probability of each digit: (n, 784) -> (n, 10)."""
    hidden = np.maximum(inputs @ weights.hidden + weights.hidden_bias, 0)
    return softmax(hidden @ weights.output + weights.output_bias)


def gradients(
    inputs: Inputs, labels: UInt8[np.ndarray, " n"], weights: DenseWeights
) -> tuple[Probabilities, DenseWeights]:
    """Return the probabilities, and the gradient of the mean cross-entropy by backpropagation."""
    sums = inputs @ weights.hidden + weights.hidden_bias
    hidden = np.maximum(sums, 0)
    probabilities = softmax(hidden @ weights.output + weights.output_bias)
    truth = np.eye(CLASSES, dtype=np.float32)[labels]
    by_logits = (probabilities - truth) / np.float32(len(labels))
    by_sums = (by_logits @ weights.output.T) * (sums > 0)
    return probabilities, DenseWeights(
        inputs.T @ by_sums, by_sums.sum(axis=0), hidden.T @ by_logits, by_logits.sum(axis=0)
    )


def _adam(
    weights: DenseWeights,
    slopes: DenseWeights,
    means: list[np.ndarray],
    squares: list[np.ndarray],
    step: int,
) -> DenseWeights:
    """Return the weights after a step; `means` and `squares` are updated in place."""
    first, second = MOMENTS
    rate = np.float32(RATE * np.sqrt(1 - second**step) / (1 - first**step))
    moved = []
    for weight, slope, mean, square in zip(
        _arrays(weights), _arrays(slopes), means, squares, strict=True
    ):
        mean += (1 - first) * (slope - mean)
        square += (1 - second) * (slope * slope - square)
        moved.append(weight - rate * mean / (np.sqrt(square) + np.float32(SMALLEST)))
    return DenseWeights(*moved)


def _arrays(weights: DenseWeights) -> list[np.ndarray]:
    return [weights.hidden, weights.hidden_bias, weights.output, weights.output_bias]


def _zeros(weights: DenseWeights) -> list[np.ndarray]:
    return [np.zeros_like(array) for array in _arrays(weights)]
