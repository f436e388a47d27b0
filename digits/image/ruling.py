"""Find and take away printed lines: ruled and squared paper, underlines, borders of cells.

A printed line is thin everywhere, nearly straight, and longer than any stroke of handwriting. It is
followed piece by piece, because writing that crosses it makes it thick there; no length is guessed
in advance.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from digits.types import LINKED, Ink

MIN_SIDE = 40  # px; in smaller pictures a printed line cannot be told from a stroke
MIN_REST = 3.0  # px of full ink that must be left: a mark that stands alone is no printed line
ENOUGH_PIXELS = 1_000_000  # px; a line found on so many is found on more
MAX_WIDTH = 0.12  # of the picture's side across it; what is thicker is no printed line
USUAL = 0.6  # of the ink lies in runs so thick or thinner, and printed lines with it
TIMES_USUAL = 1.5  # times that run: the thickest line that is looked for
FINE = (6, 3)  # px, looked for next: on leaning squared paper lines across pass for thick ones
MIN_PIECE = 3  # times its width: a piece shorter than this has no direction
MAX_PIECES = 1500  # the longest are looked at; texture has more
MAX_LEAN = 0.45  # px down for each px along: a page turned by 24 degrees
ANGLES = np.linspace(-MAX_LEAN, MAX_LEAN, 91)  # px down for each px along, tried one by one
DRIFT = 0.06  # px for each px of gap by which a curved line leaves its direction
MAX_GAP = 4  # times the thickest line: writing that crosses hides so much of a line
RIM = 0.02  # of the picture's shorter side: so near the rim, a line ends there
CORNER = 0.1  # of the picture's side: a cell's border ends there at the border across it
LEVEL = 0.15  # px for each px: so little a page leans in a photograph that was meant to be upright
WHOLE = 0.8  # of the picture's side: so long, a line may lean
THIN = 0.04  # of the picture's shorter side: the width of a line that lies anywhere
HALF = 0.45  # of the picture's side: a stroke is shorter, unless the digit fills the picture
RIM_ZONE = 0.3  # of the picture's side: a cell's printed border lies this near its rim
TIMES_WRITING = 4  # times the length of the writing's pieces: so long, a line ends anywhere
TIMES_STROKE = 2  # times the thickest line: a smaller piece is a dot or dirt, and no writing
FEW = 3  # pieces of writing or fewer say nothing of its size
LONG = 6  # times its width: shorter, a chain is no line and a piece of writing no dash
FAMILY = 4  # printed lines in one direction from which the paper is ruled or squared
PARALLEL = 0.15  # of the picture's side: so long, a piece is one of them
COVERED = 0.6  # of its length that a line shows; a row of bars and dashes shows less
STRAIGHT = 0.02  # of its length by which a line leaves the parabola through it
REFITS = 3  # times that a line is fitted to what lay near it before
FRAYED = 1.5  # times the usual width; where a line is thicker, writing touches it
HALO = 1.5  # px of pale rim on either side of a line


@dataclass(frozen=True)
class _Pieces:
    """Straight thin pieces of ink, each a candidate for a part of a printed line."""

    left: np.ndarray  # (n,) px, first column
    right: np.ndarray  # (n,) px, last column
    start: np.ndarray  # (n,) px, height of the middle line at `left`
    end: np.ndarray  # (n,) px, height of the middle line at `right`
    width: np.ndarray  # (n,) px, median thickness
    columns: list[np.ndarray]  # of each: px, where its middle line is known
    middles: list[np.ndarray]  # of each: px, and how high it runs there


def find_rules(ink: Ink) -> np.ndarray:
    """Return where printed lines run.

    Parameters
    ----------
    ink : float32, shape (height, width)

    Returns
    -------
    bool, shape (height, width)
        True on the whole band of a line, also where writing crosses it: `erase` tells the two
        apart. False everywhere in a picture of less than 40 px, and where nothing but the line
        would be left of the writing.
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
    """Take printed lines away and give back the strokes that crossed them.

    Parameters
    ----------
    ink : float32, shape (height, width)
    mask : bool, shape (height, width), as `find_rules` gives it

    Returns
    -------
    float32, shape (height, width)
        Bare paper on the mask, except where ink stands on both sides of it.
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
    """Keep every line, however thin, while the picture shrinks: (h, w) -> (h / step, w / step)."""
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
    thickest = _thickest(mask)
    writing = _writing_size(sides, thickest)
    found = np.zeros(mask.shape, np.uint8)
    for width in (thickest, *(fine for fine in FINE if fine < thickest)):
        pieces = _thin_pieces(np.where(found, np.uint8(0), mask), width)
        if not pieces.left.size:
            continue
        # First over the strokes that cross a line, then over whole numbers that stand on it.
        for reach in (MAX_GAP * width, 0):
            pieces = _joined(pieces, _chains(pieces, reach))
        rules = [i for i in range(pieces.left.size) if _is_rule(pieces, i, mask.shape, writing)]
        for index in rules + _parallels(pieces, rules, mask.shape):
            _draw(found, pieces, index)
    return found.astype(bool)


def _thickest(mask: np.ndarray) -> int:
    """Return how thick a printed line may be, in px, from how thick the ink is."""
    _, _, runs = _upright_runs(mask)
    counts = np.bincount(runs[runs <= MAX_WIDTH * mask.shape[0]], minlength=1)
    ink = np.cumsum(counts * np.arange(counts.size))
    usual = int(np.searchsorted(ink, USUAL * ink[-1]))
    return int(max(2, min(TIMES_USUAL * usual, MAX_WIDTH * mask.shape[0])))


def _upright_runs(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the column, the top and the length of each unbroken run of ink from top to bottom."""
    height = mask.shape[0]
    edges = np.zeros((mask.shape[1], height + 1), np.int8)
    upright = np.ascontiguousarray(mask.T).view(np.int8)
    edges[:, :-1] = upright
    edges[:, 1:] -= upright
    begin, stop = np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)
    column, top = np.divmod(begin, height + 1)
    return column, top, stop - begin


