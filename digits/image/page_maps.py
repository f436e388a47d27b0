"""The page network's maps, in which each connected piece of ink has one class."""

from dataclasses import dataclass, replace

import numpy as np

from digits.arrays import Float32, Float64, UInt8
from digits.image.components import find_components, weighted_median
from digits.types import BACKGROUND, DIGIT, PRINT, PRINTED_DIGIT, STRUCK, WRITING

WRITTEN = (DIGIT, WRITING, PRINT, PRINTED_DIGIT, STRUCK)
USUAL = 17.0  # px of the maps: default height of digits
CLEAR = 0.55  # share of a piece's probability that its class needs
HIGHEST = 1.8  # digit heights: a taller piece is several characters that touch
WIDEST = 4.0  # digits' heights
SPECK = 0.012  # of the square of the digits' height: a smaller piece is dirt


@dataclass(frozen=True, slots=True)
class PageMaps:
    """The class of each pixel of a page, at the resolution of the maps."""

    labels: UInt8[np.ndarray, "h w"]  # class of each pixel
    probabilities: Float32[np.ndarray, "h w 7"]
    core: Float32[np.ndarray, "h w"]  # probability of a number's middle
    tall: Float32[np.ndarray, "h w"]  # px of the maps: height of the digits here
    to_page: Float64[np.ndarray, "3 3"]  # homography from px of the maps to px of the page

    @property
    def usual(self) -> float:
        """Height of the page's digits in px of the maps."""
        digits = self.labels == DIGIT
        if not digits.any():
            digits = np.isin(self.labels, WRITTEN)
        if not digits.any():
            return USUAL
        return float(np.clip(np.median(self.tall[digits]), 4, 200))


def vote(maps: PageMaps) -> PageMaps:
    """Set each connected piece of ink to its most common class."""
    usual, labels = maps.usual, maps.labels
    pieces = find_components(np.isin(labels, WRITTEN))
    if not len(pieces):
        return replace(maps, labels=labels)
    shares = pieces.layer_sums(maps.probabilities)[list(WRITTEN)]
    best = shares.argmax(axis=0)
    total = np.maximum(shares.sum(axis=0), 1e-9)
    clear = shares.max(axis=0) >= CLEAR * total
    small = (pieces.height <= HIGHEST * usual) & (pieces.width <= WIDEST * usual)
    chosen = np.where(clear & small, np.array(WRITTEN)[best], BACKGROUND)
    names = np.concatenate([[BACKGROUND], chosen]).astype(np.uint8)[pieces.labels]
    return replace(maps, labels=np.where(names > 0, names, labels).astype(np.uint8))


def digit_height(boxes: np.ndarray, area: np.ndarray, fallback: float) -> float:
    """Return the usual height of digits: pieces' boxes (n, 4) and areas (n,) -> px."""
    if not len(area):
        return fallback
    return weighted_median((boxes[:, 3] - boxes[:, 1]).astype(float), area.astype(float))
