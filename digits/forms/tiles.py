"""Small tiles of print and printed sides of fields, found again on a page one by one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import product

import cv2
import numpy as np

from digits.arrays import Bool, Float64, Int32
from digits.forms.contrast import SOFT, without_shadow
from digits.forms.features import FEWEST, NEAR, TRIES
from digits.forms.form_print import FormPrint
from digits.forms.homography import Homography, map_points, scale_in_middle, warp
from digits.types import (
    Box,
    Contrast,
)

TILE = 64  # px of the reference, side of a tile
WITHIN = 0.9  # of a tile that must be inside the picture
STEP = 48  # px of the reference between tiles
MOST_TILES = 80  # of the whole page
EACH_FIELD = 6  # further tiles near each field, those with the clearest corners
EDGED = 0.012  # smaller eigenvalue of a tile's mean structure tensor; a corner has more
STRIP = 8  # px of the reference on both sides of a field's printed side
RULED = 0.12  # of full contrast: how much a printed side differs from its surroundings
SAME = 0.5  # correlation of a tile that is found; other print is below 0.4
AROUND = 260.0  # px of the reference: search radius of the tiles near a field
NEAREST = 8  # tiles that locate a field
LOCAL = 0.5  # share of them that must be found
FEW = 3  # tiles needed for a field's own shift
MOST_RESIDUAL = 3.0  # px of the reference: largest median offset of the found tiles
SMALLEST = 1e-3  # weight of a tile at any distance


@dataclass(frozen=True, slots=True)
class FoundTiles:
    """Tiles of the reference, found again on a page."""

    places: Float64[np.ndarray, "m 2"]  # px of the reference, middles
    shifts: Float64[np.ndarray, "m 2"]  # px of the reference: offset of each
    seen: Bool[np.ndarray, " m"]  # inside the picture
    is_good: Bool[np.ndarray, " m"]  # the same print
    fixes: Bool[np.ndarray, "m 2"]  # whether its shift across, and down, is known


def join_tiles(one: FoundTiles, other: FoundTiles) -> FoundTiles:
    """Return the tiles of both."""
    pairs = [(getattr(one, each.name), getattr(other, each.name)) for each in fields(FoundTiles)]
    return FoundTiles(*(np.concatenate(pair) for pair in pairs))


def choose_tiles(view: np.ndarray, boxes: Sequence[Box]) -> tuple[Int32[np.ndarray, "m 2"], int]:
    """Return left and top of the tiles whose print fixes their position in both directions.

    The first ones are chosen for the page, as many as the number says, the others for fields.
    """
    across, down = cv2.Sobel(view, cv2.CV_32F, 1, 0), cv2.Sobel(view, cv2.CV_32F, 0, 1)
    moments = [
        cv2.blur(product, (TILE, TILE), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
        for product in (across * across, down * down, across * down)
    ]
    half = (moments[0] + moments[1]) / 2
    smaller = half - np.sqrt(np.maximum(0, half**2 - moments[0] * moments[1] + moments[2] ** 2))
    height, width = view.shape
    rows, columns = (
        np.unique(np.append(np.arange(0, max(1, side - TILE), STEP), max(0, side - TILE)))
        for side in (height, width)
    )
    values = smaller[np.ix_(rows, columns)].ravel()
    corners = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    clear = values > EDGED
    corners, values = corners[clear], values[clear]
    order = np.argsort(-values, kind="stable")
    # From the whole page: the clearest corners may all be those of boxes.
    spread = np.linspace(0, len(order) - 1, min(len(order), MOST_TILES)).round().astype(int)
    chosen = dict.fromkeys(spread.tolist())
    n_page = len(chosen)
    for box in boxes:
        far = _distance(box, corners + TILE / 2)
        chosen.update(dict.fromkeys([i for i in order.tolist() if far[i] < AROUND][:EACH_FIELD]))
    return corners[list(chosen)].astype(np.int32).reshape(-1, 2), n_page


def find_printed_sides(view: np.ndarray, boxes: Sequence[Box]) -> tuple[tuple[Box, bool], ...]:
    """Return strips along the printed sides of boxes, none longer than a tile."""
    strips = ((s, level) for box in boxes for level in (True, False) for s in _strips(box, level))
    return tuple((strip, level) for strip, level in strips if _is_printed(view, strip, level))


def _strips(box: Box, level: bool) -> Iterator[Box]:
    """Yield strips along two opposite sides of a box: the level ones, or the upright ones."""
    long, wide = (box.width, box.height) if level else (box.height, box.width)
    half = min(STRIP, wide // 3)
    n = max(1, round(long / TILE))
    for edge, k in product((0, wide), range(n)) if half > 0 else ():
        start, end = long * k // n, long * (k + 1) // n
        if level:
            yield Box(box.x + start, box.y + edge - half, end - start, 2 * half + 1)
        else:
            yield Box(box.x + edge - half, box.y + start, 2 * half + 1, end - start)


def _is_printed(view: np.ndarray, strip: Box, level: bool) -> bool:
    """Return whether a strip lies on the page and holds a line along it."""
    height, width = view.shape
    if strip.x < 0 or strip.y < 0 or strip.right > width or strip.bottom > height:
        return False
    profile = view[strip.rows_and_columns()].mean(axis=1 if level else 0)
    return bool(profile.max() - np.median(profile) >= RULED)


def _distance(box: Box, points: np.ndarray) -> np.ndarray:
    """Return the distance of points outside a box: (n, 2) -> (n,)."""
    low, high = np.array([box.x, box.y]), np.array([box.right, box.bottom])
    return np.hypot(*np.maximum(np.maximum(low - points, points - high), 0).T)


def find_tiles(
    print_: FormPrint, contrast: Contrast, to_page: Homography, reach: int
) -> FoundTiles:
    """Search for each tile of the reference near its position by a homography."""
    moved = np.where(print_.hidden, np.float32(0), _warped(print_, contrast, to_page))
    moved = cv2.GaussianBlur(moved, (0, 0), SOFT)
    moved = cv2.copyMakeBorder(moved, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=0)
    places = print_.tiles + TILE / 2
    shifts = np.zeros(places.shape)
    correlation = np.zeros(len(places))
    for i, (left, top) in enumerate(print_.tiles):
        tile = print_.view[top : top + TILE, left : left + TILE]
        around = moved[top : top + TILE + 2 * reach, left : left + TILE + 2 * reach]
        score = cv2.matchTemplate(around, tile, cv2.TM_CCOEFF_NORMED)
        _, correlation[i], _, (x, y) = cv2.minMaxLoc(score)
        shifts[i] = _peak(score, x, y) - reach
    seen = _is_seen(print_, contrast, to_page, places)
    at_rim = np.abs(shifts).max(axis=1) >= reach - 0.5
    is_good = seen & (correlation >= SAME) & ~at_rim
    return FoundTiles(places, shifts, seen, is_good, np.ones(shifts.shape, bool))


def find_sides(
    print_: FormPrint, contrast: Contrast, to_page: Homography, reach: int
) -> FoundTiles:
    """Search for the printed sides of fields near their positions by a homography."""
    moved = cv2.GaussianBlur(_warped(print_, contrast, to_page), (0, 0), SOFT)
    moved = cv2.copyMakeBorder(moved, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=0)
    strips = np.array([(s.x, s.y, s.width, s.height) for s, _ in print_.sides]).reshape(-1, 4)
    places = strips[:, :2] + strips[:, 2:] / 2
    shifts, correlation = np.zeros(places.shape), np.zeros(len(places))
    fixes = np.array([(not level, level) for _, level in print_.sides], bool).reshape(-1, 2)
    for i, (strip, level) in enumerate(print_.sides):
        template = print_.view[strip.rows_and_columns()]
        across, down = (reach, 0) if level else (0, reach)  # where it is not searched
        around = moved[
            strip.y + down : strip.bottom + 2 * reach - down,
            strip.x + across : strip.right + 2 * reach - across,
        ]
        score = cv2.matchTemplate(around, template, cv2.TM_CCOEFF_NORMED)
        _, correlation[i], _, (x, y) = cv2.minMaxLoc(score)
        shifts[i] = np.where(fixes[i], _peak(score, x, y) - reach, 0)
    seen = _is_seen(print_, contrast, to_page, places)
    at_rim = np.abs(shifts).max(axis=1) >= reach - 0.5
    return FoundTiles(places, shifts, seen, seen & (correlation >= SAME) & ~at_rim, fixes)


def _warped(print_: FormPrint, contrast: Contrast, to_page: Homography) -> Contrast:
    """Return a page's contrast in the position and size of the reference."""
    height, width = print_.view.shape
    return without_shadow(warp(contrast, to_page, (width, height)), float(width))


