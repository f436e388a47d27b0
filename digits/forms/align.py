"""Align a page with a form's reference picture by its print, and reject pages of other forms.

Only print counts. What stands inside fields is left out on both pictures, and what a page network
calls handwriting is left out of the reference. Local features (Lowe 2004) give a homography
(MAGSAC++, Barath et al. 2020); small tiles of print, found again one by one, refine it, correct it
around each field, and say how much of the print is really there. Where the paper is bent, the
page is flattened first: features and tiles say how it is bent.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from itertools import product

import cv2
import numpy as np

from digits.arrays import Bool, Float32, Float64, Int32
from digits.errors import NotThisFormError
from digits.forms.bend import (
    Bend,
    Homography,
    agree_with_neighbours,
    fit_bend,
    flatten,
    map_points,
    warp,
)
from digits.image.binarize import is_light_on_dark, to_ink
from digits.image.components import find_components
from digits.image.ruling import find_rules
from digits.image.table_grid import find_grid
from digits.types import LINKED, Box, Contrast, Ink, Pixels

LOOK = 450_000  # px of the reduced picture in which features are found
MOST_FEATURES = 1_500  # per picture
RATIO = 0.85  # of the distance to the second-best match (Lowe 2004 takes 0.8)
ALIKE = 0.8  # cosine of two descriptors of a guided match
REACH = 0.012  # of the reference's longer side: search radius of guided matches
NEAR = 3.0  # px of the reduced page: distance of an inlier
LITTLE = 300  # features of a form below which a table's corners may align it
FEWEST_CELLS = 3  # of a table that aligns a form
MISSED_CELLS = 1  # rows or columns at a table's rim that may not be found
LEAST_DIFFERENCE = 0.05  # of the print found by which one way to lay a form differs from another
NO_GRID = np.zeros((0, 0, 4, 2))
MANY = 60  # inliers that make guided matches unnecessary
FEWEST = 10  # inliers; a homography through random matches has five or six
TRIES = 5_000  # samples of MAGSAC
LOOSE = 0.01  # of the reference's longer side: distance of an inlier on bent paper
WIDE = 0.05  # of the reference's longer side by which bent paper moves a point
BENT = 2.5  # px of the reference by which a tenth of the matches stand off where paper is bent
TILE = 64  # px of the reference, side of a tile
WITHIN = 0.9  # of a tile that must be inside the picture
STEP = 48  # px of the reference between tiles
MOST_TILES = 80  # of the whole page
EACH_FIELD = 6  # further tiles near each field, those with the clearest corners
EDGED = 0.012  # smaller eigenvalue of a tile's mean structure tensor; a corner has more
SEARCH = (14, 6)  # px of the reference around a tile, in each round
SEARCH_BENT = (20, 14, 14, 6)  # the same where the paper is bent
SOFT = 1.0  # px, standard deviation by which both pictures are smoothed
STRIP = 8  # px of the reference on both sides of a field's printed side
RULED = 0.12  # of full contrast: how much a printed side differs from its surroundings
SAME = 0.5  # correlation of a tile that is found; other print is below 0.4
BROADEST = 0.034  # of the form's width: strokes are narrower, shadows wider
NARROWEST = 31  # px: smallest window, for crops of a form
LEAST_PAPER = 24  # grey levels; on darker paper a ratio is meaningless
LEAST_PRINT = 0.93  # share of the visible tiles that must be found: see docs/forms.md
LEAST_SEEN = 0.3  # share of all tiles that must be visible
MOST_RESIDUAL = 3.0  # px of the reference: largest median offset of the found tiles
LEAST_SCALE = 0.25  # px of the page per px of the reference; smaller writing is unreadable
SLANT = 4.0  # largest ratio of the scales at two corners
AROUND = 260.0  # px of the reference: search radius of the tiles near a field
NEAREST = 8  # tiles that locate a field
LOCAL = 0.5  # share of them that must be found
FEW = 3  # tiles needed for a field's own shift
INSET = 0.08  # of a field's shorter side: its border and the outside are print
RUN = 0.3  # of the shortest side of a field: the length of a straight run of its border
EDGE = 0.18  # of a cell's shorter side; ink further inside is writing
LONG, WHOLE = 0.6, 0.95  # of a field's width, and of its height, that a rule inside it takes
RULE_RIM = 5  # px of the reference around a rule that stay visible inside fields
SMALLEST = 1e-3  # weight of a tile at any distance
PRINT_RIM = 2  # px of the reference by which print is dilated before it is removed


@dataclass(frozen=True)
class FormPrint:
    """The print of a form: located on each page, and removed before the fields are read."""

    view: Float32[np.ndarray, "h w"]  # contrast, smoothed, without the fields' insides
    hidden: Bool[np.ndarray, "h w"]  # insides of fields
    erased: Bool[np.ndarray, "h w"]  # print that is removed before a field is read
    points: Float32[np.ndarray, "n 2"]  # px, features
    descriptors: Float32[np.ndarray, "n 128"]  # unit length
    tiles: Int32[np.ndarray, "m 2"]  # px, left and top of each tile
    n_page: int  # tiles chosen for the page; the others are for fields
    sides: tuple[tuple[Box, bool], ...]  # px, strips along fields' printed sides; True: level ones
    light_on_dark: bool  # print is lighter than its paper
    grid: Float64[np.ndarray, "r c 4 2"]  # px, corners of the cells of a table; empty where none is


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


def find_print(
    reference: Pixels,
    boxes: Sequence[Box],
    *,
    cells: Sequence[Box] = (),
    is_blank: bool = False,
    handwriting: Bool[np.ndarray, "h w"] | None = None,
) -> FormPrint:
    """Return the print of a form's reference picture.

    Parameters
    ----------
    boxes : of the fields, in px of the reference
    cells : boxes for single digits inside fields; the lines between them are print
    is_blank : ink inside the fields is print
    handwriting : mask of a page network, which is ignored; None to ignore only the fields
    """
    light_on_dark = is_light_on_dark(reference)
    contrast = even_contrast(reference, light_on_dark=light_on_dark)
    ink = to_ink(contrast)
    rules = find_rules(ink)
    inside = _insides(boxes, cells, reference.shape)
    hidden = inside & ~_widened(rules, RULE_RIM)
    printed = ink > LINKED
    if handwriting is not None:
        printed &= ~handwriting | rules
        contrast = np.where(handwriting & ~rules, np.float32(0), contrast)
    erased = printed
    if not is_blank:
        around = ~inside & (
            _straight(printed, (*cells, *boxes)) | ~_insides(boxes, (), rules.shape, 0.0)
        )
        erased = printed & (_long_rules(rules, boxes, cells) | around)
    view = _smoothed(without_shadow(contrast, float(reference.shape[1])), hidden)
    points, descriptors = _features(view, ~hidden)
    return FormPrint(
        view,
        hidden,
        _widened(erased, PRINT_RIM),
        points,
        descriptors,
        *_corner_tiles(view, boxes),
        _printed_sides(view, [*cells, *boxes]),
        light_on_dark,
        _grid_corners(ink) if len(points) < LITTLE else NO_GRID,
    )


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
    rough = _by_features(print_, contrast)
    to_page, bend = _find_bend(rough, print_)
    if bend is None:
        return _refined(print_, contrast, boxes, rough.to_page, rough.inliers)
    return _refined_bend(print_, contrast, boxes, to_page, bend, rough.inliers)


def _find_bend(rough: "_Matches", print_: FormPrint) -> tuple[Homography, Bend | None]:
    """Return the homography of all matches, and the bend of the paper, if any."""
    height, width = print_.view.shape
    longer, source = max(width, height), rough.source
    if not _is_possible(rough.to_page, print_.view.shape):
        return rough.to_page, None
    away = np.hypot(*(map_points(np.linalg.inv(rough.to_page), rough.target) - source).T)
    if np.quantile(away[away < WIDE * longer], 0.9) < BENT:
        return rough.to_page, None
    loose = LOOSE * longer * _scale(rough.to_page, print_.view.shape)
    found, _ = cv2.findHomography(
        source, rough.target, cv2.USAC_MAGSAC, loose, maxIters=TRIES, confidence=0.9999
    )
    off, kept = np.zeros(source.shape), np.zeros(len(source), bool)
    for _ in SEARCH:
        if found is None or not _is_possible(found, print_.view.shape):
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
        found = _find_tiles(print_, flat, to_page, reach)
        if i:  # far from its place, a side may be taken for another
            found = _joined(found, _find_sides(print_, flat, to_page, reach))
        good = found.is_good
        if good.sum() >= FEWEST:
            places, moved = found.places[good], (found.places + found.shifts)[good]
            shifts = moved - places + bend.shift(moved)
            bend = fit_bend(places, shifts, bend.size, known=found.fixes[good])
    flat = flatten(contrast, to_page, bend)
    found = _find_tiles(print_, flat, to_page, SEARCH[-1])
    sides = _find_sides(print_, flat, to_page, SEARCH[-1])
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
        found = _find_tiles(print_, contrast, to_page, reach)
        to_page = _refit(to_page, found)
    found = _find_tiles(print_, contrast, to_page, SEARCH[-1])
    return _checked(print_, boxes, to_page, found, inliers)


def _checked(
    print_: FormPrint,
    boxes: Sequence[Box],
    to_page: Homography,
    found: "_Found",
    inliers: int,
    sides: "_Found | None" = None,
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
    _check_shape(to_page, print_.view.shape)
    around = found if sides is None else _joined(found, sides)
    places = tuple(_around(to_page, around, box) for box in boxes)
    return Alignment(to_page, places, inliers, residual, agreement, float(seen.mean()))


def even_contrast(pixels: Pixels, *, light_on_dark: bool) -> Contrast:
    """Return the contrast of each pixel with the paper next to it: uint8 (h, w) -> (h, w).

    A closing of the picture has the paper alone (Serra 1982): it follows the edge of a shadow, at
    which a coarse estimate of the paper leaves pale print out.

    Parameters
    ----------
    light_on_dark : ink is lighter than its paper
    """
    grey = 255 - pixels if light_on_dark else pixels
    side = _broadest(float(min(grey.shape)))
    smooth = cv2.GaussianBlur(grey, (0, 0), SOFT)
    paper = cv2.morphologyEx(smooth, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    contrast = 1 - grey.astype(np.float32) / np.maximum(paper, LEAST_PAPER).astype(np.float32)
    level = float(np.median(contrast))  # grain: most paper is darker than its brightest points
    return np.clip((contrast - level) / (1 - level), 0, 1).astype(np.float32)


def _broadest(width: float) -> int:
    """Return the side of a window wider than any stroke on a form of this width: px, odd."""
    return max(NARROWEST, 2 * int(BROADEST * width / 2) + 1)


def without_shadow(contrast: Contrast, width: float) -> Contrast:
    """Return contrast without shadows, which are wider than any stroke.

    An opening of the picture has the shadows alone (Serra 1982).

    Parameters
    ----------
    width : px of the picture that the form is wide
    """
    side = _broadest(width)
    shade = cv2.morphologyEx(contrast, cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    return (contrast - shade).astype(np.float32)


def _straight(printed: np.ndarray, boxes: Sequence[Box]) -> np.ndarray:
    """Return the sides of boxes: straight runs, unlike digits at a box's rim: (h, w) bool.

    A side that leans by a pixel is two runs.
    """
    least = max(3, round(RUN * min((min(b.width, b.height) for b in boxes), default=0)))
    thick = cv2.morphologyEx(printed.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    runs = [
        cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones(window, np.uint8))
        for window in ((least, 1), (1, least))
    ]
    return _widened(np.maximum(*runs) > 0, 1)


def _insides(
    boxes: Sequence[Box], cells: Sequence[Box], shape: tuple[int, ...], share: float = INSET
) -> np.ndarray:
    """Return the insides of fields, without borders and lines between cells: (h, w) bool.

    Parameters
    ----------
    share : of a field's shorter side that its border takes
    """
    inside = np.zeros(shape, bool)
    between = np.zeros(shape, bool)
    for cell in cells:
        between[cell.rows_and_columns()] = True
    plain = [box for box in boxes if not between[box.rows_and_columns()].any()]
    for box in (*plain, *cells):
        inset = max(2, round(share * min(box.width, box.height))) if share else 0
        inside[box.y + inset : box.bottom - inset, box.x + inset : box.right - inset] = True
    return inside


def _long_rules(rules: np.ndarray, boxes: Sequence[Box], cells: Sequence[Box]) -> np.ndarray:
    """Return the printed rules inside fields: (h, w) bool.

    On a page that is filled in, a straight 1 may be taken for a rule.
    """
    long = np.zeros(rules.shape, bool)
    middle = np.zeros(rules.shape, bool)
    for cell in cells:  # a digit may touch its cell's border, which may be tilted into the cell
        rim = max(2, round(EDGE * min(cell.width, cell.height)))
        middle[cell.y + rim : cell.bottom - rim, cell.x + rim : cell.right - rim] = True
    for box in boxes:
        part = box.rows_and_columns()
        pieces = find_components(rules[part])
        kept = (pieces.width >= LONG * box.width) | (pieces.height >= WHOLE * box.height)
        long[part] |= np.concatenate([[False], kept])[pieces.labels] & ~middle[part]
    return long


def _widened(mask: np.ndarray, by: int) -> np.ndarray:
    window = np.ones((2 * by + 1, 2 * by + 1), np.uint8)
    return cv2.dilate(mask.astype(np.uint8), window).astype(bool)


def _smoothed(contrast: Contrast, hidden: np.ndarray) -> Float32[np.ndarray, "h w"]:
    """Return contrast without the insides of fields."""
    clear = np.where(hidden, np.float32(0), contrast)
    return cv2.GaussianBlur(clear, (0, 0), SOFT).astype(np.float32)


# Features.


def _features(
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


@dataclass(frozen=True, slots=True)
class _Matches:
    """Features of a form that were found on a page, and the homography on which most agree."""

    to_page: Homography
    inliers: int
    source: Float32[np.ndarray, "n 2"]  # px of the reference
    target: Float32[np.ndarray, "n 2"]  # px of the page


def _by_features(print_: FormPrint, contrast: Contrast) -> _Matches:
    """Return the matched features, and the homography on which most agree."""
    points, descriptors = _features(contrast, None)
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
        return _Matches(matrix, inliers, source, target)
    # With a place to look at, features that others resemble, such as corners of boxes, count too.
    away = REACH * max(print_.view.shape) * _scale(matrix, print_.view.shape)
    guessed = map_points(matrix, print_.points.astype(np.float64)).astype(np.float32)
    off = np.abs(guessed[:, None] - points[None]).max(axis=2)
    near = np.where(off < away, alike, np.float32(-1))
    which = near.argmax(axis=1)
    chosen = near[every, which] > ALIKE
    if chosen.sum() < FEWEST:
        raise NotThisFormError("this is not the form: its print is not found")
    source, target = print_.points[chosen], points[which[chosen]]
    return _Matches(*_robust(source, target), source, target)


def _grid_corners(ink: Ink) -> Float64[np.ndarray, "r c 4 2"]:
    """Return the corners of a table's cells; none without a table, or if it is too small."""
    grid = find_grid(ink)
    if (
        grid is None
        or len(grid.cells) != grid.rows * grid.columns
        or len(grid.cells) < FEWEST_CELLS
    ):
        return NO_GRID
    corners = [cell.region.corners for cell in grid.cells]
    return np.array(corners, float).reshape(grid.rows, grid.columns, 4, 2)


