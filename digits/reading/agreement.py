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
SURE = 2e-3  # probability; nearer to 0 or 1 counts as this near
# Of disputed numbers with a fitted confidence of 0.95 or more 92 % were right.
DISPUTED_MOST = 0.94
SCALING: dict[Agreement, tuple[float, float]] = {  # slope and offset of the log-odds
    "agreed": (0.225, 0.706),
    "disputed": (0.617, -0.309),
    "alone": (0.400, -0.658),
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
    if agreement == "agreed":
        return max(least, scaled)
    return min(least, scaled, DISPUTED_MOST if agreement == "disputed" else 1.0)


def evidence(confidences: Sequence[float]) -> float:
    """Return the sum of the log-odds of confidences."""
    inside = np.clip(confidences, SURE, 1 - SURE)
    return float((np.log(inside) - np.log1p(-inside)).sum())
