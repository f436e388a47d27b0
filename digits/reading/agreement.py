"""The confidence of a number that was read twice, by what the other reading has in its place.

The log-odds of both readings add up where they agree, as independent evidence would, and Platt
scaling (Platt 1999) takes back what they share. Agreement never lowers the less confident of both,
a dispute never raises it. `scripts/fit_agreement.py` fits the six numbers on composed documents of
calibration writers, whom no network was trained on.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from digits.inference.calibration import sigmoid

Agreement = Literal["agreed", "disputed", "alone"]  # the same text, another one, none there
SURE = 2e-3  # probability; nearer to 0 or 1 counts as this near, so that no dispute is certain
SCALING: dict[Agreement, tuple[float, float]] = {  # slope and offset of the log-odds
    "agreed": (0.226, 0.536),
    "disputed": (0.491, -0.440),
    "alone": (0.305, -0.504),
}


def confidence_of(agreement: Agreement, confidences: Sequence[float]) -> float:
    """Return the calibrated confidence of a number that was read twice.

    Parameters
    ----------
    agreement : of the two readings
    confidences : of each reading that has this text; one of 0 has no digit for certain
    """
    least = min(confidences)
    if least <= 0:
        return 0.0
    slope, offset = SCALING[agreement]
    scaled = float(sigmoid(np.asarray(slope * evidence(confidences) + offset)))
    return max(least, scaled) if agreement == "agreed" else min(least, scaled)


def evidence(confidences: Sequence[float]) -> float:
    """Return the sum of the log-odds of confidences."""
    inside = np.clip(confidences, SURE, 1 - SURE)
    return float((np.log(inside) - np.log1p(-inside)).sum())