def _is_seen(
    print_: FormPrint, contrast: Contrast, to_page: Homography, places: np.ndarray
) -> Bool[np.ndarray, " m"]:
    """Return which tiles around points of the reference are inside the picture."""
    height, width = contrast.shape
    on_page = map_points(to_page, places)
    margin = WITHIN * TILE / 2 * scale_in_middle(to_page, print_.view.shape)
    return np.asarray(
        (on_page > margin).all(axis=1)
        & (on_page[:, 0] < width - margin)
        & (on_page[:, 1] < height - margin)
    )


def _peak(score: np.ndarray, x: int, y: int) -> np.ndarray:
    """Return the position of a maximum to a fraction of a pixel, by two parabolas."""

    def vertex(before: float, here: float, after: float) -> float:
        bend = before - 2 * here + after
        return 0.5 * (before - after) / bend if bend < 0 else 0.0

    place = np.array([float(x), float(y)])
    if 0 < x < score.shape[1] - 1:
        place[0] += vertex(*(float(value) for value in score[y, x - 1 : x + 2]))
    if 0 < y < score.shape[0] - 1:
        place[1] += vertex(*(float(value) for value in score[y - 1 : y + 2, x]))
    return place


def refit(to_page: Homography, found: FoundTiles) -> Homography:
    """Return a homography corrected by the tiles that were found."""
    good = found.is_good
    if good.sum() < FEWEST:
        return to_page
    source = found.places[good].astype(np.float32)
    target = (found.places + found.shifts)[good].astype(np.float32)
    correction, _ = cv2.findHomography(source, target, cv2.USAC_MAGSAC, NEAR, maxIters=TRIES)
    return to_page if correction is None else to_page @ correction.astype(np.float64)


