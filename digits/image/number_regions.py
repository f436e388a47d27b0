"""Numbers on a page: pieces of digit ink joined along their line, parted by cores and rules."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from digits.image.cells import MapCells, find_cells
from digits.image.components import Components, find_components, joined
from digits.image.page_maps import SPECK, WRITTEN, PageMaps, digit_height, vote
from digits.types import DIGIT, PRINTED_DIGIT, RULE, STRUCK, WRITING

CORED = 0.5  # probability from which a pixel is of a number's middle
TALL = 0.45  # of the digits' height: a piece so tall is a digit
SHEER = 1.55  # digits' heights: a taller piece with two cores stands on two lines
LEAST_CORE = 0.05  # of the square of the digits' height: a smaller core is no number's
LINE_STEP = 0.6  # digits' heights between the cores of two lines
GAP = 0.45  # digits' heights between two digits of one number
CELL_GAP = 1.0  # digits' heights between two digits of one cell
OTHER_CORE = 0.25  # digits' heights between two digits whose cores differ
STACKED = 1.45  # digits' heights: parts of one digit above each other are together no higher
BARRED = 0.6  # of the height between two digits that a rule fills, which parts them
WITHIN = 0.7  # of a table's digits that lie inside cells; squared paper has fewer
OVER = 0.3  # digits' heights by which a digit may leave its cell
FEWEST = 3  # cells of a row of boxes
PARTLY = 0.25  # of a line's digit ink that is handwritten, from which its printed digits are too
SUREST = 0.95  # prior probability that a line gives one of its pieces, at most
ALIKE = (0.6, 1.5)  # digits' heights: a piece of such a height may be a digit
LEVEL = 0.4  # of the lower one's height by which pieces of one line overlap
LINE_GAP = 2.0  # digits' heights between two pieces of one line

Rectangle = tuple[int, int, int, int]  # px of the maps: left, top, right, bottom


@dataclass(frozen=True, slots=True)
class NumberRegion:
    """The ink of one number, in px of the maps."""

    box: Rectangle
    name: int  # its value in `NumberRegions.labels`
    tall: float  # height of its digits
    cell: int  # name of its cell; 0 outside tables


@dataclass(frozen=True, slots=True)
class NumberRegions:
    """All numbers of a page, the cells they stand in, and what else is written."""

    numbers: tuple[NumberRegion, ...]
    labels: np.ndarray  # (h, w) int32: which number a pixel's ink belongs to; 0 none
    cells: MapCells
    borders: np.ndarray  # (h, w) bool: rules longer than a digit is high
    other: Components  # handwriting that is no number
    left_out: tuple[Rectangle, ...]  # boxes of digit-like ink in no number
    usual: float  # height of the page's digits
    maps: PageMaps  # with one class for each piece of ink


def find_number_regions(maps: PageMaps) -> NumberRegions:
    """Return the handwritten numbers of an upright page.

    Printed digits beside handwritten ones, in one line or one row of a table, are read with them.

    Parameters
    ----------
    maps : as the page network gives them
    """
    maps = vote(maps)
    digits = find_components(maps.labels == DIGIT)
    # Digits of several lines that touch are one piece: the height map says how high one is.
    alone = (digits.height > ALIKE[0] * maps.usual) & (digits.height < ALIKE[1] * maps.usual)
    usual = digit_height(digits.boxes[alone], digits.area[alone], maps.usual)
    pieces = find_components(np.isin(maps.labels, (DIGIT, PRINTED_DIGIT)))
    cores = find_components(maps.core > CORED)
    cells = _believed(find_cells(maps, usual), pieces, cores, usual)
    maps = _whole_lines(maps, cells, usual)
    pieces = _split_cells(find_components(maps.labels == DIGIT), cells, cores, usual)
    pieces = _split_lines(pieces, cores, usual)
    big = (pieces.height >= TALL * usual) | (pieces.area >= 0.06 * usual**2)
    speck = pieces.area < max(3.0, SPECK * usual**2)
    home = _home(pieces, cells)
    core = pieces.commonest(cores.labels)
    pairs = _pairs(pieces, home, core, maps, usual)
    pairs = pairs[~(speck[pairs[:, 0]] | speck[pairs[:, 1]])]
    groups = _part_lines(joined(pairs, len(pieces)), pieces, core, cores, usual)
    numbers: list[NumberRegion] = []
    left_out: list[Rectangle] = []
    names = np.zeros(len(pieces) + 1, np.int32)
    for group in np.unique(groups[~speck]):
        mine = np.flatnonzero((groups == group) & ~speck)
        box = bounds(pieces.boxes[mine])
        if not big[mine].any() or box[3] - box[1] < TALL * usual:
            left_out.append(box)
            continue
        names[mine + 1] = len(numbers) + 1
        tall = digit_height(pieces.boxes[mine], pieces.area[mine], usual)
        home_of = int(np.bincount(home[mine][big[mine]]).argmax())
        numbers.append(NumberRegion(box, len(numbers) + 1, tall, home_of))
    other = find_components(np.isin(maps.labels, (WRITING, STRUCK)))
    return NumberRegions(
        tuple(numbers),
        names[pieces.labels],
        cells,
        _borders(maps, usual),
        other,
        tuple(left_out),
        usual,
        maps,
    )


def _borders(maps: PageMaps, usual: float) -> np.ndarray:
    """Return a mask of rules longer than a digit is high; others may be strokes of one."""
    rules = find_components(maps.labels == RULE)
    long = np.maximum(rules.width, rules.height) > usual
    return np.concatenate([[False], long])[rules.labels]


def _believed(cells: MapCells, pieces: Components, cores: Components, usual: float) -> MapCells:
    """Leave out tables whose lines the numbers cross, such as squared paper, and single cells.

    Digits of neighbouring cells may touch; the cores of their numbers do not.
    """
    if not cells.cells:
        return cells
    tables = np.array([-1, *(cell.table for cell in sorted(cells.cells, key=lambda c: c.name))])
    size = np.bincount(tables[1:])
    likely = np.zeros(len(size))
    for parts, large in (
        (pieces, pieces.height >= TALL * usual),
        (cores, cores.area > LEAST_CORE * usual**2),
    ):
        home = _home(parts, cells)
        chosen = np.flatnonzero((home > 0) & large)
        inside = _overhang(parts, home, cells)[chosen] <= OVER * usual
        table = tables[home[chosen]]
        share = np.bincount(table, inside, len(size)) / np.maximum(
            np.bincount(table, minlength=len(size)), 1
        )
        likely = np.maximum(likely, share)
    kept = {int(table) for table in np.flatnonzero((size >= FEWEST) & (likely >= WITHIN))}
    chosen_cells = tuple(cell for cell in cells.cells if cell.table in kept)
    names = np.zeros(int(cells.labels.max()) + 1, np.int32)
    for cell in chosen_cells:
        names[cell.name] = cell.name
    return MapCells(chosen_cells, names[cells.labels])


def _overhang(parts: Components, home: np.ndarray, cells: MapCells) -> np.ndarray:
    """Return by how many px each part leaves its cell: (n,); 0 or less where it does not."""
    boxes = np.zeros((1 + max((cell.name for cell in cells.cells), default=0), 4), int)
    for cell in cells.cells:
        boxes[cell.name] = cell.box
    around = boxes[home]
    before, behind = around[:, :2] - parts.boxes[:, :2], parts.boxes[:, 2:] - around[:, 2:]
    return np.concatenate([before, behind], axis=1).max(axis=1, initial=0)


def _split_cells(
    pieces: Components, cells: MapCells, cores: Components, usual: float
) -> Components:
    """Part pieces in which digits of several cells touch: each cell has a number's core there."""
    if not cells.cells:
        return pieces
    boxes = {cell.name: cell.box for cell in cells.cells}
    home = _home(cores, cells)
    real = cores.area > LEAST_CORE * usual**2
    labels = pieces.labels.copy()
    large = np.flatnonzero(_overhang(pieces, _home(pieces, cells), cells) > OVER * usual)
    for piece in large:
        left, top, right, bottom = pieces.boxes[piece]
        part = labels[top:bottom, left:right] == piece + 1
        seen = np.unique(cores.labels[top:bottom, left:right][part])
        seen = seen[seen > 0] - 1
        mine = sorted({int(home[core]) for core in seen if real[core] and home[core] > 0})
        if len(mine) < 2:  # noqa: PLR2004
            continue
        y, x = np.mgrid[top:bottom, left:right]
        far = [
            np.maximum(np.maximum(box[0] - x, x - box[2] + 1), 0)
            + np.maximum(np.maximum(box[1] - y, y - box[3] + 1), 0)
            for box in (boxes[name] for name in mine)
        ]
        nearest = np.argmin(far, axis=0)
        edge = np.zeros(part.shape, bool)
        across, down = nearest[:, 1:] != nearest[:, :-1], nearest[1:] != nearest[:-1]
        edge[:, 1:] |= across
        edge[:, :-1] |= across
        edge[1:] |= down
        edge[:-1] |= down
        labels[top:bottom, left:right][part & edge] = 0
    return find_components(labels > 0)


