"""Where a network looks: what becomes of its answer when a part of the digit is covered.

Zeiler & Fergus (2014), "Visualizing and Understanding Convolutional Networks", section 4.2. It
asks the network and never looks into it, so that it serves any classifier.
"""

import numpy as np
from jaxtyping import Float32

from digits.inference.classifier import Classifier
from digits.types import FRAME, Frame

COVER = 5  # px, side of the paper laid over the digit: about two strokes wide
SMALLEST = 1e-12  # probability; the logarithm of 0 is not a number


def occlude(
    classifier: Classifier, frame: Frame, value: int | None = None
) -> Float32[np.ndarray, "28 28"]:
    """Return how much each pixel's neighbourhood speaks for an answer.

    Parameters
    ----------
    classifier : is asked some hundred times, in one batch
    frame : float32, shape (28, 28)
    value : the answer in question, 0 to 9; without it, the classifier's own

    Returns
    -------
    float32, shape (28, 28)
        By how many nats the logarithm of the answer's probability falls, as a mean over all
        squares of `COVER` px that hide the pixel. Below 0 where the ink speaks against the
        answer, and 0 where there is none near.
    """
    corners = [(y, x) for y in range(FRAME - COVER + 1) for x in range(FRAME - COVER + 1)]
    squares = [(slice(y, y + COVER), slice(x, x + COVER)) for y, x in corners]
    squares = [square for square in squares if frame[square].any()]
    covered = np.repeat(frame[None], 1 + len(squares), axis=0)  # the first stays as it is
    for picture, square in zip(covered[1:], squares, strict=True):
        picture[square] = 0
    probabilities = classifier.classify(covered).probabilities
    chosen = int(probabilities[0].argmax()) if value is None else value
    sure = np.log(np.maximum(probabilities[:, chosen], SMALLEST))
    fall, times = np.zeros((FRAME, FRAME)), np.zeros((FRAME, FRAME))
    for square, without in zip(squares, sure[1:], strict=True):
        fall[square] += sure[0] - without
    for y, x in corners:
        times[y : y + COVER, x : x + COVER] += 1
    return (fall / times).astype(np.float32)
