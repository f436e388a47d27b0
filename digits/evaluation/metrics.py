"""Metrics: accuracy with intervals, calibration error, AUROC and text alignment."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from digits.arrays import Bool, Float, Int, UInt8

Z95 = 1.959963984540054  # standard normal quantile of a two-sided 95 % interval
BINS = 15  # bins of equal mass, usual in the literature on calibration (Guo et al. 2017)


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of about the same confidence."""

    answers: int
    confidence: float  # mean confidence
    right: float  # share of right answers


def interval(successes: int, trials: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share (Wilson 1927).

    Examples
    --------
    >>> low, high = interval(98, 100)
    >>> round(low, 3), round(high, 3)
    (0.93, 0.994)
    """
    if trials == 0:
        return 0.0, 1.0
    share, z2 = successes / trials, Z95**2 / trials
    middle = (share + z2 / 2) / (1 + z2)
    reach = Z95 * np.sqrt(share * (1 - share) / trials + z2 / trials / 4) / (1 + z2)
    # Rounding must not push a share of 0 or 1 out of its own interval.
    return min(share, float(middle - reach)), max(share, float(middle + reach))


def confusion_matrix(
    truth: UInt8[np.ndarray, " n"], answers: Int[np.ndarray, " n"] | UInt8[np.ndarray, " n"]
) -> Int[np.ndarray, "10 10"]:
    """Return counts of true classes (rows) and predicted classes (columns)."""
    counts = np.zeros((10, 10), np.int64)
    np.add.at(counts, (truth, answers), 1)
    return counts


def calibration_error(
    confidence: Float[np.ndarray, " n"], right: Bool[np.ndarray, " n"], bins: int = BINS
) -> float:
    """Return the expected calibration error over bins of equal mass.

    It is the mean difference between the confidence of a bin and its accuracy.
    """
    gaps = [
        abs(one.confidence - one.right) * one.answers
        for one in reliability_bins(confidence, right, bins)
    ]
    return float(np.sum(gaps) / len(confidence))


def reliability_bins(
    confidence: Float[np.ndarray, " n"], right: Bool[np.ndarray, " n"], bins: int = BINS
) -> tuple[Bin, ...]:
    """Return bins of equal mass for a reliability diagram, the least confident first.

    Examples
    --------
    >>> reliability_bins(np.array([0.9, 0.5, 0.7, 0.9]), np.array([True, False, True, True]), 2)
    (Bin(answers=2, confidence=0.6, right=0.5), Bin(answers=2, confidence=0.9, right=1.0))
    """
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, bins) if part.size]
    return tuple(
        Bin(int(part.size), float(confidence[part].mean()), float(right[part].mean()))
        for part in parts
    )


def auroc(low: Float[np.ndarray, " n"], high: Float[np.ndarray, " m"]) -> float:
    """Return the area under the receiver operating characteristic (Hanley & McNeil 1982).

    It is the probability that one of `high` exceeds one of `low`; a tie counts half.

    Examples
    --------
    >>> auroc(np.float32([0.1, 0.2, 0.6]), np.float32([0.6, 0.9]))
    0.9166666666666666
    """
    low = np.sort(low)
    below = np.searchsorted(low, high, "left") + np.searchsorted(low, high, "right")
    return float(below.mean() / (2 * len(low)))


def align_texts(truth: Sequence[str], read: Sequence[str]) -> list[tuple[str | None, str | None]]:
    """Align the characters or the lines of two texts (Levenshtein 1966).

    A missed one is paired with None on the right, an extra one on the left.

    Examples
    --------
    >>> align_texts("705", "7105")
    [('7', '7'), (None, '1'), ('0', '0'), ('5', '5')]
    """
    rows, columns = len(truth) + 1, len(read) + 1
    cost = np.zeros((rows, columns), int)
    cost[:, 0], cost[0] = np.arange(rows), np.arange(columns)
    for i in range(1, rows):
        for j in range(1, columns):
            differs = truth[i - 1] != read[j - 1]
            cost[i, j] = min(cost[i - 1, j - 1] + differs, cost[i - 1, j] + 1, cost[i, j - 1] + 1)
    pairs: list[tuple[str | None, str | None]] = []
    i, j = len(truth), len(read)
    while i or j:
        if i and j and cost[i, j] == cost[i - 1, j - 1] + (truth[i - 1] != read[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((truth[i], read[j]))
        elif i and cost[i, j] == cost[i - 1, j] + 1:
            i -= 1
            pairs.append((truth[i], None))
        else:
            j -= 1
            pairs.append((None, read[j]))
    return pairs[::-1]


def accepting_threshold(
    confidence: Float[np.ndarray, " n"], right: Bool[np.ndarray, " n"], accuracy: float
) -> float | None:
    """Return the lowest confidence threshold that reaches an accuracy, or None.

    Examples
    --------
    >>> confidence, right = np.array([0.2, 0.5, 0.8, 0.9]), np.array([True, False, True, True])
    >>> accepting_threshold(confidence, right, 0.99)
    0.8
    """
    order = np.argsort(-confidence, kind="stable")
    shares = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    # Answers of one confidence are accepted together.
    ends = np.append(np.diff(confidence[order]) != 0, True) if len(order) else np.zeros(0, bool)
    good = np.flatnonzero(ends & (shares >= accuracy))
    return float(confidence[order][good[-1]]) if good.size else None
