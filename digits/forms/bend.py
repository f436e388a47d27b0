"""Paper that does not lie flat: how far a form's points are from where a homography puts them."""

from dataclasses import dataclass

import cv2
import numpy as np

from digits.arrays import Float64
from digits.forms.homography import Homography, map_points

DEGREE = 6  # of the polynomial: curled and folded-in paper has a wave or two, no more
EACH_TERM = 3  # points that each term of the polynomial needs
STIFF = 3e-4  # ridge on a term, times the square of its degree: paper bends no more than it must
OUTLIER = 4.685  # times the spread of residuals from which Tukey's biweight counts none
LEAST_SPREAD = 2.0  # px of the reference: finer than print is found
ROUNDS = 6  # of reweighted least squares
COARSE = 16  # px: waves are long, and are reckoned on a coarse raster
NEIGHBOURS = 8  # matches around another that say where it should be
ASTRAY = 5.0  # px of the reference by which a match may differ from those around it


@dataclass(frozen=True, slots=True)
class Bend:
    """A smooth shift of a form's points, in px of its reference."""

    size: tuple[int, int]  # px of the reference
    weights: Float64[np.ndarray, "terms 2"]

    def shift(self, points: np.ndarray) -> Float64[np.ndarray, "n 2"]:
        """Return by how much points stand off; beyond the form as on its edge: (n, 2)."""
        degree = round((np.sqrt(8 * len(self.weights) + 1) - 3) / 2)
        return np.asarray(_terms(points, self.size, degree) @ self.weights)

    def around(self, point: np.ndarray) -> Homography:
        """Return the affinity that moves points near one as the bend does: (2,) -> (3, 3)."""
        ends = point + np.array([[0, 0], [1, 0], [0, 1]])
        moved = ends + self.shift(ends)
        slope = np.column_stack([moved[1] - moved[0], moved[2] - moved[0]])
        local = np.eye(3)
        local[:2, :2] = slope
        local[:2, 2] = moved[0] - slope @ point
        return local


def fit_bend(
    places: np.ndarray,
    shifts: np.ndarray,
    size: tuple[int, int],
    *,
    known: np.ndarray | None = None,
) -> Bend:
    """Return the smooth bend that moves points as most of them moved (Beaton, Tukey 1974).

    Parameters
    ----------
    places : px of the reference, (n, 2)
    shifts : px of the reference, (n, 2)
    known : which shifts across, and down, are known, (n, 2); all if not given
    """
    known = np.ones(shifts.shape, bool) if known is None else known
    least = int(known.sum(axis=0).min())
    terms = ((degree, (degree + 1) * (degree + 2) // 2) for degree in range(DEGREE, 0, -1))
    degree = next((degree for degree, n in terms if n * EACH_TERM <= least), 0)
    ridge = np.diag([STIFF * d**2 for d in range(degree + 1) for _ in range(d + 1)])
    columns = [
        _fit(_terms(places[use], size, degree), shift[use], ridge)
        for use, shift in zip(known.T, shifts.T, strict=True)
    ]
    return Bend(size, np.stack(columns, axis=1))


def _fit(design: np.ndarray, shifts: np.ndarray, ridge: np.ndarray) -> np.ndarray:
    """Return the weights of terms that give most shifts: (n, terms), (n,) -> (terms,)."""
    weight = np.ones(len(design))
    solved = np.zeros(design.shape[1])
    for _ in range(ROUNDS):
        weighted = design * weight[:, None]
        solved = np.linalg.solve(
            weighted.T @ design + ridge * max(1.0, weight.sum()), weighted.T @ shifts
        )
        off = np.abs(shifts - design @ solved)
        spread = max(LEAST_SPREAD, 1.4826 * float(np.median(off)))
        weight = np.maximum(1 - (off / (OUTLIER * spread)) ** 2, 0) ** 2
        if weight.sum() < design.shape[1]:
            break
    return solved


def _terms(points: np.ndarray, size: tuple[int, int], degree: int) -> np.ndarray:
    """Return the products of Chebyshev polynomials up to a degree: (n, 2) -> (n, terms)."""
    x, y = np.clip(2 * points / np.array(size) - 1, -1, 1).T
    across = np.polynomial.chebyshev.chebvander(x, degree)
    down = np.polynomial.chebyshev.chebvander(y, degree)
    pairs = [(d - j, j) for d in range(degree + 1) for j in range(d + 1)]
    return np.stack([across[:, i] * down[:, j] for i, j in pairs], axis=1)


def flatten(layer: np.ndarray, to_page: Homography, bend: Bend) -> np.ndarray:
    """Return a page's layer as it would be seen if the paper were flat: (h, w) -> (h, w)."""
    height, width = layer.shape
    coarse = -(-width // COARSE) + 1, -(-height // COARSE) + 1
    raster = np.stack(np.meshgrid(np.arange(coarse[0]), np.arange(coarse[1])), axis=-1)
    seen = raster.reshape(-1, 2) * float(COARSE)
    flat = map_points(np.linalg.inv(to_page), seen + 0.5)
    beyond = np.array(bend.size) * np.array([[-1.0], [2.0]])  # past the horizon: anywhere
    flat = np.clip(np.nan_to_num(flat), *beyond)
    off = (map_points(to_page, flat + bend.shift(flat)) - map_points(to_page, flat)).astype(
        np.float32
    )
    place = np.array([[1 / COARSE, 0, 0], [0, 1 / COARSE, 0]])
    shifts = cv2.warpAffine(
        off.astype(np.float32).reshape(coarse[1], coarse[0], 2), place, (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    x = np.arange(width, dtype=np.float32)[None, :] + shifts[..., 0]
    y = np.arange(height, dtype=np.float32)[:, None] + shifts[..., 1]
    return cv2.remap(layer, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def agree_with_neighbours(places: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Return which points moved as those around them did: (n, 2), (n, 2) -> (n,) bool."""
    if len(places) <= NEIGHBOURS:
        return np.zeros(len(places), bool)
    away = ((places[:, None] - places[None]) ** 2).sum(axis=-1)
    np.fill_diagonal(away, np.inf)
    near = np.argpartition(away, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    usual = np.median(shifts[near], axis=1)
    return np.asarray(np.hypot(*(shifts - usual).T) <= ASTRAY)
