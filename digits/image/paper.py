"""Find the sheet of paper, the board or the screen in a photograph.

The edge of a sheet is a straight step of brightness between two surfaces. Strokes and printed
lines are steps too, but they are thin, and a small median filter removes them. Straight steps and
the picture's rim form quadrangles. The sheet is the quadrangle whose sides are steps along their
whole length and whose inside is one surface.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from digits.image.components import find_components, quantile
from digits.types import Paper, Pixels

ENOUGH_PIXELS = 60_000  # px of the reduced picture in which edges are searched for
MIN_SIDE = 64  # px; smaller pictures are not searched
MIN_PIXELS = 15_000  # px; a smaller picture is a crop of one character, not a photograph
STRIP_SHAPE = 1.5  # aspect ratio from which a small picture is a crop of a number
ENLARGED = 2.0  # maximum scale of such a crop
STROKES = 5  # px of the reduced picture: median filter that removes strokes and printed lines
DARKEST = 12.0  # grey levels added before the logarithm, to suppress noise in dark areas
EDGE = (0.012, 0.03)  # slope of the logarithm per px: low and high threshold of the edge detector
BUSIEST = 0.92  # quantile of the slope; on texture, only edges above it count
SCHARR = 32.0  # scale of a 3x3 Scharr filter relative to the slope per pixel
FIXED_POINT = 250.0  # factor that makes slopes fit 16 bits
HOUGH = (1.0, np.pi / 240)  # px and radians: resolution of a line
MAX_LEAN = np.radians(40)  # of a sheet's edge; at 45 degrees it is unclear which edge is on top
MIN_VOTES = 0.2  # of the shorter side: edge pixels on a line
MAX_LINES = 10  # per direction
APART = 4.0  # px at the picture's rim by which two lines must differ
BESIDE = np.array([2.0, 3.0, 4.0, 5.0])  # px on both sides of an edge, where levels are compared
BEYOND = 10.0  # px from an edge; behind a printed line the same paper continues there
STEP = 0.05  # of the logarithm; a smaller step is grain
FULL_STEP = 0.4  # of the logarithm; larger steps count the same (white on grey 160)
LEAST_SEEN = 3  # samples along a side that show its edge; a line through fewer is no evidence
SUPPORTED = 0.7  # share of a side's visible length that must be a step; a finger may hide the rest
MIN_VISIBLE = 0.15  # of the picture's side; a shorter edge is not the side of a sheet
MIN_AREA = 0.12  # of the picture
MISSING = 2.0  # px of step that outweigh one px of a side without a step
IMPURE = 2.0  # side lengths that outweigh an inside without any of the sheet's surface
SURFACE = 0.12  # of the logarithm: largest deviation within one surface, after removing a plane
N_VOTED = 300  # lines with the most votes that are compared
OUTSIDE = 0.15  # of the picture's longer side: how far a corner may be outside
SURROUNDINGS = 15  # px of the reduced picture: median filter that removes writing
PAGE_AT_RIM = 0.35  # largest share of the rim outside a quadrangle that may look like its inside
ONE_CORNER = 2  # sides: two edges that meet may be a shadow as well as a sheet
MIN_REST = 0.35  # of the picture; a smaller sheet has desk on more than two sides
COARSER = 4.0  # ratio of textures: a shadow doubles texture, another material increases it more
GRAIN = 0.01  # of the logarithm: texture of the smoothest paper
MIN_WRITING = 0.15  # of the logarithm: contrast of writing
USUAL, CLEAREST = 0.4, 0.99  # quantiles of the marks on a surface
TEXTURE = 6.5  # multiple of the usual mark that a surface's own texture reaches
LESS = 0.1  # of the writing inside; this much outside an edge is writing in a shadow
MAX_IMPURE = 0.35  # of the inside; more than this is strokes
LEAST_SCORE = 0.5  # of the best score
MAX_COVER = 0.1  # of a sheet that a finger or a folded corner may cover
SEARCHED = np.arange(-4.0, 4.1, 0.5)  # px across a side, where its edge is refined
AT_CORNERS = 0.08  # of a side, excluded at both ends, where the other side is visible
INSET = 0.5  # px of the reduced picture by which the sheet is shrunk, to exclude its edge
SAMPLES = 48  # points across and down where surfaces are compared
ILL_CONDITIONED = 1e6  # condition number of a plane fitted to points on one line
N_CANDIDATES = 10  # quadrangles that are compared closely


def find_paper(pixels: Pixels) -> Paper | None:
    """Find the sheet of paper in a photograph.

    Parameters
    ----------
    pixels : uint8, shape (height, width), upright

    Returns
    -------
    Paper or None
        Its corners in px of `pixels`; they may be slightly outside the picture. None if the whole
        picture is the page, or if no edge is clear.
    """
    small = _resized(pixels)
    if small is None:
        return None
    level = _level(cv2.medianBlur(small, STROKES))
    quads = _quadrangles(level)
    best = _choose(quads, small, level)
    if best is None:
        return None
    scale = np.array(pixels.shape[::-1]) / small.shape[::-1]
    corners = _refined(best, _level(small)) * scale
    return Paper(tuple((float(x), float(y)) for x, y in corners.round(1)))


def clean_rim(sheet: Pixels) -> Pixels:
    """Paint paper over objects at a sheet's rim: fingers, a folded corner, a strip of desk.

    Parameters
    ----------
    sheet : uint8, shape (height, width), cut out along its edges

    Returns
    -------
    uint8, same shape
        A new picture if something was painted over, else `sheet` itself. Shadows and written areas
        are kept.
    """
    small = _reduced(sheet)
    if min(small.shape) < SURROUNDINGS:
        return sheet
    ground = _level(cv2.medianBlur(small, SURROUNDINGS))
    marks = np.abs(_level(small) - ground)
    points = _grid(small.shape)
    plane = _plane(points, ground[points[:, 1], points[:, 0]], np.ones(len(points), bool))
    down, across = np.indices(small.shape) / np.array(small.shape)[:, None, None] - 0.5
    off = np.abs(ground - (plane[0] + plane[1] * across + plane[2] * down)) > SURFACE
    pieces = find_components(off)
    labels = pieces.labels
    rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    cover = np.zeros(small.shape, np.uint8)
    for label in np.unique(rim[rim > 0]):
        piece = (labels == label).astype(np.uint8)
        inner = marks[cv2.erode(piece, np.ones((STROKES, STROKES), np.uint8)) > 0]
        bare = not inner.size or quantile(inner, CLEAREST) < MIN_WRITING
        if bare and pieces.area[label - 1] <= MAX_COVER * small.size:
            cover |= piece
    if not cover.any():
        return sheet
    cover = cv2.dilate(cover, np.ones((STROKES, STROKES), np.uint8))
    painted = cv2.inpaint(small, cover, STROKES, cv2.INPAINT_TELEA)
    size = sheet.shape[::-1]
    hidden = cv2.resize(cover, size, interpolation=cv2.INTER_NEAREST) > 0
    return np.where(hidden, cv2.resize(painted, size, interpolation=cv2.INTER_LINEAR), sheet)


@dataclass(frozen=True)
class _Quads:
    """Quadrangles whose sides are steps of brightness or the picture's rim; the best first."""

    corners: np.ndarray  # (n, 4, 2) px: top left, top right, bottom right, bottom left
    score: np.ndarray  # (n,) px of step along their sides
    n_edges: np.ndarray  # (n,) sides that are steps; the others are the rim


