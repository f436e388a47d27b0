"""Make probabilities honest: one temperature, fitted on digits that taught nothing else.

Guo et al. (2017), "On Calibration of Modern Neural Networks". Dividing all logits by one number
changes how sure an answer is, never which it is.
"""

import numpy as np
from jaxtyping import UInt8

from digits.core import Logits, Probabilities
from digits.metrics import negative_log_likelihood

COOLEST, HOTTEST = 0.2, 5.0  # temperatures searched
STEPS = 60  # of golden-section search; each leaves 62 % of the range
GOLDEN = (np.sqrt(5) - 1) / 2


def softmax(logits: Logits, temperature: float = 1.0) -> Probabilities:
    """Return probabilities, rows summing to 1: (n, 10) -> (n, 10)."""
    scaled = logits.astype(np.float64) / temperature
    weights = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def fit_temperature(logits: Logits, truth: UInt8[np.ndarray, " n"]) -> float:
    """Return the temperature at which the truth is likeliest, by golden-section search."""

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
