"""Bring one digit into the form in which MNIST shows it.

The digit's tight box is padded to a square and averaged down to 20 x 20 px, and that is placed
in the 28 x 28 frame with its centre of mass at 14.5 px, at a whole pixel. An MNIST digit found
elsewhere comes back as the same pixels.
"""

import cv2
import numpy as np

from digits.errors import EmptyCropError
from digits.image.components import tight_box
from digits.types import CENTRE, FRAME, GLYPH, Box, Frame, Ink

EDGE = 0.5  # of full ink: where a stroke's outline lies, in pictures large enough to tell
LARGE = 2 * GLYPH  # px; larger digits have been blurred by more than MNIST's own averaging
CRISPNESS = 0.5  # of full ink, the ramp that turns a large digit's blurred edge into a sharp one
HAIRLINE = 1.2  # px of the 20 px glyph; MNIST's pens are never finer
PEN = 2.0  # px of the 20 px glyph: a fine pen in MNIST, what hairlines are widened to


def to_frame(ink: Ink, box: Box) -> Frame:
    """Scale and centre the ink inside `box` as MNIST's makers did.

    Parameters
    ----------
    ink : float32, shape (height, width), 0.0 paper to 1.0 full ink
    box : where the digit is, in pixels of `ink`; it may be too large

    Returns
    -------
    float32, shape (28, 28)
        The centre of mass lies within half a pixel of 14.5 px on both axes, unless the frame's
        edge is in the way.

    Raises
    ------
    EmptyCropError
        No ink inside `box`.

    References
    ----------
    LeCun et al. (1998), "Gradient-based learning applied to document recognition", III.A;
    Yadav & Bottou (2019), "Cold Case: the Lost MNIST Digits".
    """
    crop = _tight(ink[box.rows_and_columns()], 0.0)
    if max(crop.shape) > LARGE and crop.max() > EDGE:  # paler ink has no outline to sharpen
        crop = _thicken(_tight(_sharpen(crop), EDGE))
    glyph = _fit(crop)
    top, left = (_offset(glyph, axis) for axis in (0, 1))
    frame = np.zeros((FRAME, FRAME), np.float32)
    frame[top : top + GLYPH, left : left + GLYPH] = glyph
    return frame


def _tight(crop: Ink, outline: float) -> Ink:
    """Cut away rows and columns with no ink above `outline`: (h, w) -> (gh, gw)."""
    box = tight_box(crop > outline)
    if box is None:
        raise EmptyCropError("there is no ink where a digit was expected")
    return crop[box.rows_and_columns()]


def _sharpen(crop: Ink) -> Ink:
    """Make a blurred edge a sharp one, as in the black-and-white scans behind MNIST."""
    return np.clip((crop - EDGE) / CRISPNESS + EDGE, 0, 1)


def _thicken(crop: Ink) -> Ink:
    """Widen a stroke that would fade away when the digit is made small."""
    scale, width = max(crop.shape) / GLYPH, stroke_width(crop)
    lacking = round((PEN * scale - width) / 2)
    if width >= HAIRLINE * scale or lacking < 1:
        return crop
    padded = np.pad(crop, lacking)
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * lacking + 1, 2 * lacking + 1))
    return cv2.dilate(padded, brush)


def stroke_width(ink: Ink) -> float:
    """Return the usual width of the strokes in px: twice the ridge's distance from their edge."""
    mask = (ink > EDGE).astype(np.uint8)
    if not mask.any():
        return 0.0
    distance = cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_L2, 3)
    ridge = distance[(distance >= cv2.dilate(distance, np.ones((3, 3)))) & (distance > 0)]
    return float(2 * np.median(ridge) - 1)


def _fit(crop: Ink) -> Ink:
    """Pad to a square and average down, or enlarge, to the glyph's size: (h, w) -> (20, 20)."""
    height, width = crop.shape
    side = max(height, width)
    square = np.zeros((side, side), np.float32)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = crop
    if side == GLYPH:
        return square
    shrinks = side > GLYPH
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.clip(cv2.resize(square, (GLYPH, GLYPH), interpolation=method), 0, 1)


def _offset(glyph: Ink, axis: int) -> int:
    """Return where the glyph begins so that its centre of mass comes nearest to `CENTRE`."""
    mass = glyph.sum(axis=1 - axis, dtype=np.float64)
    centre = float(np.average(np.arange(GLYPH) + 0.5, weights=mass))
    return int(np.clip(int(CENTRE + 0.5 - centre), 0, FRAME - GLYPH))
