"""Estimate the quarter turn of a page, by how the digit network reads its pieces of ink."""

import numpy as np

from digits.image.components import Components, find_components
from digits.image.mnist_normalize import to_frame
from digits.inference.classifier import Classifier
from digits.types import FRAME, Box, Ink

INK = 0.5  # of full ink; paler pixels are not part of a piece
PIECES = 24  # the largest of a page; 60 changed no development picture
SMALLEST = 12  # px: longer side of the smallest piece
ALIKE = 2.0  # times the usual size, and its inverse; pieces of other sizes are not digits
LEAST = 1e-3  # least probability, so that one piece cannot decide alone
QUARTERS = 4


def likeliest_quarters(classifier: Classifier, ink: Ink) -> int:
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
    answers = classifier.classify(frames)
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