def _thin_pieces(mask: np.ndarray, thickest: int) -> _Pieces:
    """Cut out what is thin from top to bottom, and measure each piece of it."""
    column, top, length = _upright_runs(mask)
    thin = length <= thickest
    return _measured(mask.shape, column[thin], top[thin], length[thin])


def _measured(
    shape: tuple[int, ...], column: np.ndarray, top: np.ndarray, length: np.ndarray
) -> _Pieces:
    """Join runs that touch to pieces and keep those that have a direction."""
    drawn = np.zeros(shape, np.uint8)
    for depth in range(int(length.max(initial=0))):
        deep = length > depth
        drawn[top[deep] + depth, column[deep]] = 1
    count, labels = cv2.connectedComponents(drawn, connectivity=8)
    names = labels[top, column]
    order = np.argsort(names, kind="stable")  # within a piece its runs stay from left to right
    names, column, top, length = names[order], column[order], top[order], length[order]
    first = np.searchsorted(names, np.arange(1, count))
    last = np.searchsorted(names, np.arange(1, count), side="right")
    wide = (column[last - 1] - column[first] + 1).astype(np.int32)
    area = np.bincount(names, length, count)[1:]
    chosen = np.flatnonzero(wide * wide >= MIN_PIECE * area)
    chosen = chosen[np.argsort(-wide[chosen])][:MAX_PIECES]
    rows, columns, middles = [], [], []
    for a, b in zip(first[chosen], last[chosen], strict=True):
        width = float(np.median(length[a:b]))
        clear = length[a:b] <= max(2, FRAYED * width)
        x, y = column[a:b][clear], (top[a:b] + (length[a:b] - 1) / 2)[clear]
        slope, height = np.polyfit(x, y, 1) if x[-1] > x[0] else (0.0, float(y.mean()))
        if abs(slope) > MAX_LEAN or np.abs(slope * x + height - y).mean() > max(1, width):
            continue
        rows.append((x[0], x[-1], slope * x[0] + height, slope * x[-1] + height, width))
        columns.append(x)
        middles.append(y)
    table = np.array(rows, float).reshape(-1, 5)
    left, right, start, end, thick = table.T
    return _Pieces(left, right, start, end, thick, columns, middles)


def _chains(pieces: _Pieces, reach: int) -> list[np.ndarray]:
    """Join pieces that continue one another: each chain is an array of indices."""
    slope = _common_slope(pieces)
    gap = pieces.left[None, :] - pieces.right[:, None]
    length = pieces.right - pieces.left + 1
    bridge = np.maximum(reach, np.minimum(length[:, None], length[None, :]))
    off = np.abs(pieces.start[None, :] - pieces.end[:, None] - slope * gap)
    near = off <= np.maximum(pieces.width[:, None], pieces.width[None, :]) / 2 + 1 + DRIFT * gap
    chain = np.arange(length.size)
    for i, j in np.argwhere((gap > -MIN_PIECE) & (gap <= bridge) & near):
        if chain[i] != chain[j]:
            chain[chain == chain[j]] = chain[i]
    return [np.flatnonzero(chain == name) for name in np.unique(chain)]


