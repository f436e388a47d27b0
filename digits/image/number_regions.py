"""Numbers on a page: pieces of digit ink joined along their line, parted by cores and rules."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from digits.image.cells import MapCells, find_cells
from digits.image.components import Components, find_components, joined
from digits.image.page_maps import (
    DIGIT,
    PRINTED_DIGIT,
    RULE,
    SPECK,
    STRUCK,
    WRITING,
    PageMaps,
    digit_height,
    vote,
)

CORED = 0.5  # probability from which a pixel is of a number's middle
TALL = 0.45  # of the digits' height: a piece so tall is a digit
SHEER = 1.55  # digits' heights: a taller piece with two cores stands on two lines
GAP = 0.45  # digits' heights between two digits of one number
CELL_GAP = 1.0  # digits' heights between two digits of one cell
OTHER_CORE = 0.25  # digits' heights between two digits whose cores differ
STACKED = 1.45  # digits' heights: parts of one digit above each other are together no higher
BARRED = 0.6  # of the height between two digits that a rule fills, which parts them
WITHIN = 0.7  # of a table's digits that lie inside cells; squared paper has fewer
OVER = 0.3  # digits' heights by which a digit may leave its cell
FEWEST = 3  # cells of a row of boxes


@dataclass(frozen=True, slots=True)
class NumberRegion:
    """The ink of one number, in px of the maps."""

    box: tuple[int, int, int, int]  # left, top, right, bottom
    name: int  # its value in `NumberRegions.labels`
    tall: float  # height of its digits
    cell: int  # name of its cell; 0 outside tables
    printed: bool


@dataclass(frozen=True, slots=True)
class NumberRegions:
    """All numbers of a page, the cells they stand in, and what else is written."""

    numbers: tuple[NumberRegion, ...]
    labels: np.ndarray  # (h, w) int32: which number a pixel's ink belongs to; 0 none
    cells: MapCells
    other: Components  # handwriting that is no number
    left_out: tuple[tuple[int, int, int, int], ...]  # boxes of digit-like ink in no number
    usual: float  # height of the page's digits
    maps: PageMaps  # with one class for each piece of ink


def find_number_regions(maps: PageMaps, *, printed: bool = False) -> NumberRegions:
    """Return the numbers of an upright page.

    Parameters
    ----------
    maps : as the page network gives them
    printed : take printed digits inside cells for numbers too
    """
    maps = vote(maps)
    pieces = find_components(maps.labels == DIGIT)
    usual = digit_height(pieces.boxes, pieces.area, maps.usual)
    cells = _believed(find_cells(maps, usual), pieces, usual)
    if printed and cells.cells:
        inside = (maps.labels == PRINTED_DIGIT) & (cells.labels > 0)
        pieces = find_components((maps.labels == DIGIT) | inside)
    pieces = _split_lines(pieces, maps, usual)
    big = (pieces.height >= TALL * usual) | (pieces.area >= 0.06 * usual**2)
    speck = pieces.area < max(3.0, SPECK * usual**2)
    home = _home(pieces, cells)
    cores = find_components(maps.core > CORED)
    core = pieces.commonest(cores.labels)
    pairs = _pairs(pieces, home, core, maps, usual)
    pairs = pairs[~(speck[pairs[:, 0]] | speck[pairs[:, 1]])]
    groups = joined(pairs, len(pieces))
    numbers: list[NumberRegion] = []
    left_out: list[tuple[int, int, int, int]] = []
    names = np.zeros(len(pieces) + 1, np.int32)
    is_print = pieces.commonest(maps.labels) == PRINTED_DIGIT
    for group in np.unique(groups[~speck]):
        mine = np.flatnonzero((groups == group) & ~speck)
        box = _around(pieces.boxes[mine])
        if not big[mine].any() or box[3] - box[1] < TALL * usual:
            left_out.append(box)
            continue
        names[mine + 1] = len(numbers) + 1
        tall = digit_height(pieces.boxes[mine], pieces.area[mine], usual)
        home_of = int(np.bincount(home[mine][big[mine]]).argmax())
        numbers.append(
            NumberRegion(box, len(numbers) + 1, tall, home_of, bool(is_print[mine].all()))
        )
    other = find_components(np.isin(maps.labels, (WRITING, STRUCK)))
    return NumberRegions(
        tuple(numbers), names[pieces.labels], cells, other, tuple(left_out), usual, maps
    )


def _believed(cells: MapCells, pieces: Components, usual: float) -> MapCells:
    """Leave out tables whose lines the digits cross, such as squared paper, and single cells."""
    if not cells.cells:
        return cells
    home = _home(pieces, cells)
    boxes = {cell.name: np.array(cell.box) for cell in cells.cells}
    tables = {cell.name: cell.table for cell in cells.cells}
    size: dict[int, int] = {}
    for cell in cells.cells:
        size[cell.table] = size.get(cell.table, 0) + 1
    inside: dict[int, list[bool]] = {}
    tall = pieces.height >= TALL * usual
    for piece in np.flatnonzero((home > 0) & tall):
        around = boxes[int(home[piece])]
        box = pieces.boxes[piece]
        over = np.concatenate([around[:2] - box[:2], box[2:] - around[2:]]).max()
        inside.setdefault(tables[int(home[piece])], []).append(bool(over <= OVER * usual))
    kept = {
        table
        for table, n in size.items()
        if n >= FEWEST and table in inside and np.mean(inside[table]) >= WITHIN
    }
    chosen = tuple(cell for cell in cells.cells if cell.table in kept)
    names = np.zeros(int(cells.labels.max()) + 1, np.int32)
    for cell in chosen:
        names[cell.name] = cell.name
    return MapCells(chosen, names[cells.labels])


def _home(pieces: Components, cells: MapCells) -> np.ndarray:
    """Return in which cell the most of each piece lies: (n,) names; 0 in none."""
    home = pieces.commonest(cells.labels)
    boxes = {cell.name: cell.box for cell in cells.cells}
    middles = (pieces.boxes[:, :2] + pieces.boxes[:, 2:]) / 2
    for piece in np.flatnonzero(home == 0):  # on a rule: the cell that its middle is in
        x, y = middles[piece]
        for name, (left, top, right, bottom) in boxes.items():
            if left <= x < right and top <= y < bottom:
                home[piece] = name
                break
    return home


def _pairs(  # what joins two pieces, in one place
    pieces: Components, home: np.ndarray, core: np.ndarray, maps: PageMaps, usual: float
) -> np.ndarray:
    """Return which pieces belong to one number: (m, 2)."""
    left, top, right, bottom = pieces.boxes.T.astype(float)
    high, wide = bottom - top, right - left
    shared = np.minimum(bottom[None], bottom[:, None]) - np.maximum(top[None], top[:, None])
    beside = np.minimum(right[None], right[:, None]) - np.maximum(left[None], left[:, None])
    together = np.maximum(bottom[None], bottom[:, None]) - np.minimum(top[None], top[:, None])
    low, slim = np.minimum(high[None], high[:, None]), np.minimum(wide[None], wide[:, None])
    same_core = (core[None] == core[:, None]) & (core > 0)[None]
    other_core = (core[None] != core[:, None]) & (core > 0)[None] & (core > 0)[:, None]
    same_cell = (home[None] == home[:, None]) & (home > 0)[None]
    gap = np.where(same_cell, CELL_GAP, np.where(other_core, OTHER_CORE, GAP)) * usual
    level = (shared > 0.4 * low) & (-beside < gap)
    stacked = (beside > 0.3 * slim) & (-shared < 0.25 * usual) & (together < STACKED * usual)
    join = stacked | level | (same_core & (shared > 0.3 * low) & (-beside < 1.2 * usual))
    # A separator hangs low beside its digits, a point below the middle.
    hanging = (low < TALL * usual) & (-shared < 0.35 * usual) & (-beside < 0.4 * usual)
    join |= hanging & (beside < 0.3 * slim)
    join &= home[None] == home[:, None]
    pairs = np.argwhere(np.triu(join, 1))
    if not len(pairs):
        return pairs.reshape(0, 2)
    free = home[pairs[:, 0]] == 0
    barred = np.array(
        [
            bool(f) and _barred(pieces.boxes[a], pieces.boxes[b], maps)
            for (a, b), f in zip(pairs, free, strict=True)
        ]
    )
    return pairs[~barred]


def _barred(one: np.ndarray, other: np.ndarray, maps: PageMaps) -> bool:
    """Return whether an upright rule stands between two pieces side by side."""
    left, right = min(one[2], other[2]), max(one[0], other[0])
    top, bottom = max(one[1], other[1]), min(one[3], other[3])
    if right <= left or bottom <= top:
        return False
    between = maps.labels[top:bottom, max(0, left - 1) : right + 1] == RULE
    return bool(between.any(axis=1).mean() > BARRED)


def _split_lines(pieces: Components, maps: PageMaps, usual: float) -> Components:
    """Cut pieces that reach over two lines between the cores of these."""
    tall = np.flatnonzero(pieces.height > SHEER * usual)
    if not len(tall):
        return pieces
    labels = pieces.labels.copy()
    cores = find_components(maps.core > CORED)
    for piece in tall:
        left, top, right, bottom = pieces.boxes[piece]
        part = labels[top:bottom, left:right] == piece + 1
        seen = np.unique(cores.labels[top:bottom, left:right][part])
        middles = sorted(
            float(cores.boxes[i - 1, [1, 3]].mean())
            for i in seen
            if i > 0 and cores.area[i - 1] > 0.05 * usual**2
        )
        cuts = [round((a + b) / 2) - top for a, b in pairwise(middles) if b - a > 0.6 * usual]
        for cut in cuts:
            if 0 < cut < bottom - top:
                row = labels[top + cut, left:right]
                row[row == piece + 1] = 0
    return find_components(labels > 0, connectivity=8)


def _around(boxes: np.ndarray) -> tuple[int, int, int, int]:
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])
