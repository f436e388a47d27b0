"""Homographies: where points of a form lie on a page, and layers resampled by them."""

import cv2
import numpy as np

from digits.arrays import Float64
from digits.errors import NotThisFormError

Homography = Float64[np.ndarray, "3 3"]
COVERED = 0.3  # of a resampled pixel, from which it is of the mask
SLANT = 4.0  # largest ratio of the scales at two corners
LEAST_SCALE = 0.25  # px of the page per px of the reference; smaller writing is unreadable


def map_points(matrix: Homography, points: np.ndarray) -> np.ndarray:
    """Return where a homography maps points: (n, 2) -> (n, 2)."""
    x, y = points.T
    across, down, scale = matrix @ np.stack([x, y, np.ones(len(points))])
    return np.stack([across / scale, down / scale], axis=1)


def warp(layer: np.ndarray, to_layer: Homography, size: tuple[int, int]) -> np.ndarray:
    """Resample a layer on a rectangle of `size`, each of whose px lies at `to_layer` of it."""
    # From the middle of a pixel to the middle of a pixel, as OpenCV counts.
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    matrix = np.linalg.inv(half) @ to_layer @ half
    return cv2.warpPerspective(layer, matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)


def warp_mask(mask: np.ndarray, to_layer: Homography, size: tuple[int, int]) -> np.ndarray:
    """Resample a mask as `warp` does a layer: (h, w) bool, in a rectangle of `size`."""
    return np.asarray(warp(mask.astype(np.float32), to_layer, size) > COVERED)


def scale_in_middle(matrix: Homography, shape: tuple[int, ...]) -> float:
    """Return px of the page for each px in the middle of the reference."""
    height, width = shape
    middle = np.array([[width / 2, height / 2]])
    square = map_points(matrix, middle + np.array([[0, 0], [1, 0], [0, 1]]))
    return float(np.sqrt(abs(np.linalg.det(square[1:] - square[0]))))


def check_position(to_page: Homography, shape: tuple[int, ...]) -> None:
    """Raise NotThisFormError if the position is impossible for a sheet of paper."""
    height, width = shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    scales = []
    for corner in corners:
        inward = np.sign(np.array([width / 2, height / 2]) - corner)
        square = map_points(to_page, corner + np.array([[0, 0], [inward[0], 0], [0, inward[1]]]))
        scales.append(float(np.linalg.det(square[1:] - square[0])) * inward.prod())
    root = np.sqrt(np.maximum(scales, 0))
    if min(scales) <= 0 or root.max() > SLANT * root.min():
        raise NotThisFormError("this is not the form: its print lies as no paper can")
    if root.mean() < LEAST_SCALE:
        raise NotThisFormError("the form is too small in the picture: photograph it from nearer")


def is_possible(matrix: np.ndarray, shape: tuple[int, ...]) -> bool:
    """Return whether a position is possible for a sheet of paper."""
    try:
        check_position(matrix.astype(np.float64), shape)
    except NotThisFormError:
        return False
    return True
