"""Calibrate probabilities on held-out digits.

Guo et al. (2017), "On Calibration of Modern Neural Networks": dividing all logits by one number
changes the confidence of an answer, never the answer. Platt (1999): a slope and an offset do the
same for a score of two classes.
"""

from dataclasses import dataclass

import numpy as np

from digits.arrays import Float, Float32, Float64, UInt8
from digits.types import Logits

COOLEST, HOTTEST = 0.2, 5.0  # temperatures searched
STEPS = 60  # of golden-section search; each leaves 62 % of the range
CLIP = 30.0  # log-odds; beyond is certainty
NEWTON_STEPS = 20  # it converges in fewer than ten
RIDGE = 1e-4  # L2 penalty; keeps the slope finite where classes do not overlap
GOLDEN = (np.sqrt(5) - 1) / 2
SMALLEST = 1e-12  # probability; the logarithm of 0 is not a number


def softmax(
    logits: Float[np.ndarray, "n 10"], temperature: float = 1.0
) -> Float[np.ndarray, "n 10"]:
    """Return probabilities of the same type, rows summing to 1: (n, 10) -> (n, 10)."""
    scaled = logits.astype(np.float64) / temperature
    weights = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray((weights / weights.sum(axis=1, keepdims=True)).astype(logits.dtype))


def sigmoid(log_odds: np.ndarray) -> Float64[np.ndarray, "..."]:
    """Return probabilities of log-odds, which are clipped to `CLIP`."""
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -CLIP, CLIP))), np.float64)


def fit_temperature(logits: Logits, truth: UInt8[np.ndarray, " n"]) -> float:
    """Return the temperature of least negative log-likelihood, by golden-section search."""

    def loss(exponent: float) -> float:
        return negative_log_likelihood(softmax(logits, float(np.exp(exponent))), truth)

    low, high = np.log(COOLEST), np.log(HOTTEST)
    for _ in range(STEPS):
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


@dataclass(frozen=True, slots=True)
class Rejection:
    """Platt scaling of the "not a digit" logit, and the threshold for rejection."""

    slope: float
    offset: float
    threshold: float  # probability

    def log_odds(self, logits: Float32[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
        """Return the log-odds of "not a digit": (n,) -> (n,)."""
        return self.slope * logits.astype(np.float64) + self.offset

    @property
    def threshold_log_odds(self) -> float:
        """The threshold as log-odds."""
        return float(np.log(self.threshold) - np.log1p(-self.threshold))

    def probability(self, logits: Float32[np.ndarray, " n"]) -> Float32[np.ndarray, " n"]:
        """Return the probability of "not a digit" at a prior of one half: (n,) -> (n,)."""
        return sigmoid(self.log_odds(logits)).astype(np.float32)


def fit_rejection(
    digits: Float32[np.ndarray, " n"],
    others: Float32[np.ndarray, " m"],
    plain: Float32[np.ndarray, " k"],
    kept: float,
) -> Rejection:
    """Fit the calibration of the "not a digit" output by Newton's method.

    Parameters
    ----------
    digits, others : logits of digits and of other content; each half has the same weight
    plain : logits of digits as they were written
    kept : share of `plain` that must not be rejected; it sets the threshold
    """
    logits = np.concatenate([digits, others]).astype(np.float64)
    truth = np.repeat([0.0, 1.0], [len(digits), len(others)])
    weights = np.repeat([0.5 / len(digits), 0.5 / len(others)], [len(digits), len(others)])
    slope, offset = fit_platt(logits, truth, weights)
    scores = Rejection(slope, offset, 1.0).probability(plain)
    return Rejection(slope, offset, float(np.quantile(scores, kept)))


def fit_platt(
    scores: Float64[np.ndarray, " n"],
    truth: Float64[np.ndarray, " n"],
    weights: Float64[np.ndarray, " n"],
) -> tuple[float, float]:
    """Return slope and offset of Platt scaling, fitted by Newton's method.

    Parameters
    ----------
    scores : higher means more probable
    truth : 1.0 for positives, 0.0 for negatives
    weights : one for each score; they sum to 1
    """
    features = np.stack([scores, np.ones_like(scores)], axis=1)  # (n, 2)
    line = np.array([0.5, 0.0])
    for _ in range(NEWTON_STEPS):
        guess = sigmoid(features @ line)
        gradient = features.T @ (weights * (guess - truth)) + RIDGE * line
        bend = (features.T * (weights * guess * (1 - guess))) @ features + RIDGE * np.eye(2)
        line -= np.linalg.solve(bend, gradient)
    return float(line[0]), float(line[1])


def negative_log_likelihood(
    probabilities: Float32[np.ndarray, "n 10"], truth: UInt8[np.ndarray, " n"]
) -> float:
    """Return the mean of -ln p(truth)."""
    chosen = probabilities[np.arange(len(truth)), truth].astype(np.float64)
    return float(-np.log(np.maximum(chosen, SMALLEST)).mean())