def _joined(pieces: _Pieces, chains: list[np.ndarray]) -> _Pieces:
    """Make one long piece of each chain."""
    first = [chain[pieces.left[chain].argmin()] for chain in chains]
    last = [chain[pieces.right[chain].argmax()] for chain in chains]
    length = pieces.right - pieces.left + 1
    width = [np.average(pieces.width[chain], weights=length[chain]) for chain in chains]
    return _Pieces(
        pieces.left[first],
        pieces.right[last],
        pieces.start[first],
        pieces.end[last],
        np.array(width),
        [np.concatenate([pieces.columns[i] for i in chain]) for chain in chains],
        [np.concatenate([pieces.middles[i] for i in chain]) for chain in chains],
    )


def _common_slope(pieces: _Pieces) -> float:
    """Return the direction in which most of the pieces lie on few lines, px down for each px."""
    middle = (pieces.left + pieces.right) / 2
    height = (pieces.start + pieces.end) / 2
    weight = pieces.right - pieces.left + 1
    slope = (pieces.end - pieces.start) / np.maximum(1, pieces.right - pieces.left)
    best, most = 0.0, -1.0
    for angle in ANGLES:
        agrees = weight * (np.abs(slope - angle) < DRIFT + 2 / weight)
        lines = np.round((height - angle * middle) / 3).astype(int)
        score = float((np.bincount(lines - lines.min(), agrees) ** 2).sum())
        if score > most:
            best, most = float(angle), score
    return best


def _sides(mask: np.ndarray) -> np.ndarray:
    """Return width and height of each connected piece, in px: (n, 2)."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    return stats[1:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]


def _writing_size(sides: np.ndarray, thickest: int) -> float:
    """Return how long the ink's pieces usually are, each counted by its length: infinite for few.

    Where a printed line joins all of them nothing is known, and the one piece is as long as the
    page.
    """
    flat = sides.max(axis=1) > LONG * sides.min(axis=1)
    longest = np.sort(sides[~flat].max(axis=1))
    longest = longest[longest >= TIMES_STROKE * thickest]
    if longest.size < FEW:
        return float("inf")
    return float(longest[np.searchsorted(np.cumsum(longest), longest.sum() / 2)])


def _is_rule(pieces: _Pieces, index: int, shape: tuple[int, ...], writing: float) -> bool:
    """Return whether a piece is long, thin and straight enough, for where it lies."""
    width = shape[1]
    left, right = int(pieces.left[index]), int(pieces.right[index])
    thick, long = float(pieces.width[index]), right - left + 1
    if long < LONG * thick:
        return False
    x, y = _straight_part(pieces, index, max(thick / 2 + 1, STRAIGHT * long))
    if np.unique(x).size < COVERED * long:
        return False
    level = bool(y.max() - y.min() <= LEVEL * long + thick)
    far = long >= TIMES_WRITING * writing
    thin = thick <= max(2, THIN * min(shape))
    if thin and far:
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
    """Return the shorter pieces that run as several printed lines do, cut off by the rim."""
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
    """Return the points of a piece that lie on its parabola; writing that touches it does not."""
    x, y = pieces.columns[index], pieces.middles[index]
    along = (x - x.min()) / max(1, np.ptp(x))
    kept = np.ones(x.size, bool)
    for _ in range(REFITS):
        curve = np.polyfit(along[kept], y[kept], 2)
        off = np.abs(np.polyval(curve, along) - y)
        kept = off <= max(tolerance, float(np.median(off)))
    return x[off <= tolerance], y[off <= tolerance]


def _draw(found: np.ndarray, pieces: _Pieces, index: int) -> None:
    """Mark the band of one line, over the gaps where writing crosses it."""
    wide = float(pieces.width[index])
    bend = STRAIGHT * (pieces.right[index] - pieces.left[index]) / 2
    x, y = _straight_part(pieces, index, wide / 2 + 1 + bend)
    if not x.size:  # no point of it lies on a line
        return
    order = np.argsort(x, kind="stable")
    at = np.arange(max(0, x.min() - 2), min(found.shape[1], x.max() + 3))
    level = np.interp(at, x[order], y[order])
    rows = np.arange(-int(wide / 2 + HALO), int(wide / 2 + HALO) + 1)
    down = np.clip(np.rint(level)[None, :].astype(int) + rows[:, None], 0, found.shape[0] - 1)
    found[down, at[None, :].astype(int)] = 1
