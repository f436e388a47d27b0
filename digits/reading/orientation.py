"""Estimate the quarter turn of a page, and decide whether it reads better turned."""

from collections.abc import Sequence

import numpy as np

from digits.image.components import Components, find_components
from digits.image.mnist_normalize import to_frame
from digits.reading.composition import n_digits
from digits.reading.steps import Classify, Steps
from digits.types import FRAME, Box, Ink, Line

INK = 0.5  # of full ink; paler pixels are not part of a piece
PIECES = 24  # the largest of a page; 60 changed no development picture
SMALLEST = 12  # px: longer side of the smallest piece
ALIKE = 2.0  # times the usual size, and its inverse; pieces of other sizes are not digits
LEAST = 1e-3  # least probability, so that one piece cannot decide alone
QUARTERS = 4
CLEAR = 0.95  # geometric mean of a page's confidence, a digit, above which it stands upright
ENOUGH_DIGITS = 6  # on a page that is to be turned: 8061 might as well be 1908
ALIKE_MANY = 0.9  # of the digits that are read upright must be read on the turned page too
EVIDENCE = 1.0  # by which the logarithm of all digits' confidence rises when a page is turned
TINY = 1e-12  # probability; the logarithm of 0 is not a number


def likeliest_quarters(ink: Ink) -> Steps[int]:
    """Return the number of quarter turns to the left by which a page is turned: 0 to 3.

    Each separate piece of ink is classified in all four orientations. The result is the
    orientation in which the pieces look most like digits, and 0 without any piece.

    Parameters
    ----------
    ink : of the page, shape (h, w), 0.0 paper to 1.0 ink
    """
    pieces = find_components(ink > INK)
    shapes = [
        np.where(pieces.labels[top:bottom, left:right] == i + 1, ink[top:bottom, left:right], 0)
        for i in _choose(pieces)
        for left, top, right, bottom in (pieces.boxes[i],)
    ]
    if not shapes:
        return 0
    frames = np.zeros((QUARTERS * len(shapes), FRAME, FRAME), np.float32)
    for i, frame in enumerate(frames):
        turned = np.ascontiguousarray(np.rot90(shapes[i // QUARTERS], -(i % QUARTERS)))
        frame[:] = to_frame(turned, Box(0, 0, turned.shape[1], turned.shape[0]))
    answers = yield Classify(frames)
    likely = np.asarray(answers.probabilities).max(axis=1)
    if answers.not_a_digit is not None:
        likely = likely * (1 - np.asarray(answers.not_a_digit))
    votes = np.log(np.maximum(likely, LEAST)).reshape(-1, QUARTERS).mean(axis=0)
    return int(votes.argmax())


def _choose(pieces: Components) -> list[int]:
    """Return the indices of pieces of the usual size, the largest first."""
    side = np.maximum(pieces.width, pieces.height)
    largest = np.argsort(-pieces.area, kind="stable")
    largest = largest[side[largest] >= SMALLEST][:PIECES]
    if not largest.size:
        return []
    usual = np.median(side[largest])
    alike = (side[largest] > usual / ALIKE) & (side[largest] < usual * ALIKE)
    return [int(i) for i in largest[alike]]


def may_be_turned(numbers: Sequence[Line]) -> bool:
    """Return whether a page reads so badly that it may not stand upright."""
    return n_digits(numbers) >= ENOUGH_DIGITS / 2 and _mean_confidence(numbers) < CLEAR


def is_clearer(turned: Sequence[Line], upright: Sequence[Line]) -> bool:
    """Return whether a page reads well, and clearly better, when it is turned."""
    enough = max(ENOUGH_DIGITS, ALIKE_MANY * n_digits(upright))
    mean = _mean_confidence(turned)
    if n_digits(turned) < enough or mean < CLEAR:
        return False
    gain = np.log(mean / max(TINY, _mean_confidence(upright)))
    return bool(n_digits(turned) * gain > EVIDENCE)


def _mean_confidence(numbers: Sequence[Line]) -> float:
    """Return the geometric mean of the confidence of a page's digits."""
    wholes = [line.confidence for line in numbers if line.digits]
    if not wholes:
        return 0.0
    return float(np.exp(np.log(np.maximum(wholes, TINY)).sum() / n_digits(numbers)))
