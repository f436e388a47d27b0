"""Rectify a line of writing to a strip of the line network's height.

The strip has contrast instead of ink, so that the network decides which marks on patterned paper
are strokes.
"""

from math import ceil, floor

import cv2
import numpy as np

from digits.arrays import Float32
from digits.image.components import quantile
from digits.types import STRIDE, STRIP, Box, Contrast, Page, Region

MARGIN = 0.17  # of a line's height, left above and below it
SIDE_MARGIN = 0.3  # of a line's height, left before and after it
LEAST_WIDTH = 24  # px of a strip: the narrowest in training
MOST_WIDTH = 2048  # px of a strip: a hundred digits; longer lines are squeezed
PAPER = 0.4  # quantile of a strip's contrast that is paper
FULL = 0.99  # quantile that is full ink
FAINTEST = 0.04  # least contrast between the two; a strip with less is empty
UPRIGHT = 0.75  # px; a region with less slant is cropped without resampling

SLIGHT = (
    0.004  # of a sheet's longer side: a sheet with less distortion is cropped without resampling
)

Strip = Float32[np.ndarray, "32 _width"]  # 0.0 paper to 1.0 full ink


def straighten(page: Page, region: Region, margin: float = 0.0, side_margin: float = 0.0) -> Page:
    """Cut a region out of a page as an upright rectangle with a margin.

    Parameters
    ----------
    page : what to cut from
    region : in pixels of `page`
    margin : of the region's height, added above and below, as far as the page goes
    side_margin : of the region's height, added before and after

    Returns
    -------
    Page
        Cut out pixel by pixel where the region stands upright, else resampled at the same size.
    """
    corners = np.array(region.corners, np.float64)
    height = max(1.0, _length(corners[0], corners[3]), _length(corners[1], corners[2]))
    if np.abs(corners - _frame_of(corners)).max() <= UPRIGHT:
        return _cut(page, corners, height * margin, height * side_margin)
    width = max(1.0, _length(corners[0], corners[1]), _length(corners[3], corners[2]))
    above, beside = height * margin, height * side_margin
    size = max(1, round(width + 2 * beside)), max(1, round(height + 2 * above))
    rectangle = np.array([beside, above]) + _rectangle(width, height)
    to_page = _homography(rectangle, corners)
    ink, contrast = (
        np.clip(_warped(layer, to_page, size), 0, 1) for layer in (page.ink, page.contrast)
    )
    return Page(ink, contrast, page.to_original @ to_page, page.size)


