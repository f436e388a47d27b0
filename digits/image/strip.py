"""Straighten a line of writing and bring it to the height that the line network reads.

What the network sees is contrast and not ink: on patterned paper a threshold would already have
decided what is a stroke, and that is the network's business.
"""

import cv2
import numpy as np
from jaxtyping import Float32

from digits.core import Contrast, Region

HEIGHT = 32  # px of a strip; the digits fill about three quarters
MARGIN = 0.17  # of a line's height, left above and below it
LEAST_WIDTH = 32  # px of a strip: one digit and the paper at its sides
MOST_WIDTH = 1024  # px of a strip: some sixty digits; longer lines are squeezed
PAPER = 40  # percentile of a strip's contrast that is paper: strokes cover less than half of it
FULL = 99  # percentile that is full ink
FAINTEST = 0.04  # contrast between the two; a strip with less is empty and is not stretched

Strip = Float32[np.ndarray, "32 _width"]  # 0.0 paper to 1.0 full ink


def normalise(contrast: Contrast) -> Contrast:
    """Stretch a strip so that paper is 0.0 and the darkest strokes 1.0: (h, w) -> (h, w)."""
    paper, full = np.percentile(contrast, (PAPER, FULL))
    stretched = (contrast - paper) / max(FAINTEST, full - paper)
    return np.clip(stretched, 0, 1).astype(np.float32)