def _whole_lines(maps: PageMaps, cells: MapCells, usual: float) -> PageMaps:
    """Judge each piece of ink by its line too: neat digits resemble print, and a 0 an O.

    A line is a row of a table's cells; outside tables, what stands side by side. The share of
    digits among the others of its line is a piece's prior probability of being one. Where at least
    `PARTLY` of a line's digits are handwritten, its printed ones are read with them.
    """
    pieces = find_components(np.isin(maps.labels, WRITTEN))
    kind = pieces.commonest(maps.labels)
    sized = (pieces.height > ALIKE[0] * usual) & (pieces.height < ALIKE[1] * usual)
    groups = _lines(pieces, sized, _home(pieces, cells), cells, usual)
    means = pieces.layer_sums(maps.probabilities) / np.maximum(pieces.area, 1)
    by_hand = means[DIGIT]
    n = np.bincount(groups, sized, len(pieces))[groups] - 1
    others = np.bincount(groups, by_hand * sized, len(pieces))[groups] - by_hand
    prior = np.clip(others / np.maximum(n, 1), 1 - SUREST, SUREST)
    against = np.delete(means, DIGIT, axis=0).max(axis=0)
    digit = sized & (n > 1) & (by_hand * prior > against * (1 - prior))
    ink = [
        np.bincount(groups, np.where(k, pieces.area, 0), len(pieces))
        for k in (sized & (kind == DIGIT), sized & ((kind == DIGIT) | (kind == PRINTED_DIGIT)))
    ]
    partly = (ink[0] >= PARTLY * ink[1])[groups] & (ink[0] > 0)[groups]
    digit |= sized & (kind == PRINTED_DIGIT) & partly
    renamed = np.concatenate([[False], digit])
    labels = np.where(renamed[pieces.labels], DIGIT, maps.labels).astype(np.uint8)
    return replace(maps, labels=labels)


