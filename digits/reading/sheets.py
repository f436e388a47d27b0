"""Confirm by the page network that what looks like a sheet of paper is one.

A printed band or a shadow has edges too. Taken for the sheet, it would cut off all other numbers.
"""

from collections.abc import Callable

import cv2
import numpy as np

from digits.image.page_segmentation import is_single, paper_of
from digits.inference.segmenter import Segmentation
from digits.types import Hint, Paper, Picture

LOOKED_AT = 100_000  # px of the reduced picture
# Intersection over union of the sheet by its edges and by the network. Of 180 composed documents
# and 60 desks it was 0.64 or more where the edges were the sheet's, 0.57 or less where numbers were
# cut off.
ALIKE = 0.6

LooksAtPage = Callable[[np.ndarray], Segmentation]  # a `Segmenter`


def find_sheet(picture: Picture, hint: Hint, segmenter: LooksAtPage | None) -> Paper | None:
    """Return the corners of the page, in px of the original; None if it fills the picture.

    Around a single digit nothing can be cut off: there the edges alone decide.

    Parameters
    ----------
    segmenter : None for the edges alone
    """
    paper = paper_of(picture, hint)
    if paper is None or paper is hint.paper or segmenter is None or is_single(hint):
        return paper
    return paper if overlap(picture, paper, segmenter) >= ALIKE else None


def overlap(picture: Picture, paper: Paper, segmenter: LooksAtPage) -> float:
    """Return the intersection over union of a sheet and of what the page network calls one."""
    colours = picture.colours
    height, width = colours.shape[:2]
    scale = min(1.0, float(np.sqrt(LOOKED_AT / (height * width))))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    seen = segmenter(cv2.resize(colours, size, interpolation=cv2.INTER_AREA)).sheet > 0.5  # noqa: PLR2004
    inside = np.zeros(seen.shape, np.uint8)
    to_maps = np.array(seen.shape[::-1]) / (picture.width, picture.height)
    cv2.fillConvexPoly(inside, np.round(np.array(paper.corners) * to_maps).astype(np.int32), 1)
    union = int((seen | (inside > 0)).sum())
    return float((seen & (inside > 0)).sum()) / union if union else 0.0
