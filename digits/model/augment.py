"""Distort MNIST digits in training as hands, pens and cameras do.

Each digit is redrawn at double size by one smooth map (rotation, slant, size, shift and an
elastic field, Simard et al. 2003), its stroke is made thicker or thinner there, and the result
is brought back by area averaging, as MNIST itself was.
"""

import cv2
import numpy as np
from jaxtyping import UInt8

from digits.core import FRAME, GLYPH, Frame, Frames
from digits.model.habits import add_habits

ENLARGED = 2 * FRAME  # px, where strokes are thickened: a step there is half a pixel here
ROTATION = 15.0  # degrees, either way
SLANT = 0.25  # px sideways for each px of height
SIZE = 0.12  # of the size, either way
ASPECT = 0.3  # logarithm of width over height, either way; forms squeeze and stretch digits
SHIFT = 2.0  # px, either way
P_FAR = 0.25  # share of digits that are shifted further, as far as they stay in the frame
FAR = 5.0  # px, either way
ELASTIC = 0.7  # px, standard deviation of the elastic field
ELASTIC_GRID = 6  # cells of the coarse grid on which the field is drawn
P_THICKNESS = 0.4  # share of digits whose stroke is changed
P_COARSE = 0.15  # share of digits that pass through a coarser grid, as from a small picture
COARSE = (14, 24)  # px, side of that grid
P_BINARY = 0.5  # share of those that know no grey, as from a fax
P_SQUARE = 0.15  # share of digits stretched to fill a square, as postal readers store them
HALF = 0.5  # of full ink

_ROWS, _COLUMNS = np.mgrid[:ENLARGED, :ENLARGED].astype(np.float32)
_CENTRE = (ENLARGED - 1) / 2


def augment(frames: Frames, labels: UInt8[np.ndarray, " n"], rng: np.random.Generator) -> Frames:
    """Return one distorted copy of each frame: float32, shape (n, 28, 28), 0.0 to 1.0."""
    written = zip(frames, labels, strict=True)
    return np.stack([_distort(add_habits(frame, int(label), rng), rng) for frame, label in written])


def _distort(frame: Frame, rng: np.random.Generator) -> Frame:
    """Redraw one digit with another hand: (28, 28) -> (28, 28)."""
    if rng.random() < P_SQUARE:
        frame = filled(frame)
    angle = np.deg2rad(rng.uniform(-ROTATION, ROTATION))
    slant = rng.uniform(-SLANT, SLANT)
    size, aspect = rng.uniform(1 - SIZE, 1 + SIZE), np.exp(rng.uniform(-ASPECT, ASPECT) / 2)
    across, down = size * aspect, size / aspect
    cos, sin = np.cos(angle), np.sin(angle)
    # The map goes backwards, from where a pixel lands to where its ink comes from.
    back = np.array([[cos, sin], [-sin, cos]]) @ np.array([[1, slant], [0, 1]])
    back = back / np.array([[across], [down]]) / (ENLARGED / FRAME)
    reach = FAR if rng.random() < P_FAR else SHIFT
    shift = rng.uniform(-reach, reach, 2) + (FRAME - 1) / 2
    field = rng.normal(0, ELASTIC, (2, ELASTIC_GRID, ELASTIC_GRID)).astype(np.float32)
    warp = [cv2.resize(f, (ENLARGED, ENLARGED), interpolation=cv2.INTER_CUBIC) for f in field]
    x, y = _COLUMNS - _CENTRE, _ROWS - _CENTRE
    source_x = (back[0, 0] * x + back[0, 1] * y + shift[0] + warp[0]).astype(np.float32)
    source_y = (back[1, 0] * x + back[1, 1] * y + shift[1] + warp[1]).astype(np.float32)
    drawn = cv2.remap(frame, source_x, source_y, cv2.INTER_LINEAR)
    if rng.random() < P_THICKNESS:
        drawn = _change_thickness(drawn, rng)
    if rng.random() < P_COARSE:
        side = int(rng.integers(*COARSE))
        drawn = cv2.resize(drawn, (side, side), interpolation=cv2.INTER_AREA)
        if rng.random() < P_BINARY:
            drawn = (drawn > HALF).astype(np.float32)
        return np.clip(cv2.resize(drawn, (FRAME, FRAME), interpolation=cv2.INTER_CUBIC), 0, 1)
    return cv2.resize(drawn, (FRAME, FRAME), interpolation=cv2.INTER_AREA)


def filled(frame: Frame) -> Frame:
    """Stretch a digit's tight box to a square: (28, 28) -> (28, 28)."""
    rows = np.flatnonzero((frame > HALF).any(axis=1))
    columns = np.flatnonzero((frame > HALF).any(axis=0))
    if not rows.size:
        return frame
    tight = frame[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    # A lone stem is left somewhat narrower: filled out it would be a solid square.
    width = min(GLYPH, 3 * tight.shape[1])
    square = np.clip(cv2.resize(tight, (width, GLYPH), interpolation=cv2.INTER_LINEAR), 0, 1)
    left, top = (FRAME - width) // 2, (FRAME - GLYPH) // 2
    filled = np.zeros_like(frame)
    filled[top : top + GLYPH, left : left + width] = square
    return filled


def _change_thickness(drawn: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Make the stroke thicker or thinner by half a pixel or one of the final frame."""
    size = int(rng.integers(2, 4))
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    if rng.random() < HALF:  # as often thicker as thinner
        return cv2.dilate(drawn, brush)
    thinner = cv2.erode(drawn, brush)
    # A hairline would vanish altogether; then the digit stays as it was.
    return thinner if thinner.max() > HALF else drawn
