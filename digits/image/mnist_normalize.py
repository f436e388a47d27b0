"""Normalize a digit as in MNIST.

The tight box is padded to a square, reduced to 20 x 20 px and placed in the 28 x 28 frame with its
centre of mass at 14.5 px, at whole pixels. An MNIST digit is returned with the same pixels.
"""

import cv2
import numpy as np

from digits.errors import EmptyCropError
from digits.image.components import median, tight_box
from digits.types import CENTRE, FRAME, GLYPH, Box, Frame, Ink

EDGE = 0.5  # of full ink: level of a stroke's outline in large pictures
LARGE = 2 * GLYPH  # px; larger digits are blurred by more than MNIST's reduction
CRISPNESS = 0.5  # of full ink, width of the ramp that sharpens a large digit's edge
HAIRLINE = 1.2  # px of the 20 px glyph; least stroke width in MNIST
PEN = 2.0  # px of the 20 px glyph: a fine pen in MNIST, to which hairlines are widened
PLACES = np.arange(GLYPH) + 0.5  # px, the middles of the glyph's rows and columns


def to_frame(ink: Ink, box: Box) -> Frame:
    """Scale and centre the ink inside `box` as in MNIST.

    Parameters
    ----------
    ink : float32, shape (height, width), 0.0 paper to 1.0 full ink
    box : where the digit is, in pixels of `ink`; it may be too large

    Returns
    -------
    float32, shape (28, 28)
        The centre of mass lies within half a pixel of 14.5 px on both axes, unless the glyph would
        exceed the frame.

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
    if max(crop.shape) > LARGE and crop.max() > EDGE:  # paler ink is not sharpened
        crop = _thicken(_tight(_sharpen(crop), EDGE))
    glyph = _fit(crop)
    top, left = (_offset(glyph, axis) for axis in (0, 1))
    frame = np.zeros((FRAME, FRAME), np.float32)
    frame[top : top + GLYPH, left : left + GLYPH] = glyph
    return frame


def _tight(crop: Ink, outline: float) -> Ink:
    """Crop to ink above `outline`: (h, w) -> (gh, gw)."""
    box = tight_box(crop > outline)
    if box is None:
        raise EmptyCropError("there is no ink where a digit was expected")
    return crop[box.rows_and_columns()]


def _sharpen(crop: Ink) -> Ink:
    """Sharpen blurred edges, as in the binary scans of MNIST."""
    return np.clip((crop - EDGE) / CRISPNESS + EDGE, 0, 1)


def _thicken(crop: Ink) -> Ink:
    """Widen strokes that would fade when the digit is reduced."""
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
    return float(2 * median(ridge) - 1)


def _fit(crop: Ink) -> Ink:
    """Pad to a square and resize to the glyph's size: (h, w) -> (20, 20)."""
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
    """Return the offset of the glyph that centres its mass at `CENTRE`."""
    mass = glyph.sum(axis=1 - axis, dtype=np.float64)
    centre = float((PLACES * mass).sum() / mass.sum())
    return min(max(int(CENTRE + 0.5 - centre), 0), FRAME - GLYPH)
