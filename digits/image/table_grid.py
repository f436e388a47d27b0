"""Find the cells of a printed grid on a page: a table or a row of boxes.

Long straight runs of ink are printed lines, and the paper they enclose is cells. Cells that share
a side are neighbours, and connected neighbours are the grid. Each cell is compared only with its
neighbours, so the grid may be tilted and the paper bent.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from digits.image.components import find_components
from digits.types import Ink, Region

WORKING_AREA = 500_000  # px of the reduced picture in which lines are searched for
SMALLEST_SIDE = 48  # px; a smaller picture contains one digit
COARSE = 2  # factor by which the picture is reduced to find the directions of lines
FAINTEST = 16  # of 255: ink of a faint printed line above the shade around it
THICKEST = 13  # px of the working picture; a wider bar is not a printed line
RUNS = (0.05, 0.025)  # of the working picture's side: straight runs of a printed line
SHORTEST_RUN = 11  # px
BREAK = 0.015  # of the side; a longer break ends a line
LEANS = tuple(range(-40, 41, 8))  # degrees from the vertical and the horizontal
LEAN_SHARE = 0.2  # of the ink at the most common angle; an angle with less is handwriting
LEAST_LINES = 12  # px of straight runs per px of the required run; less is handwriting
MAX_LEANS = 4  # per direction; perspective and bent paper spread a grid's lines over several angles
LINE_LENGTHS = (0.15, 0.06)  # of the side; shorter runs are strokes of writing
MIN_CELL = 14  # px of the working picture: side of the smallest cell
MAX_CELLS = 600  # more cells are squared paper
MAX_HOLES = 1_200  # on a page; more are texture, and comparing them all takes long
SQUARENESS = 0.6  # of the quadrangle that a cell's paper fills at least
NEAR = 0.25  # of a cell's shorter side: distance of two neighbours' corners
STRIP = 0.9  # of the picture that boxes without an outer border fill
THICK_GAP = 0.8  # of a cell's shorter side between neighbours separated by a thick line
GAP = 0.6  # of a cell's width between separate boxes in a row
UNLIKE = 0.3  # of the usual side by which a cell of one row or column may differ
CLEAR = 0.98  # of a grid's cells that are complete; then no other grid is searched for
BESIDE = 9  # px: window around a calculated corner in which print is searched for
SAMPLES = 24  # points along a side or across a cell
PRINTED = 0.5  # of a side that must be printed to complete a cell
COMPLETIONS = 40  # misplaced corners that are corrected one after another
SIDEWAYS = ((0, 1), (1, 0), (0, -1), (-1, 0))  # steps in rows and columns
SEEN_LINE = 0.3  # of a row's or column's cells that must be complete before others are completed
FULL_LINE = 0.5  # of a row's or column's cells that must be present
INKED = 0.3  # of full ink; paler pixels are not writing
WRITTEN = 0.012  # share of a written cell's inside that is ink
INSIDE = 0.12  # of a cell's side, excluded at each end when searching for writing
LEAST_WRITTEN = 2  # cells
CROSSED = 0.6  # crossings of a line by writing, per written cell
LINE_MARGIN = 3  # px by which lines become wider when their breaks are closed
BULGE = 0.06  # of a cell's side by which a bent line differs from a straight one
PAST_LINE = 4  # px beyond a line's edge: writing there on both sides crosses it
SMALLEST_TABLE = 4  # cells
SMALLEST_ROW = 3  # cells


@dataclass(frozen=True, slots=True)
class GridCell:
    """One cell; its region ends in the middle of its printed lines."""

    row: int
    column: int
    region: Region


@dataclass(frozen=True, slots=True)
class Grid:
    """A printed table, or a row or column of boxes."""

    cells: tuple[GridCell, ...]  # row by row; a merged cell is left out
    rows: int
    columns: int
    rules: np.ndarray  # (h, w) bool, the pixels of the printed lines


def find_grid(ink: Ink) -> Grid | None:
    """Return the grid on a page that contains the most writing, or None.

    Parameters
    ----------
    ink : float32, shape (height, width)
    """
    if min(ink.shape) < SMALLEST_SIDE:
        return None
    page = _working_picture(ink)
    drawings = []
    best: _Lattice | None = None
    for drawn, axes in _drawings(page):
        drawings.append((drawn, axes))
        best = _better(best, _find_table(drawn, axes, page))
        if best is not None and min(best.present.shape) > 1 and best.agreement > CLEAR:
            break
    for find in (_find_boxes, _find_strip):
        for drawn, axes in drawings if best is None else ():
            best = _better(best, find(drawn, axes, page))
    if best is None or best.crossings > CROSSED * best.written:  # squared paper
        return None
    return _to_grid(best, ink)


def _better(one: "_Lattice | None", other: "_Lattice | None") -> "_Lattice | None":
    """Return the grid with the higher score."""
    if one is None or (other is not None and other.score > one.score):
        return other
    return one


def _drawings(page: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield masks of possible printed lines, from strict to lenient, and their directions.

    A stroke can be as straight as a line and a line as short as a stroke, so the cells decide which
    mask is right.
    """
    side = float(np.sqrt(page.size))
    shade = cv2.morphologyEx(page, cv2.MORPH_OPEN, np.ones((THICKEST, THICKEST), np.uint8))
    thin = (cv2.subtract(page, shade) > FAINTEST).astype(np.uint8)
    runs = [max(SHORTEST_RUN, round(share * side)) for share in RUNS]
    masks = thin, np.ascontiguousarray(thin.T)
    found = []
    for mask in masks:
        found.append(_leans(mask, runs[-1]))
        if not found[-1] or found[-1][0][1] < LEAST_LINES * runs[-1]:
            return
    axes = _axes(*found)
    level, upright = (
        [(lean, _made_level(mask, lean)) for lean, _ in leans]
        for mask, leans in zip(masks, found, strict=True)
    )
    last = np.zeros_like(thin)
    for run in runs:
        lines = _find_lines(thin.shape, (level, upright), run)
        for length in LINE_LENGTHS:
            drawn = lines.longer_than(length * side)
            if not np.array_equal(drawn, last):
                yield drawn, axes
            last = drawn


