"""Arrange numbers that no rules enclose into the rows and columns of a table.

Numbers are a table if they align: pairs of rows have many more columns in common, in which numbers
begin, end or are centred, than when each row is shifted at random.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from digits.image.cells import MapCell, MapCells
from digits.image.columns import Columns, Rows, find_columns, spans_of, upright
from digits.image.components import joined
from digits.image.number_regions import NumberRegion, NumberRegions, Rectangle, bounds

LEVEL = 0.45  # of the smaller height by which two numbers of one line overlap vertically
SAME_ROW = 0.6  # the same, for two numbers of one row that stand far apart
WIDEST_GAP = 6.0  # digit heights between two neighbours of one line
FEWEST_ROWS = 3  # rows with at least two numbers that a table without rules needs
LOOSE = 0.1  # of the numbers: with more outside the cells, the rules do not show the table
NEAR = 0.3  # digit heights: numbers so far apart do not align
SHIFTS = 30  # times that rows are shifted at random
WIDEST_SHIFT = 3.0  # digit heights
ALIGNED = 3.5  # standard deviations above shifted rows from which numbers align; notes have 2.8
NARROW = 1.0  # digit heights from one row of numbers to the edge of its cells, at most


def align(regions: NumberRegions) -> NumberRegions:
    """Return the numbers of a page with cells where they are a table without rules.

    If more than a few numbers stand outside the cells of ruled tables, all numbers are aligned. If
    they do not align, only those outside are, and the ruled cells are kept.
    """
    free = tuple(number for number in regions.numbers if not number.cell)
    if len(free) <= LOOSE * len(regions.numbers):
        return regions
    rows, columns = find_table(regions.numbers, regions.usual)
    if columns is not None:
        return _with_cells(regions, rows, columns, keep=False)
    if len(free) == len(regions.numbers):
        return regions
    rows, columns = find_table(free, regions.usual)
    return regions if columns is None else _with_cells(regions, rows, columns, keep=True)


def find_table(
    numbers: Sequence[NumberRegion], usual: float
) -> tuple[Rows, Columns] | tuple[Rows, None]:
    """Return the rows and columns of a table without rules; no columns if the numbers are none.

    Lines that share no column with another line are left out.

    Parameters
    ----------
    numbers : all of them
    usual : height of their digits in px of the maps
    """
    rows = _join_far_apart(find_lines(numbers, usual))
    if sum(len(row) > 1 for row in rows) < FEWEST_ROWS:
        return rows, None
    columns = find_columns(rows, usual)
    if alignment(upright(rows, columns), usual) < ALIGNED:
        return rows, None
    while True:
        size = columns.sizes()
        kept = [
            row
            for row, places in zip(rows, columns.places, strict=True)
            if any(place is not None and size[place] > 1 for place in places)
        ]
        if len(kept) < FEWEST_ROWS or columns.middles.shape[1] < 2:  # noqa: PLR2004
            return rows, None
        if len(kept) == len(rows):
            return rows, columns
        rows, columns = kept, find_columns(kept, usual)


def find_lines(numbers: Sequence[NumberRegion], usual: float) -> Rows:
    """Return the numbers of each line, from left to right; lines from top to bottom.

    Each number is joined to its nearest neighbour on either side, where that is mutual: so a tall
    number that reaches over two lines does not make one of them.
    """
    if not numbers:
        return []
    boxes = np.array([n.box for n in numbers], float)
    left, top, right, bottom = boxes.T
    high, middle = bottom - top, (top + bottom) / 2
    shared = np.minimum(bottom[None], bottom[:, None]) - np.maximum(top[None], top[:, None])
    level = shared > LEVEL * np.minimum(high[None], high[:, None])
    gap = left[None] - right[:, None]  # from each number to each other that is right of it
    after = ((left + right)[None] > (left + right)[:, None]) & level & (gap < WIDEST_GAP * usual)
    far = np.where(after, np.maximum(gap, 0) + np.abs(middle[None] - middle[:, None]), np.inf)
    next_one, one_before = far.argmin(axis=1), far.argmin(axis=0)
    each = np.arange(len(numbers))
    mutual = np.isfinite(far[each, next_one]) & (one_before[next_one] == each)
    groups = joined(np.column_stack([each, next_one])[mutual], len(numbers))
    lines = [
        sorted(
            (numbers[int(i)] for i in np.flatnonzero(groups == group)),
            key=lambda n: n.box[0] + n.box[2],
        )
        for group in np.unique(groups)
    ]
    return _from_the_top(lines)


def _from_the_top(lines: Rows) -> Rows:
    return sorted(lines, key=lambda line: np.mean([n.box[1] + n.box[3] for n in line]))


def _join_far_apart(lines: Rows) -> Rows:
    """Join lines that continue each other at one level, however wide the gap between them."""
    rows = sorted(lines, key=lambda line: line[0].box[0])
    i = 0
    while i < len(rows):
        last = rows[i][-1].box
        level = [
            k
            for k, row in enumerate(rows)
            if k != i and row[0].box[0] >= last[2] and _shared(last, row[0].box) > SAME_ROW
        ]
        if level:
            rows[i] = rows[i] + rows.pop(min(level, key=lambda k: rows[k][0].box[0]))
            i = 0
        else:
            i += 1
    return _from_the_top(rows)


def _shared(one: Rectangle, other: Rectangle) -> float:
    """Return by how much of the smaller height two boxes overlap vertically."""
    shared = min(one[3], other[3]) - max(one[1], other[1])
    return shared / min(one[3] - one[1], other[3] - other[1])


def alignment(rows: Sequence[np.ndarray], usual: float) -> float:
    """Return by how many standard deviations rows align better than when they are shifted.

    Parameters
    ----------
    rows : where the numbers of each begin and end: (n, 2) px
    usual : height of their digits in px of the maps
    """
    spans = np.concatenate(rows) / usual
    sizes = np.array([len(row) for row in rows])
    rng = np.random.default_rng(0)  # the same page always gives the same table
    shifts = rng.uniform(-WIDEST_SHIFT, WIDEST_SHIFT, (SHIFTS, len(rows)))
    shifted = [_common_columns(spans + np.repeat(shift, sizes)[:, None], sizes) for shift in shifts]
    spread = max(float(np.std(shifted)), 0.5)
    return (_common_columns(spans, sizes) - float(np.mean(shifted))) / spread


def _common_columns(spans: np.ndarray, sizes: np.ndarray) -> float:
    """Return how many columns pairs of rows have in common, each pair less one: a margin is none.

    Parameters
    ----------
    spans : left and right end of each number, in digit heights: (n, 2)
    sizes : how many of these each row has
    """
    lines = np.column_stack([spans, spans.mean(axis=1)]).astype(np.float32)
    apart = np.min([np.abs(line[:, None] - line[None]) for line in lines.T], axis=0)
    near = np.clip(1 - apart / NEAR, 0, None)
    starts = np.cumsum(sizes) - sizes
    total, best = (
        over.reduceat(over.reduceat(near, starts, axis=0), starts, axis=1)
        for over in (np.add, np.maximum)
    )
    pairs = total - best
    return float(pairs.sum() - np.trace(pairs)) / 2


def _with_cells(
    regions: NumberRegions, rows: Rows, columns: Columns, *, keep: bool
) -> NumberRegions:
    """Return regions whose rows and columns are cells; `keep` the ruled ones beside them."""
    before = regions.cells.cells if keep else ()
    table = 1 + max((cell.table for cell in before), default=-1)
    name = 1 + max((cell.name for cell in before), default=0)
    labels = regions.cells.labels.copy() if keep else np.zeros_like(regions.cells.labels)
    cells = list(before)
    home = {number.name: number.cell if keep else 0 for number in regions.numbers}
    edges = _edges(rows, columns)
    heights = _heights(rows, columns, NARROW * regions.usual)
    for i, (row, places) in enumerate(zip(rows, columns.places, strict=True)):
        for k, (left, right) in enumerate(pairwise(edges[i].tolist())):
            top, bottom = heights[i, k]
            paper = labels[top:bottom, left:right]
            paper[paper == 0] = name
            mine = [number for number, place in zip(row, places, strict=True) if place == k]
            home.update((number.name, name) for number in mine)
            box = bounds([(left, int(top), right, int(bottom)), *(number.box for number in mine)])
            cells.append(MapCell(table, i, k, box, name))
            name += 1
    numbers = tuple(replace(number, cell=home[number.name]) for number in regions.numbers)
    return replace(regions, numbers=numbers, cells=MapCells(tuple(cells), labels))


def _edges(rows: Rows, columns: Columns) -> np.ndarray:
    """Return the left and right edges of cells: (rows, columns + 1) int px.

    An edge lies halfway between the numbers of a column and those of the next.
    """
    beside = spans_of(rows, columns) - columns.middles[..., None]
    left, right = (columns.middles + np.nanmedian(beside[..., side], axis=0) for side in (0, 1))
    left[:, 0] = columns.middles[:, 0] + np.nanmin(beside[:, 0, 0])
    right[:, -1] = columns.middles[:, -1] + np.nanmax(beside[:, -1, 1])
    between = (right[:, :-1] + left[:, 1:]) / 2
    edges = np.rint(np.concatenate([left[:, :1], between, right[:, -1:]], axis=1)).astype(int)
    order = np.arange(edges.shape[1])  # wide numbers may overlap the next column
    return np.maximum.accumulate(np.maximum(edges, 0) - order, axis=1) + order


def _heights(rows: Rows, columns: Columns, most: float) -> np.ndarray:
    """Return the top and bottom of each cell: (rows, columns, 2) int px.

    Rows may slope and bend: a cell's middle lies on the line through its neighbours' numbers.
    """
    middles = np.array(
        [
            np.interp(
                at,
                [(n.box[0] + n.box[2]) / 2 for n in row],
                [(n.box[1] + n.box[3]) / 2 for n in row],
            )
            for row, at in zip(rows, columns.middles, strict=True)
        ]
    )
    half = np.minimum(np.abs(np.diff(middles, axis=0)) / 2, most)
    edge = np.full((1, middles.shape[1]), most)
    up, down = np.concatenate([edge, half]), np.concatenate([half, edge])
    top, bottom = np.maximum(np.floor(middles - up), 0), np.ceil(middles + down)
    return np.stack([top, np.maximum(bottom, top + 1)], axis=-1).astype(int)
