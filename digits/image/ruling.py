"""Find and remove printed lines: ruled and squared paper, underlines, borders of cells.

A printed line is thin, nearly straight, and longer than any stroke of handwriting. It is followed
piece by piece, because writing that crosses it makes it thick there.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from digits.image.components import find_components, weighted_median
from digits.types import LINKED, Ink

MIN_SIDE = 40  # px; in smaller pictures a printed line looks like a stroke
MIN_REST = 3.0  # px of full ink that must remain: a mark that stands alone is not a printed line
ENOUGH_PIXELS = 1_000_000  # px of the reduced picture in which lines are searched for
MAX_WIDTH = 0.12  # of the picture's side across it; thicker ink is not a printed line
USUAL = 0.6  # share of the ink in runs of the usual thickness or thinner, printed lines included
TIMES_USUAL = 1.5  # multiple of that run: the thickest line in the first search
FINE = (6, 3)  # px, in the next searches: on tilted squared paper crossing lines look thick
MIN_PIECE = 3  # times its width; a shorter piece has no direction
MAX_PIECES = 1500  # the longest are used; texture has more
MAX_LEAN = 0.45  # px down per px along: a page turned by 24 degrees
ANGLES = np.linspace(-MAX_LEAN, MAX_LEAN, 91)  # px down per px along
DRIFT = 0.06  # px per px of gap by which a curved line may leave its direction
MAX_GAP = 4  # times the thickest line: the length that crossing writing may hide
RIM = 0.02  # of the picture's shorter side: distance within which a line ends at the rim
CORNER = 0.1  # of the picture's side: distance from the rim where a cell's border may end
LEVEL = 0.15  # px per px: largest slope in a photograph that is meant to be upright
WHOLE = 0.8  # of the picture's side: length from which a line may be tilted
THIN = 0.04  # of the picture's shorter side: largest width of a line anywhere
HALF = 0.45  # of the picture's side: strokes are shorter, unless the digit fills the picture
RIM_ZONE = 0.3  # of the picture's side: a cell's printed border is this close to the rim
TIMES_WRITING = 4  # times the length of the writing's pieces: a line this long may end anywhere
TIMES_STROKE = 2  # times the thickest line; a smaller piece is a dot or dirt
FEW = 3  # pieces; fewer are not enough to estimate the size of the writing
LONG = 6  # times its width; a shorter chain is not a line
FAMILY = 4  # printed lines in one direction that make a page ruled or squared
PARALLEL = 0.15  # of the picture's side: shortest piece of a ruled page
COVERED = 0.6  # share of a line's length that has ink; a row of dashes has less
STRAIGHT = 0.02  # of its length: largest deviation of a line from its parabola
REFITS = 3  # times that a line is fitted to the points near it
FRAYED = 1.5  # times the usual width; thicker parts of a line are touched by writing
HALO = 1.5  # px of pale rim on both sides of a line


_Runs = tuple[np.ndarray, np.ndarray, np.ndarray]  # px: columns, tops and lengths, (n,) each


@dataclass(frozen=True)
class _Pieces:
    """Straight thin pieces of ink that may be parts of printed lines."""

    left: np.ndarray  # (n,) px, first column
    right: np.ndarray  # (n,) px, last column
    start: np.ndarray  # (n,) px, height of the centre line at `left`
    end: np.ndarray  # (n,) px, height of the centre line at `right`
    width: np.ndarray  # (n,) px, median thickness
    columns: list[np.ndarray]  # of each: px, where its centre line is known
    middles: list[np.ndarray]  # of each: px, height of the centre line there


def find_rules(ink: Ink) -> np.ndarray:
    """Return a mask of printed lines.

    Parameters
    ----------
    ink : float32, shape (height, width)

    Returns
    -------
    bool, shape (height, width)
        True on the whole band of a line, also where writing crosses it; `erase` keeps the writing.
        False everywhere if the picture is smaller than 40 px, or if no writing would remain.
    """
    step = int(np.ceil(np.sqrt(ink.size / ENOUGH_PIXELS)))
    if min(ink.shape) < MIN_SIDE:
        return np.zeros(ink.shape, bool)
    mask = _reduced((ink > LINKED).astype(np.uint8), step)
    sides = _sides(mask)
    bands = _level_rules(mask, sides) | _level_rules(np.ascontiguousarray(mask.T), sides).T
    if not bands.any():
        return np.zeros(ink.shape, bool)
    rules = bands.repeat(step, axis=0).repeat(step, axis=1)[: ink.shape[0], : ink.shape[1]]
    return rules if ink[~rules].sum() >= MIN_REST else np.zeros(ink.shape, bool)


def erase(ink: Ink, mask: np.ndarray) -> Ink:
    """Remove printed lines and restore the strokes that cross them.

    Parameters
    ----------
    ink : float32, shape (height, width)
    mask : bool, shape (height, width), as `find_rules` gives it

    Returns
    -------
    float32, shape (height, width)
        No ink on the mask, except where there is ink on both sides of it.
    """
    if not mask.any():
        return ink
    rest = np.where(mask, np.float32(0), ink)
    across = 2 * int(np.ceil(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_C, 3).max())) + 3
    upright = np.ones((across, 1), np.uint8)
    falling = np.eye(across, dtype=np.uint8)
    bridged = rest
    for line in (upright, upright.T, falling, np.ascontiguousarray(falling[::-1])):
        bridged = np.maximum(bridged, cv2.morphologyEx(rest, cv2.MORPH_CLOSE, line))
    return np.where(mask, np.minimum(ink, bridged), ink)


def _reduced(mask: np.ndarray, step: int) -> np.ndarray:
    """Reduce a mask without losing thin lines: (h, w) -> (h / step, w / step)."""
    if step == 1:
        return mask
    height, width = (-(-side // step) * step for side in mask.shape)
    whole = np.zeros((height, width), np.uint8)
    whole[: mask.shape[0], : mask.shape[1]] = mask
    rows = whole.reshape(height // step, step, width).max(axis=1)
    columns = [rows[:, i::step] for i in range(step)]
    return np.maximum.reduce(columns)


def _level_rules(mask: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """Return the bands of the lines that run across the picture: (h, w) -> (h, w) bool."""
    runs = _upright_runs(mask)
    thickest = _thickest(runs[2], mask.shape[0])
    writing = _writing_size(sides, thickest)
    found = np.zeros(mask.shape, np.uint8)
    for width in (thickest, *(fine for fine in FINE if fine < thickest)):
        pieces = _thin_pieces(runs, mask.shape, width)
        if not pieces.left.size:
            continue
        # First across strokes that cross a line, then across whole numbers on it.
        for reach in (MAX_GAP * width, 0):
            pieces = _joined(pieces, _chains(pieces, reach))
        rules = [
            i
            for i in _long_enough(pieces, mask.shape, writing)
            if _is_rule(pieces, i, mask.shape, writing)
        ]
        drawn = rules + _parallels(pieces, rules, mask.shape)
        for index in drawn:
            _draw(found, pieces, index)
        if drawn:
            runs = _upright_runs(np.where(found, np.uint8(0), mask))
    return found.astype(bool)


def _thickest(runs: np.ndarray, height: int) -> int:
    """Return the largest thickness of a printed line, from the thickness of the ink: px."""
    counts = np.bincount(runs[runs <= MAX_WIDTH * height], minlength=1)
    ink = np.cumsum(counts * np.arange(counts.size))
    usual = int(np.searchsorted(ink, USUAL * ink[-1]))
    return int(max(2, min(TIMES_USUAL * usual, MAX_WIDTH * height)))


def _upright_runs(mask: np.ndarray) -> _Runs:
    """Return column, top and length of each vertical run of ink."""
    height = mask.shape[0]
    edges = np.zeros((mask.shape[1], height + 1), np.int8)
    upright = np.ascontiguousarray(mask.T).view(np.int8)
    edges[:, :-1] = upright
    edges[:, 1:] -= upright
    begin, stop = np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)
    column, top = np.divmod(begin, height + 1)
    return column, top, stop - begin


def _thin_pieces(runs: _Runs, shape: tuple[int, ...], thickest: int) -> _Pieces:
    """Return the pieces of ink that are thin vertically, with their measures."""
    column, top, length = runs
    thin = length <= thickest
    return _measured(shape, column[thin], top[thin], length[thin])


def _measured(
    shape: tuple[int, ...], column: np.ndarray, top: np.ndarray, length: np.ndarray
) -> _Pieces:
    """Join touching runs into pieces, and keep those that have a direction."""
    drawn = np.zeros(shape, np.uint8)
    for depth in range(int(length.max(initial=0))):
        deep = length > depth
        drawn[top[deep] + depth, column[deep]] = 1
    count, labels = cv2.connectedComponents(drawn, connectivity=8)
    names = labels[top, column]
    first, last = np.zeros(count, np.int64), np.zeros(count, np.int64)
    first[names[::-1]] = column[::-1]  # runs are given from left to right: the last one stays
    last[names] = column
    wide = (last - first + 1)[1:]
    area = np.bincount(names, length, count)[1:]
    chosen = np.flatnonzero(wide * wide >= MIN_PIECE * area)
    chosen = chosen[np.argsort(-wide[chosen])][:MAX_PIECES]
    rank = np.full(count, -1)
    rank[chosen + 1] = np.arange(chosen.size)
    piece = rank[names]
    mine = np.flatnonzero(piece >= 0)
    mine = mine[np.argsort(piece[mine], kind="stable")]
    piece, column, top, length = (each[mine] for each in (piece, column, top, length))
    n_runs = np.bincount(piece, minlength=chosen.size)
    width = _medians(piece, length, n_runs)
    clear = length <= np.maximum(2, FRAYED * width)[piece]
    piece, x, y = piece[clear], column[clear], (top + (length - 1) / 2)[clear]
    n = np.bincount(piece, minlength=chosen.size)
    slope, height = _fitted_lines(piece, x, y, n)
    off = np.bincount(piece, np.abs(slope[piece] * x + height[piece] - y), chosen.size) / n
    straight = (np.abs(slope) <= MAX_LEAN) & (off <= np.maximum(1, width))
    ends = np.cumsum(n)
    left, right = x[ends - n].astype(float), x[ends - 1].astype(float)
    kept = np.flatnonzero(straight)
    return _Pieces(
        left[kept],
        right[kept],
        (slope * left + height)[kept],
        (slope * right + height)[kept],
        width[kept],
        [x[ends[i] - n[i] : ends[i]] for i in kept],
        [y[ends[i] - n[i] : ends[i]] for i in kept],
    )


def _medians(group: np.ndarray, values: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Return the median of each group's values; groups are in order and none is empty: (k,)."""
    ordered = values[np.lexsort((values, group))]
    start = np.cumsum(n) - n
    return np.asarray((ordered[start + (n - 1) // 2] + ordered[start + n // 2]) / 2)


def _fitted_lines(
    group: np.ndarray, x: np.ndarray, y: np.ndarray, n: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return slope and height at 0 of the line through each group's points, by least squares.

    A group in one column is level.
    """
    mean_x, mean_y = (np.bincount(group, each, n.size) / n for each in (x, y))
    away = x - mean_x[group]
    spread = np.bincount(group, away * away, n.size)
    shared = np.bincount(group, away * (y - mean_y[group]), n.size)
    slope = np.divide(shared, spread, out=np.zeros(n.size), where=spread > 0)
    return slope, mean_y - slope * mean_x


def _chains(pieces: _Pieces, reach: int) -> np.ndarray:
    """Join pieces that continue each other, and return the chain of each: (n,) from 0."""
    slope = _common_slope(pieces)
    length = pieces.right - pieces.left + 1
    i, j = _followers(pieces, np.maximum(reach, length))
    gap = pieces.left[j] - pieces.right[i]
    bridge = np.maximum(reach, np.minimum(length[i], length[j]))
    off = np.abs(pieces.start[j] - pieces.end[i] - slope * gap)
    near = off <= np.maximum(pieces.width[i], pieces.width[j]) / 2 + 1 + DRIFT * gap
    joins = np.flatnonzero(near & (gap <= bridge))
    joins = joins[np.lexsort((j[joins], i[joins]))]
    chain = np.arange(length.size)
    for one, other in zip(i[joins].tolist(), j[joins].tolist(), strict=True):
        if chain[one] != chain[other]:
            chain[chain == chain[other]] = chain[one]
    return np.unique(chain, return_inverse=True)[1]


def _followers(pieces: _Pieces, reach: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of pieces of which the second begins at most `reach` after the first."""
    order = np.argsort(pieces.left, kind="stable")
    left = pieces.left[order]
    first = np.searchsorted(left, pieces.right - MIN_PIECE, side="right")
    n = np.searchsorted(left, pieces.right + reach, side="right") - first
    i = np.repeat(np.arange(n.size), n)
    return i, order[np.arange(i.size) + np.repeat(first - np.cumsum(n) + n, n)]


def _joined(pieces: _Pieces, chain: np.ndarray) -> _Pieces:
    """Make one long piece of each chain."""
    length = pieces.right - pieces.left + 1
    first, last = _least_of(chain, pieces.left), _least_of(chain, -pieces.right)
    members = np.argsort(chain, kind="stable").tolist()
    ends = np.cumsum(np.bincount(chain)).tolist()
    links = [members[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return _Pieces(
        pieces.left[first],
        pieces.right[last],
        pieces.start[first],
        pieces.end[last],
        np.bincount(chain, pieces.width * length) / np.bincount(chain, length),
        [_concatenated(pieces.columns, mine) for mine in links],
        [_concatenated(pieces.middles, mine) for mine in links],
    )


def _least_of(group: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the index of the least value of each group, the first of several: (n,) -> (k,)."""
    order = np.lexsort((values, group))
    return np.asarray(order[np.searchsorted(group[order], np.arange(group.max() + 1))])


def _concatenated(arrays: list[np.ndarray], chosen: list[int]) -> np.ndarray:
    if len(chosen) == 1:
        return arrays[chosen[0]]
    return np.concatenate([arrays[i] for i in chosen])


def _common_slope(pieces: _Pieces) -> float:
    """Return the direction in which the pieces lie on the fewest lines: px down per px."""
    middle = (pieces.left + pieces.right) / 2
    height = (pieces.start + pieces.end) / 2
    weight = pieces.right - pieces.left + 1
    slope = (pieces.end - pieces.start) / np.maximum(1, pieces.right - pieces.left)
    angles = ANGLES[:, None]
    agrees = weight * (np.abs(slope - angles) < DRIFT + 2 / weight)
    lines = np.round((height - angles * middle) / 3).astype(int)
    lines -= lines.min(axis=1, keepdims=True)
    n_lines = int(lines.max()) + 1
    place = lines + n_lines * np.arange(ANGLES.size)[:, None]
    on_line = np.bincount(place.ravel(), agrees.ravel(), n_lines * ANGLES.size)
    return float(ANGLES[(on_line.reshape(ANGLES.size, n_lines) ** 2).sum(axis=1).argmax()])


def _sides(mask: np.ndarray) -> np.ndarray:
    """Return width and height of each connected piece, in px: (n, 2)."""
    pieces = find_components(mask > 0)
    return np.stack([pieces.width, pieces.height], axis=1)


def _writing_size(sides: np.ndarray, thickest: int) -> float:
    """Return the weighted median length of the pieces of writing; infinite if there are few.

    Where a printed line joins all of them nothing is known, and the one piece is as long as the
    page.
    """
    flat = sides.max(axis=1) > LONG * sides.min(axis=1)
    longest = sides[~flat].max(axis=1)
    longest = longest[longest >= TIMES_STROKE * thickest]
    if longest.size < FEW:
        return float("inf")
    return weighted_median(longest, longest)


def _long_enough(pieces: _Pieces, shape: tuple[int, ...], writing: float) -> list[int]:
    """Return the pieces that are printed lines if they are straight and in the right position."""
    long = pieces.right - pieces.left + 1
    thin = pieces.width <= max(2, THIN * min(shape))
    far = (thin & (long >= TIMES_WRITING * writing)) | (long >= HALF * shape[1])
    return np.flatnonzero((long >= LONG * pieces.width) & far).tolist()


def _is_rule(pieces: _Pieces, index: int, shape: tuple[int, ...], writing: float) -> bool:
    """Return whether a piece is long, thin and straight enough for its position."""
    width = shape[1]
    left, right = int(pieces.left[index]), int(pieces.right[index])
    thick, long = float(pieces.width[index]), right - left + 1
    x, y = _straight_part(pieces, index, max(thick / 2 + 1, STRAIGHT * long))
    if np.unique(x).size < COVERED * long:
        return False
    level = bool(y.max() - y.min() <= LEVEL * long + thick)
    thin = thick <= max(2, THIN * min(shape))
    if thin and long >= TIMES_WRITING * writing:
        return True
    if long < HALF * width:
        return False
    crosses = (level or long >= WHOLE * width) and _crosses_page(
        (left, right), y, shape, level=level
    )
    return bool((thin and crosses) or (level and _lies_at_rim((left, right), y, shape)))


def _crosses_page(
    ends: tuple[int, int], y: np.ndarray, shape: tuple[int, ...], *, level: bool
) -> bool:
    """Return whether both ends of a line are at the rim of the page."""
    height, width = shape
    rim = max(2, RIM * min(shape))
    n_ends = int(ends[0] <= rim) + int(ends[1] >= width - 1 - rim)
    if not level:
        n_ends += int(y.min() <= rim) + int(y.max() >= height - 1 - rim)
    return n_ends > 1


def _lies_at_rim(ends: tuple[int, int], y: np.ndarray, shape: tuple[int, ...]) -> bool:
    """Return whether a line runs along the upper or lower rim, from near a corner."""
    height, width = shape
    zone = RIM_ZONE * min(shape)
    is_near = y.max() <= zone or y.min() >= height - zone
    return bool(is_near and min(ends[0], width - 1 - ends[1]) <= CORNER * width)


def _parallels(pieces: _Pieces, rules: list[int], shape: tuple[int, ...]) -> list[int]:
    """Return shorter pieces that are parallel to printed lines and cut off by the rim."""
    if len(rules) < FAMILY:
        return []
    length = pieces.right - pieces.left
    slope = (pieces.end - pieces.start) / np.maximum(1, length)
    alike = np.abs(slope - np.median(slope[rules])) <= DRIFT / 2
    alike &= pieces.width <= TIMES_USUAL * np.median(pieces.width[rules]) + 1
    alike &= length >= PARALLEL * shape[1]
    alike[rules] = False
    return [int(index) for index in np.flatnonzero(alike)]


def _straight_part(pieces: _Pieces, index: int, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the points of a piece on its parabola, without the writing that touches it."""
    x, y = pieces.columns[index], pieces.middles[index]
    along = (x - x.min()) / max(1, np.ptp(x))
    kept = np.ones(x.size, bool)
    for _ in range(REFITS):
        curve = np.polyfit(along[kept], y[kept], 2)
        off = np.abs(np.polyval(curve, along) - y)
        kept = off <= max(tolerance, float(np.median(off)))
    return x[off <= tolerance], y[off <= tolerance]


def _draw(found: np.ndarray, pieces: _Pieces, index: int) -> None:
    """Mark the band of one line, including gaps where writing crosses it."""
    wide = float(pieces.width[index])
    bend = STRAIGHT * (pieces.right[index] - pieces.left[index]) / 2
    x, y = _straight_part(pieces, index, wide / 2 + 1 + bend)
    if not x.size:  # no points on a line
        return
    order = np.argsort(x, kind="stable")
    at = np.arange(max(0, x.min() - 2), min(found.shape[1], x.max() + 3))
    level = np.interp(at, x[order], y[order])
    rows = np.arange(-int(wide / 2 + HALO), int(wide / 2 + HALO) + 1)
    down = np.clip(np.rint(level)[None, :].astype(int) + rows[:, None], 0, found.shape[0] - 1)
    found[down, at[None, :].astype(int)] = 1
