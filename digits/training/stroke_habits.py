"""Add strokes to digits that are usual elsewhere and missing in MNIST's American writers.

Each function returns a frame with a stroke as thick as those of the digit.
"""

import cv2
import numpy as np

from digits.types import FRAME, Frame

FINE = 4  # factor at which strokes are drawn before reduction
P_FLAG = 0.35  # share of ones that begin with an up-stroke
P_FOOT = 0.15  # share of ones that stand on a bar
P_BAR = 0.2  # share of sevens that are crossed
INKED = 0.5  # of full ink


def add_habits(frame: Frame, label: int, rng: np.random.Generator) -> Frame:
    """Return a digit with a random additional stroke: (28, 28) -> (28, 28)."""
    if label == 1:
        if rng.random() < P_FLAG:
            frame = flagged_one(frame, rng)
        if rng.random() < P_FOOT:
            frame = footed_one(frame, rng)
    elif label == 7 and rng.random() < P_BAR:  # noqa: PLR2004  # the digit itself
        frame = crossed_seven(frame, rng)
    return frame


def flagged_one(frame: Frame, rng: np.random.Generator, longest: float = 0.6) -> Frame:
    """Add an up-stroke to the top of a 1, with a length relative to the stem."""
    rows = np.flatnonzero((frame > INKED).any(axis=1))
    if not rows.size:
        return frame
    top = np.array([_middle(frame, int(rows[0]) + 1), rows[0] + 1.0])
    length = rng.uniform(0.2, longest) * (rows[-1] - rows[0])
    angle = np.deg2rad(rng.uniform(25, 70))  # from straight down
    tip = top + length * np.array([-np.sin(angle), np.cos(angle)])
    return _drawn(frame, top, tip)


def footed_one(frame: Frame, rng: np.random.Generator) -> Frame:
    """Add a base bar to a 1."""
    rows = np.flatnonzero((frame > INKED).any(axis=1))
    if not rows.size:
        return frame
    foot = np.array([_middle(frame, int(rows[-1])), float(rows[-1])])
    half = rng.uniform(0.15, 0.35, 2) * (rows[-1] - rows[0])
    lean = rng.uniform(-1.0, 1.0)
    return _drawn(frame, foot - np.array([half[0], -lean]), foot + np.array([half[1], -lean]))


def crossed_seven(frame: Frame, rng: np.random.Generator) -> Frame:
    """Add a bar across the stem of a 7."""
    rows = np.flatnonzero((frame > INKED).any(axis=1))
    if not rows.size:
        return frame
    row = round(rows[0] + rng.uniform(0.45, 0.65) * (rows[-1] - rows[0]))
    stem = np.array([_middle(frame, row), float(row)])
    half = rng.uniform(0.15, 0.35, 2) * (rows[-1] - rows[0])
    lean = rng.uniform(-1.5, 1.5)
    return _drawn(frame, stem - np.array([half[0], -lean]), stem + np.array([half[1], -lean]))


def _middle(frame: Frame, row: int) -> float:
    """Return the column of the middle of the ink in a row, or of the frame if it has none."""
    mass = frame[min(row, FRAME - 1)]
    return float(np.average(np.arange(FRAME), weights=mass)) if mass.any() else FRAME / 2


def _drawn(frame: Frame, start: np.ndarray, end: np.ndarray) -> Frame:
    """Draw a straight stroke of the digit's own width between two points (column, row)."""
    width = _stroke_width(frame)
    canvas = np.zeros((FRAME * FINE, FRAME * FINE), np.uint8)
    first, last = (
        tuple(int(value) for value in np.round((point + 0.5) * FINE)) for point in (start, end)
    )
    cv2.line(canvas, first, last, 255, max(1, round(width * FINE)), cv2.LINE_AA)
    stroke = cv2.resize(canvas, (FRAME, FRAME), interpolation=cv2.INTER_AREA)
    return np.maximum(frame, (stroke / np.float32(255)).astype(np.float32))


def _stroke_width(frame: Frame) -> float:
    """Return the stem's width in px: the ink of a usual row."""
    mass = frame.sum(axis=1)
    return float(np.clip(np.median(mass[mass > INKED]), 1, 4)) if (mass > INKED).any() else 2.0