def _resized(pixels: Pixels) -> Pixels | None:
    """Reduce a photograph or enlarge a small crop; None if it is too small to contain a sheet."""
    scale = max(MIN_SIDE / min(pixels.shape), float(np.sqrt(MIN_PIXELS / pixels.size)))
    if scale <= 1:
        return _reduced(pixels)
    if scale > ENLARGED or max(pixels.shape) < STRIP_SHAPE * min(pixels.shape):
        return None
    size = [int(np.ceil(side * scale)) for side in pixels.shape[::-1]]
    return cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC)


def _reduced(pixels: Pixels) -> Pixels:
    """Reduce a picture to `ENOUGH_PIXELS`: (h, w) -> (sh, sw)."""
    scale = min(1.0, float(np.sqrt(ENOUGH_PIXELS / pixels.size)))
    size = [max(1, round(side * scale)) for side in pixels.shape[::-1]]
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def _level(grey: Pixels) -> np.ndarray:
    """Return the logarithm of brightness, in which a shadow is a constant offset."""
    return np.log(grey.astype(np.float32) + np.float32(DARKEST))


def _edges(level: np.ndarray) -> np.ndarray:
    """Return edges one pixel wide: uint8 (h, w), nonzero on an edge."""
    soft = cv2.GaussianBlur(level, (0, 0), 1.0)
    across, down = cv2.Scharr(soft, cv2.CV_32F, 1, 0), cv2.Scharr(soft, cv2.CV_32F, 0, 1)
    weak, strong = (SCHARR * slope for slope in EDGE)
    strong = max(strong, quantile(np.hypot(across, down).ravel(), BUSIEST))
    weak = max(weak, strong / 3)
    dx, dy = (np.clip(x * FIXED_POINT, -32_000, 32_000).astype(np.int16) for x in (across, down))
    edges = cv2.Canny(dx, dy, weak * FIXED_POINT, strong * FIXED_POINT, L2gradient=True)
    edges[[0, -1]] = 0
    edges[:, [0, -1]] = 0
    return edges