def place_field(to_page: Homography, found: FoundTiles, box: Box) -> Homography | None:
    """Return the homography around a field; None if the print around it is not found.

    The tiles near a field say by how much it stands off, and how that changes across it: bent
    paper is flat over so short a way.
    """
    far = np.where(found.seen, _distance(box, found.places), np.inf)
    near = np.argsort(far, kind="stable")[:NEAREST]
    near = near[np.isfinite(far[near])]
    good = near[found.is_good[near]]
    if len(good) < max(FEW, LOCAL * len(near)):
        return None
    weight = np.exp(-0.5 * (far[good] / (AROUND / 2)) ** 2) + SMALLEST
    middle = np.array([box.x + box.width / 2, box.y + box.height / 2])
    away = (found.places[good] - middle) / AROUND
    local = np.eye(3)
    for axis in (0, 1):
        use = found.fixes[good, axis]
        if not use.any():
            continue
        shifts = found.shifts[good, axis]
        use &= np.abs(shifts - np.median(shifts[use])) <= MOST_RESIDUAL
        root = np.sqrt(weight[use])
        design = np.column_stack([np.ones(use.sum()), away[use]]) * root[:, None]
        # Ridge regression of the slope: tiles on one side only determine a shift.
        ridge = np.diag([0.0, 0.3, 0.3]) * weight.max()
        solved = np.linalg.solve(design.T @ design + ridge, design.T @ (shifts[use] * root))
        slope = solved[1:] / AROUND  # of the shift along x and y
        local[axis, :2] += slope
        local[axis, 2] = solved[0] - slope @ middle
    return to_page @ local
