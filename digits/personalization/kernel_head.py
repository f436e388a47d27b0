"""A personal head: what corrected digits add to a network's answers for what looks like them.

Two digits are alike when their embeddings point the same way. Each corrected digit pulls what is
like it towards its truth; how strongly, a logistic regression with a kernel says, whose ridge
keeps every pull small, and whose offset is the network's own answer (Hastie, Tibshirani &
Friedman 2009, "The Elements of Statistical Learning", section 12.3.3). Far from all corrected
digits nothing changes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32, Float64, UInt8

from digits.errors import ModelError
from digits.inference.calibration import sigmoid, softmax
from digits.inference.classifier import Classifier, OnnxNetwork, Scores
from digits.types import CLASSES, Frame, Frames, Logits

RIDGE = 0.003  # weight of the squared pulls; chosen with REACHES on drawn writers, docs/learning.md
STEPS = 200  # of the fit, at most; it needs some fifty
SETTLED = 1e-4  # largest step at which the fit is done
NOT_A_DIGIT = CLASSES  # the truth of what holds no digit
SMALLEST = 1e-9  # length of an embedding; that of blank paper may be 0

Embeddings = Float32[np.ndarray, "_n _units"]


@dataclass(frozen=True, slots=True)
class PersonalHead:
    """Corrected digits as a network sees them, and where each pulls."""

    directions: Float32[np.ndarray, "k _units"]  # embeddings of length 1
    pulls: Float32[np.ndarray, "k 10"]  # nats towards each digit, for one that is just like it
    denials: Float32[np.ndarray, " k"]  # nats towards "not a digit"
    reach: float  # squared distance of directions, 0 to 4, at which a pull is down to 1/e

    def shift(self, embeddings: Embeddings) -> Logits:
        """Return what is added to calibrated logits: (n, units) -> (n, 10)."""
        return (self._alike(embeddings) @ self.pulls).astype(np.float32)

    def doubt(self, embeddings: Embeddings) -> Float32[np.ndarray, " _n"]:
        """Return what is added to the log-odds of "not a digit": (n, units) -> (n,)."""
        return (self._alike(embeddings) @ self.denials).astype(np.float32)

    def _alike(self, embeddings: Embeddings) -> np.ndarray:
        return likeness(directions_of(embeddings), self.directions, self.reach)


@dataclass(frozen=True)
class PersonalNetwork:
    """A network with a personal head beside its own two."""

    network: OnnxNetwork
    head: PersonalHead
    temperature: float  # of the network's calibration, which the head was learned behind
    slope: float  # of the calibration of "not a digit"

    def __call__(self, frames: Frames) -> Scores:
        """Return scores: (n, 28, 28) -> (n, 10), and (n,) from a second head."""
        scores, embeddings = self.network.look(frames)
        logits = scores.logits + np.float32(self.temperature) * self.head.shift(embeddings)
        if scores.not_a_digit is None:
            return Scores(logits)
        doubt = self.head.doubt(embeddings) / np.float32(self.slope)
        return Scores(logits, scores.not_a_digit + doubt)

    def embed(self, frames: Frames) -> Embeddings:
        """Return the last hidden layer: (n, 28, 28) -> (n, units)."""
        return self.network.embed(frames)

    def activations(self, frame: Frame) -> list[tuple[str, np.ndarray]]:
        """Return the output of each layer, the first first; the logits with what was learned."""
        layers = self.network.activations(frame)[:-1]
        return [*layers, ("logits", self(frame[None]).logits[0])]


def with_head(classifier: Classifier, head: PersonalHead) -> Classifier:
    """Return a classifier that has a personal head beside its network's own.

    Raises
    ------
    ModelError
        The network is a `.h5`, which shows no embedding.
    """
    if not isinstance(classifier.network, OnnxNetwork):
        raise ModelError(
            f"nothing can be learned beside {classifier.name.name}: choose a model that is "
            "served as .onnx"
        )
    slope = classifier.refusal.slope if classifier.refusal else 1.0
    network = PersonalNetwork(classifier.network, head, classifier.temperature, slope)
    return replace(classifier, network=network)


def directions_of(embeddings: Embeddings) -> Embeddings:
    """Return embeddings of length 1: (n, units) -> (n, units)."""
    length = np.linalg.norm(embeddings, axis=1, keepdims=True)
    return (embeddings / np.maximum(length, SMALLEST)).astype(np.float32)


def likeness(one: Embeddings, other: Embeddings, reach: float) -> Float64[np.ndarray, "_n _m"]:
    """Return how much directions are alike, 1 for the same: (n, units), (m, units) -> (n, m)."""
    return np.exp((2 * one.astype(np.float64) @ other.T.astype(np.float64) - 2) / reach)


def fit_head(
    embeddings: Float32[np.ndarray, "k _units"],
    logits: Float32[np.ndarray, "k 10"],
    doubts: Float64[np.ndarray, " k"],
    truth: UInt8[np.ndarray, " k"],
    reach: float,
) -> PersonalHead:
    """Learn from k corrected digits, in milliseconds.

    Parameters
    ----------
    embeddings, logits, doubts : what the network makes of them; the logits calibrated, and the
        log-odds of "not a digit"
    truth : 0 to 9, or `NOT_A_DIGIT`
    reach : how far each digit pulls, as in `PersonalHead`

    Notes
    -----
    Minimises the negative log-likelihood of the truth plus `RIDGE` / 2 times the squared norm of
    what is added. The steps are Newton's with a fixed bound of the curvature, so that each one
    leads downwards and none needs a line search (Böhning 1992).
    """
    directions = directions_of(embeddings)
    alike = likeness(directions, directions, reach)
    digits = truth != NOT_A_DIGIT
    pulls, denials = np.zeros((len(truth), CLASSES)), np.zeros(len(truth))
    pulls[digits] = _settle(
        alike[np.ix_(digits, digits)], logits[digits], np.eye(CLASSES)[truth[digits]], softmax
    )
    denials[:] = _settle(alike, doubts, (~digits).astype(float), sigmoid)
    return PersonalHead(directions, pulls.astype(np.float32), denials.astype(np.float32), reach)


def _settle(
    alike: np.ndarray,
    offset: np.ndarray,
    wanted: np.ndarray,
    link: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return pulls with which `link` comes as near to what is wanted as they are worth."""
    pulls = np.zeros_like(wanted)
    bound = np.linalg.inv(alike / 2 + RIDGE * np.eye(len(wanted)))  # half bounds both curvatures
    for _ in range(STEPS):
        step = bound @ (link(offset + alike @ pulls) - wanted + RIDGE * pulls)
        pulls -= step
        if not step.size or np.abs(step).max() < SETTLED:
            break
    return pulls
