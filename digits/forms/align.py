"""Align a page with a form's reference picture by its print, and reject pages of other forms.

Only print counts. What stands inside fields is left out on both pictures, and what a page network
calls handwriting is left out of the reference. Local features (Lowe 2004) give a homography
(MAGSAC++, Barath et al. 2020); small tiles of print, found again one by one, refine it, correct it
around each field, and say how much of the print is really there. Where the paper is bent, the
page is flattened first: features and tiles say how it is bent.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import cv2
import numpy as np

from digits.errors import NotThisFormError
from digits.forms.bend import Bend, agree_with_neighbours, fit_bend, flatten
from digits.forms.cell_corners import find_cell_corners, overlaps
from digits.forms.features import FEWEST, MANY, TRIES, Matches, match_features
from digits.forms.form_print import FormPrint
from digits.forms.homography import (
    Homography,
    check_position,
    is_possible,
    map_points,
    scale_in_middle,
)
from digits.forms.tiles import (
    MOST_RESIDUAL,
    FoundTiles,
    find_sides,
    find_tiles,
    join_tiles,
    place_field,
    refit,
)
from digits.image.binarize import to_ink
from digits.types import Box, Contrast

LOOSE = 0.01  # of the reference's longer side: distance of an inlier on bent paper
WIDE = 0.05  # of the reference's longer side by which bent paper moves a point
BENT = 2.5  # px of the reference by which a tenth of the matches stand off where paper is bent
SEARCH = (14, 6)  # px of the reference around a tile, in each round
SEARCH_BENT = (20, 14, 14, 6)  # the same where the paper is bent
LEAST_PRINT = 0.93  # share of the visible tiles that must be found: see docs/forms.md
LEAST_SEEN = 0.3  # share of all tiles that must be visible
LEAST_DIFFERENCE = 0.05  # of the print found by which one way to lay a form differs from another


@dataclass(frozen=True, slots=True)
class Alignment:
    """Position of a form's reference on a page."""

    to_page: Homography  # from px of the reference to px of the page
    fields: tuple[Homography | None, ...]  # the same around each field; None if not found
    inliers: int  # features that agree
    residual: float  # px of the reference: median offset of the tiles
    agreement: float  # share of the visible print that was found
    in_sight: float  # share of the print that lies in the picture
    bend: Bend | None = None  # of the paper; None: it lies flat. `fields` are of the flattened page

    def place(self, field: int, points: np.ndarray) -> np.ndarray | None:
        """Return points near a field on the page: (n, 2) -> (n, 2); None as in `fields`.

        Parameters
        ----------
        points : px of the reference
        """
        matrix = self.fields[field]
        if matrix is None:
            return None
        flat = map_points(np.linalg.inv(self.to_page) @ matrix, points)
        return map_points(self.to_page, flat if self.bend is None else flat + self.bend.shift(flat))

    def seen(self, field: int, point: np.ndarray) -> Homography | None:
        """Return the homography from px of the reference to px of the page near one point."""
        matrix = self.fields[field]
        if matrix is None or self.bend is None:
            return matrix
        local = np.linalg.inv(self.to_page) @ matrix
        around = self.bend.around(map_points(local, point[None])[0])
        return np.asarray(self.to_page @ around @ local)


def align(print_: FormPrint, contrast: Contrast, boxes: Sequence[Box]) -> Alignment:
    """Return the position of a form on a page.

    Parameters
    ----------
    print_ : of the form
    contrast : float32, shape (height, width), of the page
    boxes : of the fields, in px of the reference

    Raises
    ------
    NotThisFormError
        Too little of the form's print is found on the page, or its position is impossible.
    """
    if print_.grid.size:  # the features of boxes are alike
        with suppress(NotThisFormError):
            return _by_grid(print_, contrast, boxes)
    rough = match_features(print_, contrast)
    to_page, bend = _find_bend(rough, print_)
    if bend is None:
        return _refined(print_, contrast, boxes, rough.to_page, rough.inliers)
    return _refined_bend(print_, contrast, boxes, to_page, bend, rough.inliers)