def _lines(edges: np.ndarray) -> np.ndarray:
    """Return the clearest horizontal lines: (n, 2) px, height at the left and right rim."""
    width = edges.shape[1]
    votes = max(4, int(MIN_VOTES * width))
    found = cv2.HoughLines(
        edges, *HOUGH, votes, min_theta=np.pi / 2 - MAX_LEAN, max_theta=np.pi / 2 + MAX_LEAN
    )
    lines = np.zeros((0, 2))
    for distance, angle in [] if found is None else found[:N_VOTED, 0, :2]:
        left = distance / np.sin(angle)
        line = np.array([left, left - width / np.tan(angle)])
        if (np.abs(lines - line).max(axis=1) >= APART).all():
            lines = np.vstack([lines, line])
        if len(lines) == MAX_LINES:
            break
    return lines


@dataclass(frozen=True)
class _Edges:
    """Lines across a picture, the last two of which are its rim, and the step at each."""

    ends: np.ndarray  # (n, 2) px, height at the left and right rim
    sums: np.ndarray  # (5, n, w + 1): cumulative from the left, as in an integral image

    @property
    def n_lines(self) -> int:
        return len(self.ends) - 2

    def between(self, index: np.ndarray, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
        """Return the sums over a part of each line: (5, m)."""
        last = self.sums.shape[2] - 1
        start, stop = np.minimum(start, stop), np.maximum(start, stop)
        first, behind = (np.clip(np.rint(x), 0, last).astype(int) for x in (start, stop))
        return self.sums[:, index, behind] - self.sums[:, index, first]


def _measure(level: np.ndarray, lines: np.ndarray) -> _Edges:
    """Compare the levels on both sides of each line, column by column."""
    height, width = level.shape
    lines = np.vstack([lines, [[0.0, 0.0], [height, height]]])
    x = np.arange(width) + 0.5
    slope = (lines[:, 1] - lines[:, 0]) / width
    y = lines[:, :1] + slope[:, None] * x
    beside = (
        np.concatenate([BESIDE, -BESIDE, [BEYOND, -BEYOND]]) * np.cos(np.arctan(slope))[:, None]
    )
    xs = x[None, :, None] - (slope[:, None] * beside)[:, None, :]
    ys = y[:, :, None] + beside[:, None, :]
    shape = len(lines), xs.shape[1] * xs.shape[2]
    levels = cv2.remap(
        level,
        (xs - 0.5).astype(np.float32).reshape(shape),
        (ys - 0.5).astype(np.float32).reshape(shape),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    ).reshape(xs.shape)
    n = len(BESIDE)
    below, above = (np.median(levels[:, :, part], axis=2) for part in (slice(n), slice(n, 2 * n)))
    step, inside = below - above, (y >= 0) & (y <= height)
    parts = [
        np.clip(step / FULL_STEP, -1, 1),
        step > STEP,
        step < -STEP,
        np.ones_like(inside),
        np.abs(levels[:, :, -1] - levels[:, :, -2]) < STEP,
    ]
    sums = np.zeros((len(parts), len(lines), width + 1))
    sums[:, :, 1:] = np.cumsum([part * inside for part in parts], axis=2)
    return _Edges(lines, sums)


def _quadrangles(level: np.ndarray) -> _Quads:
    """Return the quadrangles that clear edges and the picture's rim form."""
    height, width = level.shape
    edges = _edges(level)
    across = _measure(level, _lines(edges))
    upright = _measure(np.ascontiguousarray(level.T), _lines(np.ascontiguousarray(edges.T)))
    pairs = [_pairs(lines.ends, side) for lines, side in ((across, height), (upright, width))]
    first, second = (index.ravel() for index in np.indices((len(pairs[0]), len(pairs[1]))))
    (top, bottom), (left, right) = pairs[0][first].T, pairs[1][second].T
    corners = np.stack(
        [
            _crossing(across.ends[row], upright.ends[column], level.shape)
            for row, column in ((top, left), (top, right), (bottom, right), (bottom, left))
        ],
        axis=1,
    )
    score, n_edges = np.zeros(len(corners)), np.zeros(len(corners), int)
    good = _area(corners) >= MIN_AREA * level.size
    for lines, index, ends in (
        (across, top, corners[:, [0, 1], 0]),
        (upright, right, corners[:, [1, 2], 1]),
        (across, bottom, corners[:, [3, 2], 0]),
        (upright, left, corners[:, [0, 3], 1]),
    ):
        step, rising, falling, seen, same = lines.between(index, *ends.T)
        stepped, edge = np.maximum(rising, falling), index < lines.n_lines
        long = seen >= MIN_VISIBLE * (lines.sums.shape[2] - 1)
        good &= ~edge | (long & (stepped >= SUPPORTED * seen) & (same <= seen / 2))
        score += np.where(edge, np.abs(step) - MISSING * (seen - stepped), 0)
        n_edges += edge
    outside = np.maximum(-corners, corners - (width, height)).max(axis=(1, 2))
    good &= (n_edges > 0) & (score > 0) & (outside <= OUTSIDE * max(height, width))
    best = np.flatnonzero(good)[np.argsort(-score[good])]
    return _Quads(corners[best], score[best], n_edges[best])


def _pairs(ends: np.ndarray, side: int) -> np.ndarray:
    """Return which lines may be opposite sides of a sheet: (n, 2), the upper one first."""
    middle = ends.mean(axis=1)
    return np.argwhere(middle[None, :] - middle[:, None] > MIN_VISIBLE * side)


def _crossing(row: np.ndarray, column: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return where lines across meet upright ones: each (n, 2) -> (n, 2) px."""
    height, width = shape
    fall, lean = (row[:, 1] - row[:, 0]) / width, (column[:, 1] - column[:, 0]) / height
    y = (row[:, 0] + fall * column[:, 0]) / (1 - fall * lean)
    return np.stack([column[:, 0] + lean * y, y], axis=1)


def _area(corners: np.ndarray) -> np.ndarray:
    """Return the areas of quadrangles: (n, 4, 2) -> (n,)."""
    x, y = corners[..., 0], corners[..., 1]
    following = np.roll(x, -1, axis=1), np.roll(y, -1, axis=1)
    return np.abs((x * following[1] - following[0] * y).sum(axis=1)) / 2


def _choose(quads: _Quads, small: Pixels, level: np.ndarray) -> np.ndarray | None:
    """Return the corners of the best quadrangle that contains one surface and its writing."""
    ranked = _candidates(quads, small, level)
    best = max(ranked, key=lambda candidate: candidate.score, default=None)
    if best is None or best.score <= 0:
        return None
    # In a screen with a bezel, or a sheet on a folder, the inner one is the page.
    within = [c for c in ranked if c.lies_in(best) and c.score > LEAST_SCORE * best.score]
    return max(within or [best], key=lambda candidate: candidate.score).corners


def _candidates(quads: _Quads, small: Pixels, level: np.ndarray) -> "list[_Candidate]":
    """Return the quadrangles that contain one surface which ends at their sides."""
    ground = _level(cv2.medianBlur(small, SURROUNDINGS))
    marks = np.abs(_level(small) - ground)
    points = _grid(level.shape)
    values = ground[points[:, 1], points[:, 0]]
    at_rim = ((points == 0) | (points == np.array(level.shape[::-1]) - 1)).any(axis=1)
    ranked = []
    for corners, score, n_edges in _distinct(quads):
        inside = _holds(corners, points)
        rim = at_rim & ~inside
        off = np.abs(values - _surface(points, values, inside))
        if not inside.any() or not rim.any() or (off[rim] < SURFACE / 2).mean() > PAGE_AT_RIM:
            continue
        impure = (off[inside] >= SURFACE).mean()
        if impure > MAX_IMPURE or not _may_be_page(corners, marks, by_itself=n_edges > ONE_CORNER):
            continue
        score -= IMPURE * impure * np.sqrt(_area(corners[None])[0])
        ranked.append(_Candidate(corners, score, inside, off))
    return ranked


@dataclass(frozen=True)
class _Candidate:
    """A quadrangle that may be the page, on sample points all over the picture."""

    corners: np.ndarray  # (4, 2) px
    score: float  # px
    inside: np.ndarray  # (n,) bool
    off: np.ndarray  # (n,) deviation of the logarithm of brightness from its surface

    def lies_in(self, other: "_Candidate") -> bool:
        """Return whether this is inside another one, with a different surface between them."""
        between = other.inside & ~self.inside
        apart = _holds(other.corners, self.corners) & _holds(other.corners, self.corners - 1)
        deep = all(
            np.abs(self.corners - corner).sum(axis=1).min() > APART for corner in other.corners
        )
        return bool(
            apart.all()
            and deep
            and between.any()
            and (self.off[between] < SURFACE / 2).mean() < PAGE_AT_RIM
        )


def _grid(shape: tuple[int, ...]) -> np.ndarray:
    """Return points all over a picture and along its rim: int (n, 2) px."""
    height, width = shape
    x, y = np.linspace(0, width - 1, SAMPLES), np.linspace(0, height - 1, SAMPLES)
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2).round().astype(int)


def _distinct(quads: _Quads) -> Iterator[tuple[np.ndarray, float, int]]:
    """Yield the best quadrangles, without near duplicates."""
    kept: list[int] = []
    for i, corners in enumerate(quads.corners):
        if len(kept) == N_CANDIDATES or quads.score[i] < LEAST_SCORE * quads.score[0]:
            return
        if all(np.abs(quads.corners[other] - corners).max() > APART for other in kept):
            kept.append(i)
            yield corners, float(quads.score[i]), int(quads.n_edges[i])


def _holds(corners: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return which points are in a quadrangle: (4, 2), (n, 2) -> (n,) bool."""
    inside = np.ones(len(points), bool)
    for start, stop in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        x, y = (points + 0.5 - start).T
        inside &= (stop - start)[0] * y - (stop - start)[1] * x > 0
    return inside


def _surface(points: np.ndarray, values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Continue the surface inside a quadrangle over the whole picture: (n,)."""
    return _terms(points) @ _plane(points, values, inside)


def _terms(points: np.ndarray) -> np.ndarray:
    """Return 1, x and y of each point, x and y from -0.5 to 0.5 over the picture: (n, 3)."""
    return np.column_stack([np.ones(len(points)), points / points.max(axis=0) - 0.5])


def _plane(points: np.ndarray, values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Fit a plane to most of the values inside: its height in the picture's middle, and slopes."""
    terms = _terms(points)
    plane = np.array([np.median(values[inside]) if inside.any() else 0.0, 0.0, 0.0])
    for reach in (3 * SURFACE, SURFACE, SURFACE):
        on = inside & (np.abs(values - terms @ plane) < reach)
        normal = terms[on].T @ terms[on]
        if np.linalg.cond(normal) > ILL_CONDITIONED:
            break
        plane = np.linalg.solve(normal, terms[on].T @ values[on])
    return plane


def _may_be_page(corners: np.ndarray, marks: np.ndarray, *, by_itself: bool) -> bool:
    """Return whether the writing is inside a quadrangle and not outside.

    A quadrangle with desk on three sides may be blank, and next to another sheet.
    """
    mask = np.zeros(marks.shape, np.uint8)
    cv2.fillConvexPoly(mask, np.rint(corners - 0.5).astype(np.int32), 1)
    near = np.ones((STROKES, STROKES), np.uint8)  # an edge itself is not a mark
    inside, beyond = marks[cv2.erode(mask, near) > 0], marks[cv2.dilate(mask, near) == 0]
    if not inside.size:
        return False
    beyond = beyond if beyond.size else np.zeros(1, np.float32)
    (usual, clearest), (texture, other) = (
        (quantile(part, USUAL), quantile(part, CLEAREST)) for part in (inside, beyond)
    )
    written, clear = clearest - TEXTURE * usual > MIN_WRITING, clearest / 2
    if written and _is_lined(corners, marks, clear):
        return False
    large = inside.size >= MIN_REST * marks.size
    if by_itself:
        return bool(written or (large and other - TEXTURE * texture < MIN_WRITING))
    textured = texture > COARSER * usual + GRAIN
    return bool(
        large and written and (textured or (beyond > clear).mean() < LESS * (inside > clear).mean())
    )


def _is_lined(corners: np.ndarray, marks: np.ndarray, clear: float) -> bool:
    """Return whether a stroke or printed line runs along one side; a frame has several."""
    lined = [
        [
            (_across(marks, start, stop, into).max(axis=1) > clear).mean() > SUPPORTED
            for into in (1 - BESIDE, BESIDE - 1)
        ]
        for start, stop in zip(corners, np.roll(corners, -1, axis=0), strict=True)
    ]
    return bool((np.sum(lined, axis=0) == 1).any())


def _refined(corners: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Move each side that is an edge to where the step is steepest: (4, 2) -> (4, 2)."""
    size = np.array(level.shape[::-1])
    sides = []
    for start, stop in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along = (stop - start) / np.hypot(*(stop - start))
        t = np.linspace(AT_CORNERS, 1 - AT_CORNERS, SAMPLES)
        points = start + t[:, None] * (stop - start)
        at_rim = ((points < APART / 2) | (points > size - APART / 2)).any(axis=1)
        if at_rim.mean() > SUPPORTED:
            sides.append((start, along))
            continue
        levels = _across(level, start, stop, SEARCHED)
        steps = levels[:, 4:] - levels[:, :-4]
        steps *= np.sign(np.median(steps, axis=0).sum())
        offset = SEARCHED[2:-2][steps.argmax(axis=1)]
        usual = np.sort(offset)[offset.size // 2]  # one of them, where the median lies between two
        near = np.abs(offset - usual) <= 1  # a finger hides the edge
        if near.sum() < LEAST_SEEN:
            sides.append((start, along))
            continue
        slope, middle = np.polyfit(t[near], offset[near], 1)
        normal = np.array([-along[1], along[0]])
        first, last = (
            end + normal * (middle + slope * at + INSET) for end, at in ((start, 0), (stop, 1))
        )
        sides.append((first, last - first))
    return np.array([_meeting(*sides[k - 1], *sides[k]) for k in range(4)])


def _across(layer: np.ndarray, start: np.ndarray, stop: np.ndarray, into: np.ndarray) -> np.ndarray:
    """Sample a layer along a side, at these distances inside: (h, w) -> (SAMPLES, n)."""
    along = stop - start
    normal = np.array([-along[1], along[0]]) / np.hypot(*along)
    t = np.linspace(AT_CORNERS, 1 - AT_CORNERS, SAMPLES)
    places = (start + t[:, None] * along)[:, None] + into[:, None] * normal - 0.5
    x, y = places.astype(np.float32).transpose(2, 0, 1)
    return cv2.remap(layer, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _meeting(
    start: np.ndarray, along: np.ndarray, other: np.ndarray, way: np.ndarray
) -> np.ndarray:
    """Return where two lines meet, each given by a point and a direction."""
    t, _ = np.linalg.solve(np.column_stack([along, -way]), other - start)
    return start + t * along