def flatten(picture: np.ndarray, corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut a sheet of paper out of a photograph as an upright rectangle.

    Parameters
    ----------
    picture : uint8, shape (height, width) or (height, width, 3)
    corners : shape (4, 2), px (x, y): top left, top right, bottom right, bottom left

    Returns
    -------
    flat : uint8, of the sheet's height and width
        Cut out pixel by pixel where the sheet stands upright, else resampled at the same size.
    to_picture : shape (3, 3)
        Homography from px of `flat` to px of `picture`.
    """
    height = max(1.0, *(_length(corners[i], corners[j]) for i, j in ((0, 3), (1, 2))))
    width = max(1.0, *(_length(corners[i], corners[j]) for i, j in ((0, 1), (3, 2))))
    frame = _frame_of(corners)
    if np.abs(corners - frame).max() <= UPRIGHT + SLIGHT * max(width, height):
        size = picture.shape[1::-1]
        left, top = (
            int(np.clip(np.ceil(c), 0, side - 1)) for c, side in zip(frame[0], size, strict=True)
        )
        right, bottom = (
            int(np.clip(np.floor(c), 1, side)) for c, side in zip(frame[2], size, strict=True)
        )
        offset = np.array([[1, 0, left], [0, 1, top], [0, 0, 1]], np.float64)
        return picture[top : max(top + 1, bottom), left : max(left + 1, right)], offset
    size = max(1, round(width)), max(1, round(height))
    to_picture = _homography(_rectangle(float(size[0]), float(size[1])), corners)
    return _warped(picture, to_picture, size, cv2.BORDER_REPLICATE), to_picture


def to_strip(line: Page) -> Strip:
    """Scale a straightened line to the strip's height: float32, shape (32, w), 0.0 to 1.0."""
    height, width = line.contrast.shape
    wide = min(max(round(width * STRIP / height), LEAST_WIDTH), MOST_WIDTH)
    wide = -(-wide // STRIDE) * STRIDE
    method = cv2.INTER_AREA if height > STRIP else cv2.INTER_CUBIC
    return normalise(cv2.resize(line.contrast, (wide, STRIP), interpolation=method))


def normalise(contrast: Contrast) -> Contrast:
    """Stretch a strip so that paper is 0.0 and the darkest strokes 1.0: (h, w) -> (h, w)."""
    levels = contrast.ravel()
    paper, full = quantile(levels, PAPER), quantile(levels, FULL)
    stretched = (contrast - paper) / max(FAINTEST, full - paper)
    return np.clip(stretched, 0, 1, out=stretched)


def turn(page: Page, quarters: int) -> Page:
    """Turn a page by quarters of a circle to the left."""
    if quarters % 4 == 0:
        return page
    height, width = page.ink.shape
    # From points of the turned page to this one.
    back = {
        1: [[0, -1, width], [1, 0, 0], [0, 0, 1]],
        2: [[-1, 0, width], [0, -1, height], [0, 0, 1]],
        3: [[0, 1, 0], [-1, 0, height], [0, 0, 1]],
    }[quarters % 4]
    ink, contrast = (
        np.ascontiguousarray(np.rot90(layer, quarters)) for layer in (page.ink, page.contrast)
    )
    return Page(ink, contrast, page.to_original @ np.array(back, np.float64), page.size)


def box_region(box: Box) -> Region:
    """Return an upright box as a region."""
    left, top, right, bottom = float(box.x), float(box.y), float(box.right), float(box.bottom)
    return Region(((left, top), (right, top), (right, bottom), (left, bottom)))


def _cut(page: Page, corners: np.ndarray, above: float, beside: float) -> Page:
    """Cut out an upright region, pixel by pixel."""
    height, width = page.ink.shape
    xs, ys = corners.T.tolist()
    left, top = (floor(min(s) + UPRIGHT / 2 - m) for s, m in ((xs, beside), (ys, above)))
    right, bottom = (ceil(max(s) - UPRIGHT / 2 + m) for s, m in ((xs, beside), (ys, above)))
    left, top = min(max(left, 0), width - 1), min(max(top, 0), height - 1)
    right, bottom = min(max(right, left + 1), width), min(max(bottom, top + 1), height)
    offset = np.array([[1, 0, left], [0, 1, top], [0, 0, 1]], np.float64)
    rows, columns = slice(top, bottom), slice(left, right)
    return Page(
        page.ink[rows, columns], page.contrast[rows, columns], page.to_original @ offset, page.size
    )


def _frame_of(corners: np.ndarray) -> np.ndarray:
    """Return the corners of the upright rectangle nearest to these."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners.tolist()
    left, right, top, bottom = (x0 + x3) / 2, (x1 + x2) / 2, (y0 + y1) / 2, (y2 + y3) / 2
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def _rectangle(width: float, height: float) -> np.ndarray:
    return np.array([[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]])


def _homography(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the homography that maps four corners to four others: each (4, 2) -> (3, 3)."""
    corners = source.astype(np.float32), target.astype(np.float32)
    return cv2.getPerspectiveTransform(*corners).astype(np.float64)


def _warped(
    layer: np.ndarray,
    to_layer: np.ndarray,
    size: tuple[int, int],
    border: int = cv2.BORDER_CONSTANT,
) -> np.ndarray:
    """Resample a layer on a rectangle of `size`, each of whose px lies at `to_layer` of it."""
    # From pixel centre to pixel centre, as in OpenCV.
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    matrix = np.linalg.inv(half) @ to_layer @ half
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpPerspective(layer, matrix, size, flags=flags, borderMode=border)


def _length(start: np.ndarray, end: np.ndarray) -> float:
    return float(np.hypot(*(end - start)))