def _by_grid(print_: FormPrint, contrast: Contrast, boxes: Sequence[Box]) -> Alignment:
    """Return the alignment of a form that consists of a table or a row of boxes.

    Raises
    ------
    NotThisFormError
        There is no such table on the page.
    """
    corners = _grid_corners(to_ink(contrast))
    # A row of boxes looks the same upside down: the print around it decides.
    turned = corners[::-1, ::-1][:, :, [2, 3, 0, 1]]
    found: list[Alignment] = []
    for placed in (corners, turned):
        for own, theirs in _overlaps(print_.grid, placed):
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


def _overlaps(one: np.ndarray, other: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the cells that two tables share, for each way to align one with the other.

    Of a table's cells, a row or a column at its rim may not be found; the others say where it is.
    """
    if not other.size:
        return
    less = np.array(other.shape[:2]) - one.shape[:2]
    if np.abs(less).max() > MISSED_CELLS:
        return
    for down, across in product(*(range(min(0, n), max(0, n) + 1) for n in less.tolist())):
        own = one[max(0, -down) :, max(0, -across) :]
        theirs = other[max(0, down) :, max(0, across) :]
        rows, columns = (min(a, b) for a, b in zip(own.shape[:2], theirs.shape[:2], strict=True))
        yield own[:rows, :columns], theirs[:rows, :columns]


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


def _scale(matrix: Homography, shape: tuple[int, ...]) -> float:
    """Return px of the page for each px in the middle of the reference."""
    height, width = shape
    middle = np.array([[width / 2, height / 2]])
    square = map_points(matrix, middle + np.array([[0, 0], [1, 0], [0, 1]]))
    return float(np.sqrt(abs(np.linalg.det(square[1:] - square[0]))))


def _check_shape(to_page: Homography, shape: tuple[int, ...]) -> None:
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


def _is_possible(matrix: np.ndarray, shape: tuple[int, ...]) -> bool:
    """Return whether a position is possible for a sheet of paper."""
    try:
        _check_shape(matrix.astype(np.float64), shape)
    except NotThisFormError:
        return False
    return True


# Tiles.


@dataclass(frozen=True, slots=True)
class _Found:
    """Tiles of the reference, found again on a page."""

    places: Float64[np.ndarray, "m 2"]  # px of the reference, middles
    shifts: Float64[np.ndarray, "m 2"]  # px of the reference: offset of each
    seen: Bool[np.ndarray, " m"]  # inside the picture
    is_good: Bool[np.ndarray, " m"]  # the same print
    fixes: Bool[np.ndarray, "m 2"]  # whether its shift across, and down, is known


def _joined(one: _Found, other: _Found) -> _Found:
    pairs = [(getattr(one, each.name), getattr(other, each.name)) for each in fields(_Found)]
    return _Found(*(np.concatenate(pair) for pair in pairs))


def _corner_tiles(view: np.ndarray, boxes: Sequence[Box]) -> tuple[Int32[np.ndarray, "m 2"], int]:
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


def _distance(box: Box, points: np.ndarray) -> np.ndarray:
    """Return the distance of points outside a box: (n, 2) -> (n,)."""
    low, high = np.array([box.x, box.y]), np.array([box.right, box.bottom])
    return np.hypot(*np.maximum(np.maximum(low - points, points - high), 0).T)


def _find_tiles(print_: FormPrint, contrast: Contrast, to_page: Homography, reach: int) -> _Found:
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
    return _Found(places, shifts, seen, is_good, np.ones(shifts.shape, bool))


def _find_sides(print_: FormPrint, contrast: Contrast, to_page: Homography, reach: int) -> _Found:
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
    return _Found(places, shifts, seen, seen & (correlation >= SAME) & ~at_rim, fixes)


def _printed_sides(view: np.ndarray, boxes: Sequence[Box]) -> tuple[tuple[Box, bool], ...]:
    """Return strips along the printed sides of boxes, none longer than a tile."""
    height, width = view.shape
    found = []
    for box in boxes:
        for level in (True, False):
            long, wide = (box.width, box.height) if level else (box.height, box.width)
            half = min(STRIP, wide // 3)
            n = max(1, round(long / TILE))
            for edge, k in product((0, wide), range(n)):
                start, end = long * k // n, long * (k + 1) // n
                strip = (
                    Box(box.x + start, box.y + edge - half, end - start, 2 * half + 1)
                    if level
                    else Box(box.x + edge - half, box.y + start, 2 * half + 1, end - start)
                )
                if strip.x < 0 or strip.y < 0 or strip.right > width or strip.bottom > height:
                    continue
                profile = view[strip.rows_and_columns()].mean(axis=1 if level else 0)
                if half > 0 and profile.max() - np.median(profile) >= RULED:
                    found.append((strip, level))
    return tuple(found)


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
    margin = WITHIN * TILE / 2 * _scale(to_page, print_.view.shape)
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


def _refit(to_page: Homography, found: _Found) -> Homography:
    """Return a homography corrected by the tiles that were found."""
    good = found.is_good
    if good.sum() < FEWEST:
        return to_page
    source = found.places[good].astype(np.float32)
    target = (found.places + found.shifts)[good].astype(np.float32)
    correction, _ = cv2.findHomography(source, target, cv2.USAC_MAGSAC, NEAR, maxIters=TRIES)
    return to_page if correction is None else to_page @ correction.astype(np.float64)


def _around(to_page: Homography, found: _Found, box: Box) -> Homography | None:
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
