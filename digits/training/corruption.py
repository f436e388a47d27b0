"""Corrupt frames in training as paper, light and printing do.

MNIST has clean paper. Small pictures without a page around them have not: they are grey, cloudy,
pale, grainy, specked, crossed by strokes, in shadow, or outlined. None of this follows MNIST-C,
which `benchmarks/robustness.py` measures.
"""

import cv2
import numpy as np

from digits.types import FRAME, Frame, Frames

TWICE = 0.35  # share of these with two corruptions
GREYEST = 0.7  # ink, of the darkest paper
PALEST = 0.25  # of full ink
GRAIN = 0.3  # ink, standard deviation of the coarsest grain
SPECKS = 0.25  # of the pixels, at most
BLUR = 1.3  # px, standard deviation at most
CELLS = (2, 7)  # along each side of the field that clouds are drawn from
NARROWEST, WIDEST = 4, 14  # px, of a band of shadow
HALF = 0.5  # of full ink


def disturb(frames: Frames, rng: np.random.Generator, share: float) -> Frames:
    """Return frames of which a share is corrupted: float32, shape (n, 28, 28), 0.0 to 1.0."""
    disturbed = frames.copy()
    for i in np.flatnonzero(rng.random(len(frames)) < share):
        for _ in range(2 if rng.random() < TWICE else 1):
            kind = KINDS[int(rng.integers(len(KINDS)))]
            disturbed[i] = np.clip(kind(disturbed[i], rng), 0, 1)
    return disturbed


def _grey_paper(frame: Frame, rng: np.random.Generator) -> np.ndarray:
    """Add an even grey, possibly reducing the contrast of the digit."""
    level = rng.uniform(0.1, GREYEST)
    return frame + level if rng.random() < HALF else level + (1 - level) * frame


def _clouds(frame: Frame, rng: np.random.Generator) -> np.ndarray:
    """Add uneven light that reduces the contrast of the digit."""
    level = rng.uniform(0.1, GREYEST) * _field(rng)
    return level + (1 - level) * frame * rng.uniform(PALEST, 1.0)


def _pale(frame: Frame, rng: np.random.Generator) -> np.ndarray:
    """Fade the ink unevenly."""
    return frame * (1 - (1 - PALEST) * _field(rng))


def _grain(frame: Frame, rng: np.random.Generator) -> np.ndarray:
    """Add noise to the ink or everywhere."""
    grain = rng.normal(0, rng.uniform(0.05, GRAIN), frame.shape)
    return frame + grain * (np.sqrt(frame) if rng.random() < HALF else 1)


def _specks(frame: Frame, rng: np.random.Generator) -> np.ndarray:
    """Set some pixels to random levels."""
    struck = rng.random(frame.shape) < rng.uniform(0.02, SPECKS)
    return np.where(struck, rng.random(frame.shape) ** rng.uniform(0.2, 2), frame)


def _blurred(frame: Frame, rng: np.random.Generator) -> np.ndarray:
    """Blur, along one direction more than along the other."""
    turn = cv2.getRotationMatrix2D((FRAME / 2, FRAME / 2), rng.uniform(0, 180), 1.0)
    back = cv2.invertAffineTransform(turn)
    turned = cv2.warpAffine(frame, turn, frame.shape)
    sigmas = rng.uniform(0.2, BLUR), rng.uniform(0.2, 2 * BLUR)
    turned = cv2.GaussianBlur(turned, (0, 0), sigmas[0], sigmaY=sigmas[1])
    return np.asarray(cv2.warpAffine(turned, back, frame.shape))


def _strokes(frame: Frame, rng: np.random.Generator) -> np.ndarray:
    """Draw one or two fine strokes across the digit."""
    drawn = np.zeros((2 * FRAME, 2 * FRAME), np.float32)
    for _ in range(int(rng.integers(1, 3))):
        n = int(rng.integers(2, 9))
        along = np.linspace(rng.uniform(-10, 12), 2 * FRAME - rng.uniform(-10, 12), n)
        across = rng.uniform(0, 2 * FRAME) + rng.normal(0, rng.uniform(0, 5), n)
        points = np.stack([along, across + rng.uniform(-0.5, 0.5) * along], axis=1)
        if rng.random() < 0.3:  # noqa: PLR2004  # share that runs from top to bottom
            points = points[:, ::-1]
        cv2.polylines(
            drawn, [np.round(points).astype(np.int32)], False, 1.0, int(rng.integers(1, 4))
        )
    if rng.random() < HALF:  # dashed
        gaps = np.arange(2 * FRAME) % int(rng.integers(4, 12)) < 2  # noqa: PLR2004
        drawn[:, gaps] = 0
    small = cv2.resize(drawn, frame.shape, interpolation=cv2.INTER_AREA)
    return np.maximum(frame, small * rng.uniform(0.4, 1.0))


def _shadow(frame: Frame, rng: np.random.Generator) -> np.ndarray:
    """Add one or two shadows with hard edges."""
    rows, columns = np.mgrid[:FRAME, :FRAME] - (FRAME - 1) / 2
    angle = rng.uniform(0, 2 * np.pi)
    across = columns * np.cos(angle) + rows * np.sin(angle)
    start = rng.uniform(-FRAME / 2, FRAME / 4)
    wide = rng.uniform(NARROWEST, WIDEST) if rng.random() < HALF else 2 * FRAME
    level = rng.uniform(0.1, GREYEST) * ((across > start) & (across < start + wide))
    return level + (1 - level) * frame


def _blots(frame: Frame, rng: np.random.Generator) -> np.ndarray:
    """Erase some small patches, or cover them with grey."""
    other = frame.copy()
    for _ in range(int(rng.integers(1, 4))):
        centre = [int(v) for v in rng.integers(2, FRAME - 2, 2)]
        level = 0.0 if rng.random() < HALF else float(rng.uniform(0.1, 0.5))
        cv2.circle(other, centre, int(rng.integers(1, 4)), level, -1)
    return other


def _outline(frame: Frame, rng: np.random.Generator) -> np.ndarray:
    """Replace the digit by its outline."""
    side = 4 * FRAME
    large = cv2.resize(frame, (side, side), interpolation=cv2.INTER_CUBIC)
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (int(rng.integers(3, 8)),) * 2)
    mask = (large > HALF).astype(np.float32)
    grown = cv2.dilate(mask, brush) if rng.random() < HALF else mask
    line = grown - cv2.erode(mask, brush)
    small = np.asarray(cv2.resize(line, frame.shape, interpolation=cv2.INTER_AREA))
    return small > HALF / 2 if rng.random() < HALF else small


KINDS = (
    *(_grey_paper, _clouds, _pale, _grain, _specks, _blurred, _strokes, _shadow, _blots),
    _outline,
)


def _field(rng: np.random.Generator) -> np.ndarray:
    """Return soft random light, 0 to 1: (28, 28)."""
    coarse = rng.random((int(rng.integers(*CELLS)), int(rng.integers(*CELLS))))
    return np.clip(cv2.resize(coarse, (FRAME, FRAME), interpolation=cv2.INTER_CUBIC), 0, 1)
