"""Match local features of a page (SIFT, Lowe 2004) with those of a form."""

from dataclasses import dataclass

import cv2
import numpy as np

from digits.arrays import Float32
from digits.errors import NotThisFormError
from digits.forms.form_print import FormPrint
from digits.forms.homography import Homography, map_points, scale_in_middle
from digits.types import Contrast

LOOK = 300_000  # px of the reduced picture in which features are found
MOST_FEATURES = 1_500  # per picture
RATIO = 0.85  # of the distance to the second-best match (Lowe 2004 takes 0.8)
ALIKE = 0.8  # cosine of two descriptors of a guided match
REACH = 0.012  # of the reference's longer side: search radius of guided matches
NEAR = 3.0  # px of the reduced page: distance of an inlier
MANY = 60  # inliers that make guided matches unnecessary
FEWEST = 10  # inliers; a homography through random matches has five or six
TRIES = 5_000  # samples of MAGSAC


@dataclass(frozen=True, slots=True)
class Matches:
    """Features of a form that were found on a page, and the homography on which most agree."""

    to_page: Homography
    inliers: int
    source: Float32[np.ndarray, "n 2"]  # px of the reference
    target: Float32[np.ndarray, "n 2"]  # px of the page


def find_features(
    contrast: np.ndarray, wanted: np.ndarray | None
) -> tuple[Float32[np.ndarray, "n 2"], Float32[np.ndarray, "n 128"]]:
    """Return places and unit descriptors of features, in px of the picture."""
    height, width = contrast.shape
    scale = min(1.0, float(np.sqrt(LOOK / contrast.size)))
    grey = np.clip(255 * (1 - contrast), 0, 255).astype(np.uint8)
    mask = None if wanted is None else wanted.astype(np.uint8)
    if scale < 1:
        size = round(width * scale), round(height * scale)
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        if mask is not None:
            mask = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)
    detector = cv2.SIFT_create(nfeatures=MOST_FEATURES)  # type: ignore[attr-defined]
    found, descriptors = detector.detectAndCompute(grey, mask)
    if descriptors is None:
        return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32)
    points = (np.array([each.pt for each in found], np.float32) + 0.5) / np.float32(scale)
    # The square root of each makes their distance that of Hellinger (Arandjelović, Zisserman 2012).
    rooted = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-6))
    return points, rooted.astype(np.float32)


def match_features(print_: FormPrint, contrast: Contrast) -> Matches:
    """Return the matched features, and the homography on which most agree."""
    points, descriptors = find_features(contrast, None)
    if min(len(points), len(print_.points)) < FEWEST:
        raise NotThisFormError("this is not the form: nothing of its print is found")
    alike = print_.descriptors @ descriptors.T  # (n, m), cosines
    first = alike.argmax(axis=1)
    every = np.arange(len(first))
    best = alike[every, first]
    alike[every, first] = -1
    second = alike.max(axis=1)
    alike[every, first] = best
    distinct = np.sqrt(np.maximum(0, 1 - best)) < RATIO * np.sqrt(np.maximum(0, 1 - second))
    source, target = print_.points[distinct], points[first[distinct]]
    matrix, inliers = _robust(source, target)
    if inliers >= MANY:
        return Matches(matrix, inliers, source, target)
    # With a place to look at, features that others resemble, such as corners of boxes, count too.
    away = REACH * max(print_.view.shape) * scale_in_middle(matrix, print_.view.shape)
    guessed = map_points(matrix, print_.points.astype(np.float64)).astype(np.float32)
    off = np.abs(guessed[:, None] - points[None]).max(axis=2)
    near = np.where(off < away, alike, np.float32(-1))
    which = near.argmax(axis=1)
    chosen = near[every, which] > ALIKE
    if chosen.sum() < FEWEST:
        raise NotThisFormError("this is not the form: its print is not found")
    source, target = print_.points[chosen], points[which[chosen]]
    return Matches(*_robust(source, target), source, target)


def _robust(source: np.ndarray, target: np.ndarray) -> tuple[Homography, int]:
    """Return the homography on which most matches agree, and how many do."""
    found = None
    if len(source) >= FEWEST:
        found, mask = cv2.findHomography(
            source, target, cv2.USAC_MAGSAC, NEAR, maxIters=TRIES, confidence=0.9999
        )
    if found is None or mask.sum() < FEWEST:
        raise NotThisFormError("this is not the form: its print is not found")
    return found.astype(np.float64), int(mask.sum())