def _lines(
    pieces: Components, sized: np.ndarray, home: np.ndarray, cells: MapCells, usual: float
) -> np.ndarray:
    """Return which line each piece stands in: (n,) names; a piece by itself has its own."""
    line = {cell.name: (cell.table, cell.row) for cell in cells.cells}
    rows = {row: i + 1 for i, row in enumerate(sorted(set(line.values())))}
    row = np.array([rows[line[int(name)]] if name else 0 for name in home], np.int64)
    left, top, right, bottom = pieces.boxes.T.astype(float)
    shared = np.minimum(bottom[None], bottom[:, None]) - np.maximum(top[None], top[:, None])
    gap = np.maximum(left[None], left[:, None]) - np.minimum(right[None], right[:, None])
    low = np.minimum((bottom - top)[None], (bottom - top)[:, None])
    beside = (shared > LEVEL * low) & (gap < LINE_GAP * usual) & ((row[None] + row[:, None]) == 0)
    beside |= (row[None] == row[:, None]) & (row > 0)[None]
    beside &= sized[None] & sized[:, None]
    return joined(np.argwhere(np.triu(beside, 1)), len(pieces))


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


def _part_lines(
    groups: np.ndarray, pieces: Components, core: np.ndarray, cores: Components, usual: float
) -> np.ndarray:
    """Part groups of pieces that stand on two lines, whose cores lie above each other: (n,) names.

    A piece goes with its own core, or with the line whose cores are nearest.
    """
    groups = groups.copy()
    middles = (pieces.boxes[:, 1] + pieces.boxes[:, 3]) / 2
    levels = (cores.boxes[:, 1] + cores.boxes[:, 3]) / 2
    free = groups.max(initial=0) + 1
    for group in np.unique(groups):
        mine = np.flatnonzero(groups == group)
        box = bounds(pieces.boxes[mine])
        if box[3] - box[1] <= SHEER * usual:
            continue
        seen, edges = _between_lines(core[mine], cores, usual)
        if not edges:
            continue
        own = np.isin(core[mine], seen)
        height = np.where(own, levels[np.maximum(core[mine], 1) - 1], middles[mine])
        line = np.searchsorted(edges, height)
        groups[mine[line > 0]] = free + line[line > 0]
        free += len(edges) + 1
    return groups


def _split_lines(pieces: Components, cores: Components, usual: float) -> Components:
    """Cut pieces that reach over two lines between the cores of these."""
    tall = np.flatnonzero(pieces.height > SHEER * usual)
    if not len(tall):
        return pieces
    labels = pieces.labels.copy()
    for piece in tall:
        left, top, right, bottom = pieces.boxes[piece]
        part = labels[top:bottom, left:right] == piece + 1
        _, edges = _between_lines(cores.labels[top:bottom, left:right][part], cores, usual)
        for cut in (round(edge) - top for edge in edges):
            if 0 < cut < bottom - top:
                row = labels[top + cut, left:right]
                row[row == piece + 1] = 0
    return find_components(labels > 0, connectivity=8)


def _between_lines(
    names: np.ndarray, cores: Components, usual: float
) -> tuple[np.ndarray, list[float]]:
    """Return which of these cores are a number's, and the heights between those of two lines."""
    seen = np.unique(names[names > 0])
    seen = seen[cores.area[seen - 1] > LEAST_CORE * usual**2]
    levels = np.sort(cores.boxes[seen - 1][:, [1, 3]].mean(axis=1))
    return seen, [(a + b) / 2 for a, b in pairwise(levels) if b - a > LINE_STEP * usual]


def bounds(boxes: Sequence[Rectangle] | np.ndarray) -> Rectangle:
    """Return the box around boxes, of which there is at least one."""
    every = np.asarray(boxes)
    low, high = every[:, :2].min(axis=0), every[:, 2:].max(axis=0)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])