def _axes(level: list[tuple[int, float]], upright: list[tuple[int, float]]) -> np.ndarray:
    """Return the mean directions of horizontal and vertical lines: (2, 2), a column each."""
    a, b = (
        np.deg2rad(np.average([lean for lean, _ in some], weights=[weight for _, weight in some]))
        for some in (level, upright)
    )
    return np.array([[np.cos(a), np.sin(b)], [np.sin(a), np.cos(b)]])


def _find_table(drawn: np.ndarray, axes: np.ndarray, page: np.ndarray) -> "_Lattice | None":
    """Return the grid whose cells share their lines and contain the most writing."""
    return _best_lattice(drawn, axes, page, NEAR)


def _find_boxes(drawn: np.ndarray, axes: np.ndarray, page: np.ndarray) -> "_Lattice | None":
    """Return a row of separate boxes, as for a postcode."""
    return _best_lattice(drawn, axes, page, GAP)


def _find_strip(drawn: np.ndarray, axes: np.ndarray, page: np.ndarray) -> "_Lattice | None":
    """Return a row of boxes whose outer border is the edge of the picture."""
    framed = drawn.copy()
    framed[[0, -1]] = 1
    framed[:, [0, -1]] = 1
    lattice = _best_lattice(framed, axes, page, NEAR)
    if lattice is None or len(lattice.present) != 1:  # horizontal lines are ruled paper
        return None
    outline = _regions(lattice.nodes).reshape(-1, 4, 2).astype(np.float32)
    area = sum(cv2.contourArea(quad) for quad in outline)
    return lattice if area > STRIP * page.size else None


def _working_picture(ink: Ink) -> np.ndarray:
    """Return the ink in 8 bits, reduced to `WORKING_AREA`: (h, w) -> (h', w')."""
    page = cv2.convertScaleAbs(ink, alpha=255)
    scale = np.sqrt(WORKING_AREA / page.size)
    if scale >= 1:
        return page
    height, width = page.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(page, size, interpolation=cv2.INTER_AREA)


