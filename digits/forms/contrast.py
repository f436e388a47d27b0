"""Contrast of ink with the paper next to it, without the shadows on a photographed page."""

import cv2
import numpy as np

from digits.image.binarize import median_of_many
from digits.types import Contrast, Pixels

BROADEST = 0.034  # of the form's width: strokes are narrower, shadows wider
NARROWEST = 31  # px: smallest window, for crops of a form
LEAST_PAPER = 24  # grey levels; on darker paper a ratio is meaningless
COARSE = 0.25  # scale at which a desk is told from the paper
DESK = 0.3  # of the brightest paper's grey level: paper in shadow is brighter than this
LEVELS = 255  # of contrast, in which shadows are found
SOFT = 1.0  # px, standard deviation by which both pictures are smoothed


def even_contrast(pixels: Pixels, *, light_on_dark: bool) -> Contrast:
    """Return the contrast of each pixel with the paper next to it: uint8 (h, w) -> (h, w).

    A closing of the picture has the paper alone (Serra 1982): it follows the edge of a shadow, at
    which a coarse estimate of the paper leaves pale print out.

    Parameters
    ----------
    light_on_dark : ink is lighter than its paper
    """
    grey = 255 - pixels if light_on_dark else pixels
    side = _broadest(float(min(grey.shape)))
    smooth = cv2.GaussianBlur(grey, (0, 0), SOFT)
    paper = cv2.morphologyEx(smooth, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    contrast = 1 - grey.astype(np.float32) / np.maximum(paper, LEAST_PAPER).astype(np.float32)
    # Grain: most paper is darker than its brightest points.
    level = median_of_many(contrast.ravel())
    bare = max(1 - level, 1 / LEVELS)  # nothing is bare in a black picture
    return np.clip((contrast - level) / bare, 0, 1).astype(np.float32)


def _broadest(width: float) -> int:
    """Return the side of a window wider than any stroke on a form of this width: px, odd."""
    return max(NARROWEST, 2 * int(BROADEST * width / 2) + 1)


def without_desk(contrast: Contrast, pixels: Pixels, *, light_on_dark: bool) -> Contrast:
    """Return contrast without what lies on a background that is much darker than the paper.

    Parameters
    ----------
    pixels : of the picture, the same size
    light_on_dark : as for `even_contrast`
    """
    grey = 255 - pixels if light_on_dark else pixels
    small = cv2.resize(grey, None, fx=COARSE, fy=COARSE, interpolation=cv2.INTER_AREA)
    side = _broadest(COARSE * float(min(grey.shape)))
    ground = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    bright = (ground >= DESK * float(ground.max())).astype(np.uint8)
    size = contrast.shape[1], contrast.shape[0]
    sheet = cv2.resize(bright, size, interpolation=cv2.INTER_NEAREST) > 0
    return np.where(sheet, contrast, np.float32(0))


def without_shadow(contrast: Contrast, width: float) -> Contrast:
    """Return contrast without shadows, which are wider than any stroke.

    An opening of the picture has the shadows alone (Serra 1982).

    Parameters
    ----------
    width : px of the picture that the form is wide
    """
    side = _broadest(width)
    levels = cv2.convertScaleAbs(contrast, alpha=LEVELS)  # four times as fast, and fine enough
    shade = cv2.morphologyEx(levels, cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    flat = shade.astype(np.float32)
    flat *= np.float32(-1 / LEVELS)
    flat += contrast
    return np.maximum(flat, 0, out=flat)
