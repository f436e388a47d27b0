"""Distort MNIST digits in training as writers, pens and cameras do.

Each digit is redrawn at double size by one smooth map (rotation, slant, size, shift and an
elastic field, Simard et al. 2003), its stroke is made thicker or thinner there, and the result
is brought back by area averaging, as MNIST itself was.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from digits.arrays import UInt8
from digits.image.components import tight_box
from digits.training.stroke_habits import add_habits
from digits.types import FRAME, GLYPH, Frame, Frames

ENLARGED = 2 * FRAME  # px, where strokes are thickened: a step there is half a pixel here
ELASTIC_GRID = 6  # cells of the coarse grid on which the elastic field is drawn
COARSE = (14, 24)  # px, side of the grid of digits from small pictures
P_BINARY = 0.5  # share of those that know no grey, as from a fax
HALF = 0.5  # of full ink

_ROWS, _COLUMNS = np.mgrid[:ENLARGED, :ENLARGED].astype(np.float32)
_CENTRE = (ENLARGED - 1) / 2


@dataclass(frozen=True, slots=True)
class Strength:
    """How much digits are distorted, and how many in what way."""

    rotation: float  # degrees, either way
    slant: float  # px sideways for each px of height
    size: float  # of the size, either way
    aspect: float  # logarithm of width over height, either way
    shift: float  # px, either way
    far: float  # share of digits that are shifted further, as far as they stay in the frame
    elastic: float  # px, standard deviation of the elastic field
    thickness: float  # share of digits whose stroke is changed
    coarse: float  # share of digits that pass through a coarser grid, as from a small picture
    square: float  # share of digits stretched to fill a square, as postal readers store them
    habits: bool  # add strokes that are missing in MNIST


# What people's own pictures come to: forms squeeze and stretch digits, cameras turn them.
STRONG = Strength(15.0, 0.25, 0.12, 0.3, 2.0, 0.25, 0.7, 0.4, 0.15, 0.15, habits=True)
# What MNIST's own writers differ in.
GENTLE = Strength(10.0, 0.12, 0.08, 0.12, 1.2, 0.0, 0.5, 0.3, 0.0, 0.0, habits=False)
FAR = 5.0  # px, either way


def augment(
    frames: Frames,
    labels: UInt8[np.ndarray, " n"],
    rng: np.random.Generator,
    strength: Strength = STRONG,
) -> Frames:
    """Return one distorted copy of each frame: float32, shape (n, 28, 28), 0.0 to 1.0."""
    distorted = np.empty_like(frames)
    for i, (frame, label) in enumerate(zip(frames, labels, strict=True)):
        written = add_habits(frame, int(label), rng) if strength.habits else frame
        distorted[i] = _distort(written, rng, strength)
    return distorted


def _distort(frame: Frame, rng: np.random.Generator, strength: Strength) -> Frame:
    """Return one distorted digit: (28, 28) -> (28, 28)."""
    if rng.random() < strength.square:
        frame = filled(frame)
    angle = np.deg2rad(rng.uniform(-strength.rotation, strength.rotation))
    slant = rng.uniform(-strength.slant, strength.slant)
    size = rng.uniform(1 - strength.size, 1 + strength.size)
    aspect = np.exp(rng.uniform(-strength.aspect, strength.aspect) / 2)
    across, down = size * aspect, size / aspect
    cos, sin = np.cos(angle), np.sin(angle)
    # The map gives the source of each target pixel.
    back = np.array([[cos, sin], [-sin, cos]]) @ np.array([[1, slant], [0, 1]])
    back = back / np.array([[across], [down]]) / (ENLARGED / FRAME)
    reach = FAR if rng.random() < strength.far else strength.shift
    shift = rng.uniform(-reach, reach, 2) + (FRAME - 1) / 2
    cells = (2, ELASTIC_GRID, ELASTIC_GRID)
    field = rng.normal(0, strength.elastic, cells).astype(np.float32)
    warp = [cv2.resize(f, (ENLARGED, ENLARGED), interpolation=cv2.INTER_CUBIC) for f in field]
    x, y = _COLUMNS - _CENTRE, _ROWS - _CENTRE
    source_x = (back[0, 0] * x + back[0, 1] * y + shift[0] + warp[0]).astype(np.float32)
    source_y = (back[1, 0] * x + back[1, 1] * y + shift[1] + warp[1]).astype(np.float32)
    drawn = cv2.remap(frame, source_x, source_y, cv2.INTER_LINEAR)
    if rng.random() < strength.thickness:
        drawn = _change_thickness(drawn, rng)
    if rng.random() < strength.coarse:
        side = int(rng.integers(*COARSE))
        drawn = cv2.resize(drawn, (side, side), interpolation=cv2.INTER_AREA)
        if rng.random() < P_BINARY:
            drawn = (drawn > HALF).astype(np.float32)
        return np.clip(cv2.resize(drawn, (FRAME, FRAME), interpolation=cv2.INTER_CUBIC), 0, 1)
    return cv2.resize(drawn, (FRAME, FRAME), interpolation=cv2.INTER_AREA)


def filled(frame: Frame) -> Frame:
    """Stretch a digit's tight box to a square: (28, 28) -> (28, 28)."""
    box = tight_box(frame > HALF)
    if box is None:
        return frame
    tight = frame[box.rows_and_columns()]
    # A single stem is left narrower: it would become a solid square.
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
    # A hairline would vanish, so the digit stays as it is.
    return thinner if thinner.max() > HALF else drawn
