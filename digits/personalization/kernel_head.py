"""The personal head: kernel logistic regression that adjusts a network's logits for one writer.

Digits are compared by the direction of their embeddings, with a Gaussian kernel. The coefficients
of the corrected digits are fitted with a ridge penalty and with the network's own logits as offset
(Hastie, Tibshirani & Friedman 2009, "The Elements of Statistical Learning", section 12.3.3). Far
from all corrected digits the logits stay as they are.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from digits.arrays import Float32, Float64, UInt8
from digits.errors import ModelError
from digits.inference.calibration import sigmoid, softmax
from digits.inference.classifier import Classifier, OnnxNetwork, Scores
from digits.types import CLASSES, Frame, Frames, Logits

RIDGE = 0.003  # L2 penalty; chosen with the bandwidths on drawn writers, docs/learning.md
MAX_STEPS = 200  # of the fit; it needs about fifty
TOLERANCE = 1e-4  # largest step at which the fit has converged
NOT_A_DIGIT = CLASSES  # the truth of a frame that holds no digit
SMALLEST = 1e-9  # length of an embedding; that of blank paper may be 0

Embeddings = Float32[np.ndarray, "_n _units"]


@dataclass(frozen=True, slots=True)
class PersonalHead:
    """The fitted coefficients of k corrected digits."""

    directions: Float32[np.ndarray, "k _units"]  # embeddings of length 1
    class_coefficients: Float32[np.ndarray, "k 10"]  # added to the logits at the digit itself
    reject_coefficients: Float32[np.ndarray, " k"]  # added to the log-odds of "not a digit"
    bandwidth: float  # squared distance of directions, 0 to 4, at which the kernel is 1/e

    def shift(self, embeddings: Embeddings) -> Logits:
        """Return what is added to calibrated logits: (n, units) -> (n, 10)."""
        return (self._kernel(embeddings) @ self.class_coefficients).astype(np.float32)

    def shift_not_a_digit(self, embeddings: Embeddings) -> Float32[np.ndarray, " _n"]:
        """Return what is added to the log-odds of "not a digit": (n, units) -> (n,)."""
        return (self._kernel(embeddings) @ self.reject_coefficients).astype(np.float32)

    def _kernel(self, embeddings: Embeddings) -> np.ndarray:
        return gaussian_kernel(to_directions(embeddings), self.directions, self.bandwidth)


@dataclass(frozen=True)
class PersonalNetwork:
    """A network with a personal head."""

    network: OnnxNetwork
    head: PersonalHead
    temperature: float  # of the network's calibration; the head adds to calibrated logits
    slope: float  # of the calibration of "not a digit"

    def __call__(self, frames: Frames) -> Scores:
        """Return scores: (n, 28, 28) -> (n, 10), and (n,) from a reject head."""
        scores, embeddings = self.network.run(frames)
        logits = scores.logits + np.float32(self.temperature) * self.head.shift(embeddings)
        if scores.not_a_digit is None:
            return Scores(logits)
        shift = self.head.shift_not_a_digit(embeddings) / np.float32(self.slope)
        return Scores(logits, scores.not_a_digit + shift)

    def embed(self, frames: Frames) -> Embeddings:
        """Return the last hidden layer: (n, 28, 28) -> (n, units)."""
        return self.network.embed(frames)

    def activations(self, frame: Frame) -> list[tuple[str, np.ndarray]]:
        """Return the output of each layer, the first first; the logits include the head's."""
        layers = self.network.activations(frame)[:-1]
        return [*layers, ("logits", self(frame[None]).logits[0])]


def with_head(classifier: Classifier, head: PersonalHead) -> Classifier:
    """Return a classifier with a personal head added to its network.

    Raises
    ------
    ModelError
        The network is a `.h5`, which gives no embedding.
    """
    if not isinstance(classifier.network, OnnxNetwork):
        raise ModelError(
            f"{classifier.name.name} cannot learn from corrections: choose a model that is "
            "served as .onnx"
        )
    slope = classifier.rejection.slope if classifier.rejection else 1.0
    network = PersonalNetwork(classifier.network, head, classifier.temperature, slope)
    return replace(classifier, network=network)


def to_directions(embeddings: Embeddings) -> Embeddings:
    """Return embeddings scaled to length 1: (n, units) -> (n, units)."""
    length = np.linalg.norm(embeddings, axis=1, keepdims=True)
    return (embeddings / np.maximum(length, SMALLEST)).astype(np.float32)


def gaussian_kernel(
    one: Embeddings, other: Embeddings, bandwidth: float
) -> Float64[np.ndarray, "_n _m"]:
    """Return the kernel of directions, 1 where equal: (n, units), (m, units) -> (n, m)."""
    return np.exp((2 * one.astype(np.float64) @ other.T.astype(np.float64) - 2) / bandwidth)


def fit_head(
    embeddings: Float32[np.ndarray, "k _units"],
    logits: Float32[np.ndarray, "k 10"],
    not_a_digit: Float64[np.ndarray, " k"],
    truth: UInt8[np.ndarray, " k"],
    bandwidth: float,
) -> PersonalHead:
    """Fit a head to k corrected digits, in milliseconds.

    Parameters
    ----------
    embeddings, logits, not_a_digit : the network's outputs for them; the logits calibrated, and
        the calibrated log-odds of "not a digit"
    truth : 0 to 9, or `NOT_A_DIGIT`
    bandwidth : as in `PersonalHead`

    Notes
    -----
    Minimises the negative log-likelihood of the truth plus `RIDGE` / 2 times the squared norm of
    what is added. Newton's method with a fixed bound of the curvature decreases the loss in each
    step without a line search (Böhning 1992).
    """
    directions = to_directions(embeddings)
    kernel = gaussian_kernel(directions, directions, bandwidth)
    is_digit = truth != NOT_A_DIGIT
    classes = np.zeros((len(truth), CLASSES), np.float32)
    classes[is_digit] = _fit_coefficients(
        kernel[np.ix_(is_digit, is_digit)],
        logits[is_digit],
        np.eye(CLASSES)[truth[is_digit]],
        softmax,
    )
    reject = _fit_coefficients(kernel, not_a_digit, (~is_digit).astype(float), sigmoid)
    return PersonalHead(directions, classes, reject.astype(np.float32), bandwidth)


def _fit_coefficients(
    kernel: np.ndarray,
    offset: np.ndarray,
    target: np.ndarray,
    link: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return the coefficients for which ``link(offset + kernel @ coefficients)`` fits `target`."""
    coefficients = np.zeros_like(target)
    bound = np.linalg.inv(kernel / 2 + RIDGE * np.eye(len(target)))  # half bounds both curvatures
    for _ in range(MAX_STEPS):
        residual = link(offset + kernel @ coefficients) - target
        step = bound @ (residual + RIDGE * coefficients)
        coefficients -= step
        if not step.size or np.abs(step).max() < TOLERANCE:
            break
    return coefficients
