"""Say in a sentence what makes a picture hard to read: blur, darkness, smallness."""

import cv2
import numpy as np

from digits.core import GLYPH, Box, Ink, Picture

DARK = 60  # grey level of the paper; below it a photograph was taken in the dark
FAINT_RANGE = 40  # grey levels between the palest and the darkest twentieth
SMALL = GLYPH // 2  # px, longest side of a digit, from which its shape can be guessed at best
BLUR = 0.22  # share of a stroke's pixels that are neither ink nor paper, relative to its size
LARGE_ENOUGH = 60  # px, longest side of a digit on which blur can be told from smallness


def describe_faults(picture: Picture, ink: Ink, boxes: list[Box]) -> tuple[str, ...]:
    """Return a sentence for each fault that a person could mend, or nothing.

    Parameters
    ----------
    picture : what was read
    ink : float32, shape of ``picture.grey``
    boxes : the characters found, in pixels of the original
    """
    if not boxes:
        return ()
    faults = []
    low, high = np.percentile(picture.grey, [5, 95])
    if high - low < FAINT_RANGE and high < DARK:
        faults.append("The picture is very dark: photograph it again in better light.")
    longest = max(max(box.width, box.height) for box in boxes)
    if longest < SMALL:
        faults.append(
            f"The writing is only {longest} pixels large: move closer or use a larger picture."
        )
    elif longest >= LARGE_ENOUGH and _edge_width(ink) > BLUR:
        faults.append("The picture is blurred: hold the camera still and let it focus.")
    return tuple(faults)


def _edge_width(ink: Ink) -> float:
    """Return the share of half-inked pixels among all inked ones, beyond those of a sharp edge."""
    inked = ink > 0.1  # noqa: PLR2004  # of full ink
    half = inked & (ink < 0.9)  # noqa: PLR2004  # of full ink
    outline = cv2.morphologyEx(inked.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3)))
    sharp = int(outline.astype(bool).sum())
    return max(0.0, float(half.sum() - sharp) / max(1, int(inked.sum())))