@dataclass(frozen=True, slots=True)
class _Lines:
    """Long straight runs of ink, horizontal and vertical ones separately."""

    shape: tuple[int, ...]
    places: tuple[np.ndarray, np.ndarray]  # of their pixels: (n,) and (m,) in the flattened picture
    lengths: tuple[np.ndarray, np.ndarray]  # px: length of the run that each pixel is of

    def longer_than(self, length: float) -> np.ndarray:
        """Return the pixels of runs of at least this length: (h, w) uint8, 0 or 1."""
        found = np.zeros(self.shape, np.uint8)
        for places, lengths in zip(self.places, self.lengths, strict=True):
            found.ravel()[places[lengths >= length]] = 1
        return found


_Leaning = list[tuple[int, np.ndarray]]  # angles in degrees, and the picture made level by each


def _find_lines(shape: tuple[int, ...], leans: tuple[_Leaning, _Leaning], run: int) -> _Lines:
    """Return runs of `run` px at the given angles from the horizontal and the vertical."""
    height, width = shape
    mend = max(SHORTEST_RUN, round(BREAK * float(np.sqrt(height * width))))
    places, lengths = [], []
    for upright, chosen in enumerate(leans):
        found = np.zeros(shape[::-1] if upright else shape, np.uint8)
        for lean, level in chosen:
            _add_straight_runs(found, level, lean, (run, mend))
        runs = find_components(found > 0)
        on = np.flatnonzero(found)
        lengths.append(runs.width[runs.labels.ravel()[on] - 1])
        y, x = np.divmod(on, found.shape[1])
        places.append(x * width + y if upright else on)
    return _Lines(shape, (places[0], places[1]), (lengths[0], lengths[1]))