def _by_grid(print_: FormPrint, contrast: Contrast, boxes: Sequence[Box]) -> Alignment:
    """Return the alignment of a form that consists of a table or a row of boxes.

    Raises
    ------
    NotThisFormError
        There is no such table on the page.
    """
    corners = find_cell_corners(to_ink(contrast))
    # A row of boxes looks the same upside down: the print around it decides.
    turned = corners[::-1, ::-1][:, :, [2, 3, 0, 1]]
    found: list[Alignment] = []
    for placed in (corners, turned):
        for own, theirs in overlaps(print_.grid, placed):
            matrix, _ = cv2.findHomography(own.reshape(-1, 2), theirs.reshape(-1, 2), 0)
            if matrix is None:
                continue
            with suppress(NotThisFormError):
                to_page = matrix.astype(np.float64)
                found.append(_refined(print_, contrast, boxes, to_page, own.size // 2))
    if not found:
        raise NotThisFormError("this is not the form: its print is not found")
    # Where the print does not decide, the page is taken to stand as it was photographed.
    return max(found, key=lambda each: round(each.agreement * each.in_sight / LEAST_DIFFERENCE))


def _find_bend(rough: "Matches", print_: FormPrint) -> tuple[Homography, Bend | None]:
    """Return the homography of all matches, and the bend of the paper, if any."""
    height, width = print_.view.shape
    longer, source = max(width, height), rough.source
    if not is_possible(rough.to_page, print_.view.shape):
        return rough.to_page, None
    away = np.hypot(*(map_points(np.linalg.inv(rough.to_page), rough.target) - source).T)
    if np.quantile(away[away < WIDE * longer], 0.9) < BENT:
        return rough.to_page, None
    loose = LOOSE * longer * scale_in_middle(rough.to_page, print_.view.shape)
    found, _ = cv2.findHomography(
        source, rough.target, cv2.USAC_MAGSAC, loose, maxIters=TRIES, confidence=0.9999
    )
    off, kept = np.zeros(source.shape), np.zeros(len(source), bool)
    for _ in SEARCH:
        if found is None or not is_possible(found, print_.view.shape):
            return rough.to_page, None
        to_page = found.astype(np.float64)
        off = map_points(np.linalg.inv(to_page), rough.target) - source
        near = np.flatnonzero(np.hypot(*off.T) < WIDE * longer)
        kept[:] = False
        kept[near] = agree_with_neighbours(source[near], off[near])
        if kept.sum() < MANY:
            return rough.to_page, None
        found, _ = cv2.findHomography(source[kept], rough.target[kept], 0)
    if np.quantile(np.hypot(*off[kept].T), 0.9) < BENT:
        return rough.to_page, None
    return to_page, fit_bend(source[kept], off[kept], (width, height))


def _refined_bend(
    print_: FormPrint,
    contrast: Contrast,
    boxes: Sequence[Box],
    to_page: Homography,
    bend: Bend,
    inliers: int,
) -> Alignment:
    """Return the alignment of a bent page, whose tiles agree when it is flattened."""
    for i, reach in enumerate(SEARCH_BENT):
        flat = flatten(contrast, to_page, bend)
        found = find_tiles(print_, flat, to_page, reach)
        if i:  # far from its place, a side may be taken for another
            found = join_tiles(found, find_sides(print_, flat, to_page, reach))
        good = found.is_good
        if good.sum() >= FEWEST:
            places, moved = found.places[good], (found.places + found.shifts)[good]
            shifts = moved - places + bend.shift(moved)
            bend = fit_bend(places, shifts, bend.size, known=found.fixes[good])
    flat = flatten(contrast, to_page, bend)
    found = find_tiles(print_, flat, to_page, SEARCH[-1])
    sides = find_sides(print_, flat, to_page, SEARCH[-1])
    return replace(_checked(print_, boxes, to_page, found, inliers, sides), bend=bend)


def _refined(
    print_: FormPrint,
    contrast: Contrast,
    boxes: Sequence[Box],
    to_page: Homography,
    inliers: int,
) -> Alignment:
    """Return an alignment whose tiles agree, or raise NotThisFormError."""
    for reach in SEARCH:
        found = find_tiles(print_, contrast, to_page, reach)
        to_page = refit(to_page, found)
    # Once more from the better position: other print may be alike at some offset.
    found = find_tiles(print_, contrast, to_page, SEARCH[-1])
    return _checked(print_, boxes, to_page, found, inliers)


def _checked(
    print_: FormPrint,
    boxes: Sequence[Box],
    to_page: Homography,
    found: "FoundTiles",
    inliers: int,
    sides: "FoundTiles | None" = None,
) -> Alignment:
    """Return the alignment by tiles, or raise NotThisFormError if too few agree.

    Parameters
    ----------
    sides : of fields; they help to place fields, but say nothing of which form it is
    """
    seen, good = found.seen, found.is_good
    # The print near fields is often only their boxes, which other forms have too.
    agreement = min(
        float(good[:n].sum() / max(1, seen[:n].sum())) for n in (print_.n_page, len(good))
    )
    if seen.sum() < LEAST_SEEN * len(seen):
        raise NotThisFormError("only a small part of the form is in the picture: photograph all")
    if agreement < LEAST_PRINT:
        raise NotThisFormError(
            f"this is not the form: {agreement:.0%} of its print is found, not {LEAST_PRINT:.0%}"
        )
    residual = float(np.median(np.hypot(*found.shifts[good].T)))
    if residual > MOST_RESIDUAL:
        raise NotThisFormError(
            f"the form is too crumpled to be aligned: its print stands off by {residual:.1f} px"
        )
    check_position(to_page, print_.view.shape)
    around = found if sides is None else join_tiles(found, sides)
    places = tuple(place_field(to_page, around, box) for box in boxes)
    return Alignment(to_page, places, inliers, residual, agreement, float(seen.mean()))
