"""Evaluate a classifier on labelled frames, as figures for its card."""

from typing import Any

import numpy as np

from digits.evaluation.metrics import (
    calibration_error,
    confusion_matrix,
    interval,
    reliability_bins,
)
from digits.inference.calibration import negative_log_likelihood
from digits.inference.classifier import Classifier
from digits.types import CLASSES, Frames, Probabilities

N_HARDEST = 18  # digits that a card lists


def judge(classifier: Classifier, frames: Frames, labels: np.ndarray) -> dict[str, Any]:
    """Return accuracy, calibration, confusions and the hardest digits as plain values."""
    probabilities = classifier.classify(frames).probabilities
    answers = probabilities.argmax(axis=1)
    right = answers == labels
    low, high = interval(int(right.sum()), len(labels))
    return {
        "digits": len(labels),
        "accuracy": float(right.mean()),
        "interval": [low, high],
        "wrong": int((~right).sum()),
        "negative_log_likelihood": negative_log_likelihood(probabilities, labels),
        "calibration_error": calibration_error(probabilities.max(axis=1), right),
        "confusion": confusion_matrix(labels, answers).tolist(),
        "reliability": [
            [one.answers, one.confidence, one.right]
            for one in reliability_bins(probabilities.max(axis=1), right)
        ],
        "hardest": [
            {
                "picture": np.round(255 * frames[i]).astype(np.uint8).tobytes().hex(),
                "truth": int(labels[i]),
                "answer": int(answers[i]),
                "sure": float(probabilities[i, labels[i]]),
            }
            for i in hardest(probabilities, labels)
        ],
    }


def hardest(probabilities: Probabilities, labels: np.ndarray) -> list[int]:
    """Return the digits whose true class has the lowest probability, the hardest first."""
    of_truth = probabilities[np.arange(len(labels)), labels]
    return [int(i) for i in np.argsort(of_truth, kind="stable")[:N_HARDEST]]


def describe(figures: dict[str, Any]) -> str:
    """Return the figures of `judge` as lines for a terminal."""
    low, high = figures["interval"]
    rows = [" ".join(f"{count:5d}" for count in row) for row in figures["confusion"]]
    return "\n".join(
        [
            f"{figures['accuracy']:.2%} of {figures['digits']} digits right "
            f"(95 % interval {low:.2%} to {high:.2%}), {figures['wrong']} wrong",
            f"calibration error {figures['calibration_error']:.2%}",
            "rows: true class; columns: predicted class",
            "   " + " ".join(f"{digit:5d}" for digit in range(CLASSES)),
            *(f"{digit}  {row}" for digit, row in enumerate(rows)),
        ]
    )
