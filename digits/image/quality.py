"""Describe faults of a picture: blur, darkness, smallness."""

import cv2
import numpy as np

from digits.image.components import quantile
from digits.types import GLYPH, Box, Ink, Page, Picture

DARK = 60  # grey level; a picture without brighter pixels is dark
SMALL = GLYPH // 2  # px, longest side of a digit that is too small
LARGE_ENOUGH = 60  # px, least longest side of a digit to measure blur
BLUR = 0.028  # of a digit's longest side, as `_blur` measures it; sharp pictures reach 0.025
SHARPEST = 0.9  # quantile of the slopes along the outline; a blurred picture has no sharp edge
OUTLINE = (0.3, 0.7)  # of full ink: where the outline of a stroke runs
SOBEL = 8  # by which a 3x3 Sobel filter exceeds the slope for each pixel


def describe_faults(picture: Picture, page: Page, boxes: list[Box]) -> tuple[str, ...]:
    """Return a sentence for each fault that the user can correct.

    Parameters
    ----------
    picture : of the reading
    page : of that picture
    boxes : the characters found, in pixels of the original; may be empty
    """
    faults = []
    if picture.grey.max() < DARK:
        faults.append("The picture is very dark: photograph it again in better light.")
    if not boxes:
        return tuple(faults)
    largest = max(boxes, key=lambda box: max(box.width, box.height))
    longest = max(largest.width, largest.height)
    if longest < SMALL:
        faults.append(
            f"The writing is only {longest} pixels large: move closer or use a larger picture."
        )
    place = page.box_from_original(largest)
    side = max(place.width, place.height)
    if side >= LARGE_ENOUGH and _blur(page.ink[place.rows_and_columns()]) > BLUR * side:
        faults.append("The picture is blurred: hold the camera still and let it focus.")
    return tuple(faults)


def _blur(crop: Ink) -> float:
    """Return the standard deviation in px of the blur, from the steepest edges: (h, w) -> px.

    An edge blurred by a Gaussian rises by at most 1 / (sigma * sqrt(2 pi)) per pixel.
    """
    slope = np.hypot(cv2.Sobel(crop, cv2.CV_32F, 1, 0), cv2.Sobel(crop, cv2.CV_32F, 0, 1)) / SOBEL
    low, high = OUTLINE
    edge = slope[(crop > low) & (crop < high)]
    steepest = quantile(edge, SHARPEST) if edge.size else 0.0
    if not steepest:  # black and white, or uniform
        return 0.0
    return float(1 / (steepest * np.sqrt(2 * np.pi)))
