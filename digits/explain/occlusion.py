"""Occlusion sensitivity: how an answer changes when a part of the digit is covered.

Zeiler & Fergus (2014), "Visualizing and Understanding Convolutional Networks", section 4.2. Only
the outputs are used, so that it works with any classifier.
"""

import numpy as np

from digits.arrays import Float32
from digits.inference.classifier import Classifier
from digits.types import FRAME, Frame

COVER = 5  # px, side of the covering square: about two strokes wide
SMALLEST = 1e-12  # probability; the logarithm of 0 is not a number


def occlude(
    classifier: Classifier, frame: Frame, value: int | None = None
) -> Float32[np.ndarray, "28 28"]:
    """Return how much each pixel's neighbourhood supports an answer.

    Parameters
    ----------
    classifier : runs on some hundred frames, in one batch
    frame : float32, shape (28, 28)
    value : the answer, 0 to 9; by default the classifier's own

    Returns
    -------
    float32, shape (28, 28)
        Mean decrease of the answer's log-probability, in nats, over all squares of `COVER` px
        that hide the pixel. Negative where the ink contradicts the answer, 0 where there is no
        ink near.
    """
    corners = [(y, x) for y in range(FRAME - COVER + 1) for x in range(FRAME - COVER + 1)]
    squares = [(slice(y, y + COVER), slice(x, x + COVER)) for y, x in corners]
    squares = [square for square in squares if frame[square].any()]
    covered = np.repeat(frame[None], 1 + len(squares), axis=0)  # the first is not covered
    for picture, square in zip(covered[1:], squares, strict=True):
        picture[square] = 0
    probabilities = classifier.classify(covered).probabilities
    chosen = int(probabilities[0].argmax()) if value is None else value
    log_probability = np.log(np.maximum(probabilities[:, chosen], SMALLEST))
    fall, times = np.zeros((FRAME, FRAME)), np.zeros((FRAME, FRAME))
    for square, without in zip(squares, log_probability[1:], strict=True):
        fall[square] += log_probability[0] - without
    for y, x in corners:
        times[y : y + COVER, x : x + COVER] += 1
    return (fall / times).astype(np.float32)