def _leans(thin: np.ndarray, run: int) -> list[tuple[int, float]]:
    """Return the angles from the horizontal with the most straight runs, and their pixels."""
    height, width = thin.shape
    half = (max(1, width // COARSE), max(1, height // COARSE))
    small = cv2.resize(thin * 255, half, interpolation=cv2.INTER_AREA)
    small = (small > FAINTEST).astype(np.uint8)
    weights = [float(np.count_nonzero(_runs(_made_level(small, a), run))) for a in LEANS]
    order = sorted(zip(LEANS, weights, strict=True), key=lambda pair: -pair[1])[:MAX_LEANS]
    return [(lean, weight) for lean, weight in order if weight > LEAN_SHARE * order[0][1]]


def _add_straight_runs(
    found: np.ndarray, level: np.ndarray, lean: int, lengths: tuple[int, int]
) -> None:
    """Add runs at `lean` degrees from the horizontal to what was found.

    Parameters
    ----------
    level : the picture, made level by `lean`
    lengths : px of a run at least, and of a break that is closed at most
    """
    height, width = found.shape
    run, mend = lengths
    runs = _runs(level, run)
    if not runs.any():
        return
    mended = cv2.morphologyEx(runs, cv2.MORPH_CLOSE, np.ones((1, mend), np.uint8))
    back = cv2.invertAffineTransform(_shear(lean, width))
    found |= cv2.warpAffine(mended, back, (width, height), flags=cv2.INTER_NEAREST)


def _made_level(mask: np.ndarray, lean: int) -> np.ndarray:
    """Shear a mask so that `lean` degrees are horizontal: (h, w) -> (h + more, w)."""
    height, width = mask.shape
    size = (width, height + int(np.ceil(abs(np.tan(np.deg2rad(lean))) * width)))
    level = cv2.warpAffine(mask, _shear(lean, width), size, flags=cv2.INTER_NEAREST)
    return cv2.dilate(level, np.ones((3, 1), np.uint8))  # a slightly tilted line steps by pixels


def _runs(level: np.ndarray, run: int) -> np.ndarray:
    """Keep the horizontal runs of `run` px."""
    return cv2.morphologyEx(level, cv2.MORPH_OPEN, np.ones((1, run), np.uint8))


def _shear(lean: int, width: int) -> np.ndarray:
    """Return the shear that makes `lean` degrees horizontal without cutting off the top."""
    slope = float(np.tan(np.deg2rad(lean)))
    return np.array([[1, 0, 0], [-slope, 1, max(0.0, slope * width)]])


@dataclass(frozen=True, slots=True)
class _Lattice:
    """Cells by row and column."""

    nodes: np.ndarray  # (rows + 1, columns + 1, 2) px of the working picture; NaN: unknown
    present: np.ndarray  # (rows, columns) bool
    written: int  # cells with writing
    crossings: int  # how often writing crosses from one cell to the next
    agreement: float  # share of complete cells
    half: float  # px, half the usual width of a printed line
    drawn: np.ndarray  # (h', w') uint8, the lines it was built from

    @property
    def score(self) -> float:
        return self.written * self.agreement


def _quads(drawn: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Return the four-cornered holes between lines: (n, 4, 2) px, in the order of `Region`."""
    contours, tree = cv2.findContours(drawn, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    upright = np.linalg.inv(axes)
    inner = np.flatnonzero(tree[0, :, 3] >= 0).tolist() if tree is not None else []
    for contour in (contours[i] for i in inner):
        if len(contour) < 4 or cv2.contourArea(contour) < MIN_CELL**2:  # noqa: PLR2004
            continue
        points = contour[:, 0].astype(np.float64)
        local = points @ upright.T
        low, high = local.min(axis=0), local.max(axis=0)
        u, v = ((local - low) / (high - low)).T
        quad = points[[np.argmin(u + v), np.argmax(u - v), np.argmax(u + v), np.argmin(u - v)]]
        area = cv2.contourArea(quad.astype(np.float32))
        narrow = np.linalg.norm(quad - np.roll(quad, 1, axis=0), axis=1).min() < MIN_CELL
        if not narrow and SQUARENESS <= cv2.contourArea(contour) / area <= 1 / SQUARENESS:
            found.append(quad)
    return np.array(found).reshape(-1, 4, 2)


def _best_lattice(
    drawn: np.ndarray, axes: np.ndarray, page: np.ndarray, gap: float
) -> _Lattice | None:
    """Return the grid of these lines with the most writing, cells at most `gap` apart."""
    quads = _quads(drawn, axes)
    if not SMALLEST_ROW <= len(quads) <= MAX_HOLES:
        return None
    local = quads @ np.linalg.inv(axes).T
    right, down, spacing = _neighbours(local, gap)
    half = float(np.clip(spacing / 2, 1.0, THICKEST / 2)) if gap == NEAR else 1.0
    best: _Lattice | None = None
    for places in _connected(right, down):
        single = len({row for row, _ in places}) == 1
        if len(places) >= SMALLEST_ROW and (single or gap != GAP):
            best = _better(best, _lattice(places, local, axes, half, drawn, page))
    return best


def _neighbours(local: np.ndarray, gap: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Return each cell's neighbour to the right and below, -1 for none, and the usual distance."""
    result = []
    distances: list[float] = []
    width = (local[:, 1:3, 0] - local[:, [0, 3], 0]).mean(axis=1)
    height = (local[:, 2:, 1] - local[:, :2, 1]).mean(axis=1)
    for axis, mine, theirs, length, side in (
        (0, (1, 2), (0, 3), width, height),
        (1, (3, 2), (0, 1), height, width),
    ):
        least_side = np.minimum(side[:, None], side[None])
        least_length = np.minimum(length[:, None], length[None])
        shorter = np.minimum(least_side, least_length)
        reach = np.maximum(gap * shorter, np.minimum(THICK_GAP * shorter, THICKEST + 4))
        fits = ~np.eye(len(local), dtype=bool)
        cost = np.zeros(fits.shape)
        for m, t in zip(mine, theirs, strict=True):
            step = local[None, :, t] - local[:, None, m]  # (n, n, 2)
            fits &= (step[..., axis] > -NEAR * least_length) & (step[..., axis] < reach)
            fits &= np.abs(step[..., 1 - axis]) < NEAR * least_side
            cost += np.abs(step).sum(axis=-1)
        cost[~fits] = np.inf
        nearest, back = cost.argmin(axis=1), cost.argmin(axis=0)
        mutual = fits.any(axis=1) & (back[nearest] == np.arange(len(local)))
        result.append(np.where(mutual, nearest, -1))
        for m, t in zip(mine, theirs, strict=True):
            step = local[nearest[mutual], t, axis] - local[mutual, m, axis]
            distances.extend(step)
    spacing = float(np.median(distances)) if distances else 0.0
    return result[0], result[1], spacing


def _connected(right: np.ndarray, down: np.ndarray) -> list[dict[tuple[int, int], int]]:
    """Return connected cells by row and column, starting with the best connected one."""
    links: list[list[tuple[int, int, int]]] = [[] for _ in right]
    for index, (r, d) in enumerate(zip(right, down, strict=True)):
        for other, row, column in ((int(r), 0, 1), (int(d), 1, 0)):
            if other >= 0:
                links[index].append((other, row, column))
                links[other].append((index, -row, -column))
    free = set(range(len(links)))
    groups = []
    for start in sorted(free, key=lambda i: -len(links[i])):
        if start not in free:
            continue
        places = {(0, 0): start}
        free.discard(start)
        queue = [(-len(links[start]), start, 0, 0)]
        while queue:
            _, index, row, column = heapq.heappop(queue)
            for other, dr, dc in links[index]:
                place = (row + dr, column + dc)
                if other in free:
                    free.discard(other)
                    if place not in places:
                        places[place] = other
                        heapq.heappush(queue, (-len(links[other]), other, *place))
        groups.append(places)
    return groups


def _lattice(
    places: dict[tuple[int, int], int],
    local: np.ndarray,
    axes: np.ndarray,
    half: float,
    drawn: np.ndarray,
    page: np.ndarray,
) -> _Lattice | None:
    """Merge shared corners, complete printed cells, and count the writing."""
    at = np.array(list(places))
    quads = local[list(places.values())]
    typical = _typical(at, quads)
    at, quads = at[typical] - at[typical].min(axis=0), quads[typical]
    outwards = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    corners = (quads + outwards) @ axes.T
    present = np.zeros(at.max(axis=0) + 1, bool)
    present[tuple(at.T)] = True
    nodes, present = _trimmed(_shared_corners(at, corners), present, SEEN_LINE)
    nodes = _regular(nodes)
    present |= _printed(nodes, drawn)
    nodes, present = _trimmed(nodes, present, FULL_LINE)
    if not _large_enough(present):
        return None
    written, crossings = _writing(nodes, present, half, drawn, page)
    if written < LEAST_WRITTEN:
        return None
    agreement = _agreement(nodes, present, corners)
    return _Lattice(nodes, present, written, crossings, agreement, half, drawn)


def _shared_corners(at: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Return the shared corners of the cells: (n, 4, 2) -> (rows + 1, columns + 1, 2)."""
    votes = np.full((4, *(at.max(axis=0) + 2), 2), np.nan)
    for k, (dr, dc) in enumerate(((0, 0), (0, 1), (1, 1), (1, 0))):
        votes[k, at[:, 0] + dr, at[:, 1] + dc] = corners[:, k]
    return _median(votes)


def _typical(at: np.ndarray, quads: np.ndarray) -> np.ndarray:
    """Return which cells are as high as their row and as wide as their column: (n,) bool."""
    steps = np.roll(quads, -1, axis=1) - quads  # top, right, bottom, left side
    fits = np.ones(len(at), bool)
    for axis, sides in ((0, (1, 3)), (1, (0, 2))):
        lengths = np.abs(steps[:, sides, 1 - axis])  # (n, 2)
        for line in np.unique(at[:, axis]):
            mine = at[:, axis] == line
            usual = np.median(lengths[mine])
            fits[mine] &= (np.abs(lengths[mine] - usual) <= UNLIKE * usual).all(axis=1)
    return fits if fits.any() else ~fits


def _agreement(nodes: np.ndarray, present: np.ndarray, corners: np.ndarray) -> float:
    """Return the share of a grid's cells that are complete: a hole with its corners."""
    regions = _regions(nodes)[present]  # (n, 4, 2)
    side = np.linalg.norm(regions - np.roll(regions, 1, axis=1), axis=2).min(axis=1)
    off = np.linalg.norm(regions[:, None] - corners[None], axis=-1).max(axis=-1).min(axis=1)
    return float((off < NEAR * side).mean())


def _median(votes: np.ndarray) -> np.ndarray:
    """Return the median of the votes: (4, r, c, 2) -> (r, c, 2), NaN without any."""
    ordered = np.sort(votes, axis=0)  # NaN last
    count = np.isfinite(votes[..., :1]).sum(axis=0)
    low = np.take_along_axis(ordered, np.maximum((count - 1) // 2, 0)[None], axis=0)[0]
    high = np.take_along_axis(ordered, np.minimum(count // 2, 3)[None], axis=0)[0]
    return (low + high) / 2


def _regular(nodes: np.ndarray) -> np.ndarray:
    """Estimate unknown and misplaced corners from the parallelograms around them."""
    rows, columns = nodes.shape[:2]
    for _ in range(COMPLETIONS):
        padded = np.pad(nodes, ((1, 1), (1, 1), (0, 0)), constant_values=np.nan)

        def moved(dr: int, dc: int, padded: np.ndarray = padded) -> np.ndarray:
            return padded[1 + dr : 1 + dr + rows, 1 + dc : 1 + dc + columns]

        expected = np.stack(
            [
                moved(dr, 0) + moved(0, dc) - moved(dr, dc)
                for dr, dc in ((-1, -1), (-1, 1), (1, 1), (1, -1))
            ]
        )
        votes = np.isfinite(expected[..., 0]).sum(axis=0)
        place = _median(expected)
        sides = np.stack([np.linalg.norm(moved(*d) - place, axis=-1) for d in SIDEWAYS])
        least = np.where(np.isfinite(sides), sides, np.inf).min(axis=0)
        off = np.linalg.norm(nodes - place, axis=-1) > NEAR * least
        stray = off & (votes > 1)
        # Neighbours of a misplaced corner seem misplaced too: move only the worst one at a time.
        if stray.any():
            error = np.where(stray, np.linalg.norm(nodes - place, axis=-1), 0)
            stray &= error == error.max()
        wanting = ~np.isfinite(nodes[..., 0]) & (votes > 0)
        if not (stray | wanting).any():
            break
        nodes = np.where((stray | wanting)[..., None], place, nodes)
    return nodes


def _large_enough(present: np.ndarray) -> bool:
    rows, columns = present.shape
    least = SMALLEST_ROW if min(rows, columns) == 1 else SMALLEST_TABLE
    return least <= int(present.sum()) <= MAX_CELLS


def _trimmed(nodes: np.ndarray, present: np.ndarray, full: float) -> tuple[np.ndarray, np.ndarray]:
    """Remove outer rows and columns with few cells."""
    while present.size:
        shares = [
            present[0].mean(),
            present[-1].mean(),
            present[:, 0].mean(),
            present[:, -1].mean(),
        ]
        least = int(np.argmin(shares))
        if shares[least] >= full:
            break
        cut = (slice(1, None), slice(None, -1))[least % 2]
        index = (cut, slice(None)) if least < 2 else (slice(None), cut)  # noqa: PLR2004
        nodes, present = nodes[index], present[index]
    return nodes, present


def _regions(nodes: np.ndarray) -> np.ndarray:
    """Return the corners of every cell: (rows + 1, columns + 1, 2) -> (rows, columns, 4, 2)."""
    return np.stack([nodes[:-1, :-1], nodes[:-1, 1:], nodes[1:, 1:], nodes[1:, :-1]], axis=2)


def _sample(mask: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Look up points (..., 2) of x, y in a mask; outside it or unknown is 0."""
    known = np.nan_to_num(points, nan=-1.0)
    x, y = np.round(known).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < mask.shape[1]) & (y < mask.shape[0])
    return np.where(inside, mask[np.where(inside, y, 0), np.where(inside, x, 0)], 0).T


def _printed(nodes: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return which cells have known corners and four printed sides."""
    along = np.linspace(INSIDE, 1 - INSIDE, SAMPLES)[:, None]
    regions = _regions(nodes)
    near = cv2.dilate(drawn, np.ones((BESIDE, BESIDE), np.uint8))
    seen = np.isfinite(regions).all(axis=(2, 3))
    for k in range(4):
        start, end = regions[:, :, k, None], regions[:, :, (k + 1) % 4, None]
        seen &= np.linalg.norm(end - start, axis=-1)[..., 0] >= MIN_CELL
        seen &= _sample(near, start + (end - start) * along).mean(axis=-1) >= PRINTED
    return seen


def _writing(
    nodes: np.ndarray, present: np.ndarray, half: float, drawn: np.ndarray, page: np.ndarray
) -> tuple[int, int]:
    """Count the written cells, and how often writing crosses from one to the next."""
    lines = cv2.dilate(drawn, np.ones((3, 3), np.uint8))
    writing = ((page > INKED * 255) & (lines == 0)).astype(np.uint8)
    tl, tr, br, bl = np.moveaxis(_regions(nodes), 2, 0)[..., None, None, :]
    share = np.linspace(INSIDE, 1 - INSIDE, SAMPLES)
    s, t = share[:, None, None], share[None, :, None]
    points = (tl * (1 - s) + tr * s) * (1 - t) + (bl * (1 - s) + br * s) * t
    written = (_sample(writing, points).mean(axis=(2, 3)) > WRITTEN) & present
    crossings = 0
    ink = (page > INKED * 255).astype(np.uint8)
    along = np.linspace(INSIDE, 1 - INSIDE, SAMPLES)[:, None]
    for start, end, pairs in (
        (nodes[1:-1, :-1], nodes[1:-1, 1:], present[:-1] & present[1:]),
        (nodes[:-1, 1:-1], nodes[1:, 1:-1], present[:, :-1] & present[:, 1:]),
    ):
        way = end - start
        normal = np.stack([-way[..., 1], way[..., 0]], axis=-1)
        normal = normal / np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1.0)
        middle = start[..., None, :] + way[..., None, :] * along
        off = normal[..., None, :] * (half + PAST_LINE)
        across = _sample(ink, middle + off) & _sample(ink, middle - off)
        crossings += int((across.any(axis=-1) & pairs).sum())
    return int(written.sum()), crossings


def _to_grid(lattice: _Lattice, ink: Ink) -> Grid:
    """Return the lattice in pixels of the page's ink, with a mask of its printed lines."""
    height, width = ink.shape
    scale = np.array([width / lattice.drawn.shape[1], height / lattice.drawn.shape[0]])
    rows, columns = lattice.present.shape
    regions = _regions((lattice.nodes + 0.5) * scale - 0.5)
    cells = tuple(
        GridCell(
            int(row),
            int(column),
            Region(tuple((float(x), float(y)) for x, y in regions[row, column])),
        )
        for row, column in np.argwhere(lattice.present)
    )
    outlines = _regions(lattice.nodes)[lattice.present]
    side = float(np.sqrt(min(cv2.contourArea(quad.astype(np.float32)) for quad in outlines)))
    thickness = round(2 * lattice.half + LINE_MARGIN + BULGE * side)
    band = np.zeros(lattice.drawn.shape, np.uint8)
    cv2.polylines(band, list(np.round(outlines).astype(np.int32)), True, 1, thickness)
    rules = cv2.resize(band & lattice.drawn, (width, height), interpolation=cv2.INTER_NEAREST)
    rules = cv2.dilate(rules, np.ones((3, 3), np.uint8)).astype(bool)
    return Grid(cells, rows, columns, rules & (ink > 0))
