"""Arrange numbers that no rules enclose into the rows and columns of a table.

Numbers are a table if they align: pairs of rows have many more columns in common, in which numbers
begin, end or are centred, than when each row is shifted at random. Each row's numbers are then
assigned to columns, from left to right, by dynamic programming.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise

import numpy as np

from digits.image.cells import MapCell, MapCells
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
ASIDE = 0.5  # of the distance between columns: a number so far from all begins another
ONE_COLUMN = 0.5  # of the narrower column by which two that are one overlap
AS_WIDE = 1.25  # widths of a column's other numbers that the pieces of one number have, at most
BESIDE = 2  # columns on either side that may overlap one
ROUNDS = 3  # of assigning numbers to columns and moving these to their numbers
NEAREST = 5  # numbers of a column, in the nearest rows, that say where it is in the next
FITS = 10  # of the slopes of columns: least squares, with weights that make it least deviations
NARROW = 1.0  # digit heights from one row of numbers to the edge of its cells, at most

Rows = list[list[NumberRegion]]
Members = list[tuple[int, float]]  # of a column: row and middle of each number


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of rows of numbers, from left to right.

    They need not be vertical: a camera that looks down at a sheet shows columns that converge.
    """

    middles: np.ndarray  # of each column in each row: (rows, columns) px
    places: tuple[tuple[int | None, ...], ...]  # for each row, the column of each number

    def sizes(self) -> np.ndarray:
        """Return how many numbers each column has."""
        every = [column for row in self.places for column in row if column is not None]
        return np.bincount(np.array(every, int), minlength=self.middles.shape[1])


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
    if alignment(_straight(rows, columns), usual) < ALIGNED:
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


def _straight(rows: Rows, columns: Columns) -> list[np.ndarray]:
    """Return where the numbers of each row begin and end if columns are vertical: (n, 2) px."""
    lean = columns.middles - np.median(columns.middles, axis=0)
    spans = [np.array([(n.box[0], n.box[2]) for n in row], float) for row in rows]
    return [
        span - np.interp(span.mean(axis=1), middles, aside)[:, None]
        for span, middles, aside in zip(spans, columns.middles, lean, strict=True)
    ]


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


def find_columns(rows: Rows, usual: float) -> Columns:
    """Return the columns in which the numbers of rows stand.

    It begins with the columns of the longest row and goes on to the rows beside it. A number far
    from all columns begins another.

    Parameters
    ----------
    rows : of numbers, from left to right by their middles; at least one number
    usual : height of their digits in px of the maps
    """
    middles = [[(n.box[0] + n.box[2]) / 2 for n in row] for row in rows]
    longest = max(range(len(rows)), key=lambda i: len(rows[i]))
    outward = sorted(range(len(rows)), key=lambda i: abs(i - longest))
    columns = [[(longest, middle)] for middle in middles[longest]]
    for each_round in range(ROUNDS):
        fitted = _fit_lines(columns, len(rows))
        members: list[Members] = [[] for _ in columns]
        for i in outward:
            at = fitted[i].tolist() if each_round else [_follow(column, i) for column in columns]
            places = _assign(middles[i], at, usual)
            for middle, place in zip(middles[i], places, strict=True):
                if place is not None:
                    members[place].append((i, middle))
            for middle, place in zip(middles[i], places, strict=True):
                if place is None:
                    k = int(np.searchsorted(at, middle))
                    at.insert(k, middle)
                    fitted = np.insert(fitted, k, middle, axis=1)
                    columns.insert(k, [(i, middle)])
                    members.insert(k, [(i, middle)])
            if not each_round:
                columns = [mine or column for mine, column in zip(members, columns, strict=True)]
        columns = sorted(filter(None, members), key=lambda column: np.median(column, axis=0)[1])
    at_row = _fit_lines(columns, len(rows))
    assigned = [_assign(row, at, usual) for row, at in zip(middles, at_row.tolist(), strict=True)]
    return _without_pieces(rows, _used(Columns(at_row, tuple(map(tuple, assigned)))))


def _used(columns: Columns) -> Columns:
    """Return the columns that have numbers."""
    used = np.flatnonzero(columns.sizes())
    rank: dict[int | None, int | None] = {int(place): k for k, place in enumerate(used)}
    rank[None] = None
    places = tuple(tuple(rank[place] for place in row) for row in columns.places)
    return Columns(columns.middles[:, used], places)


def _without_pieces(rows: Rows, columns: Columns) -> Columns:
    """Return columns that lie beside each other.

    A number whose digits stand far apart may be two regions, each in a column of its own. Where
    numbers of other rows take up the place of both, these are one column.
    """
    spans, sizes = _spans(rows, columns), columns.sizes()
    over: list[list[int]] = [[] for _ in sizes]  # the columns that overlap each
    for k, j in combinations(range(len(sizes)), 2):
        path = columns.middles[:, k if sizes[k] >= sizes[j] else j, None]
        if (
            j - k <= BESIDE
            and _width_in_common(spans[:, k] - path, spans[:, j] - path) > ONE_COLUMN
        ):
            over[k].append(j)
            over[j].append(k)
    home = list(range(len(sizes)))
    for k in np.argsort(-sizes, kind="stable").tolist():
        if len(over[k]) != 1 or abs(over[k][0] - k) > 1:
            continue  # a wide number over several columns, or none
        if (sizes[over[k][0]], k) > (sizes[k], over[k][0]):
            home[k] = over[k][0]
    places = tuple(tuple(None if p is None else home[p] for p in row) for row in columns.places)
    return _used(Columns(columns.middles, places))


def _width_in_common(one: np.ndarray, other: np.ndarray) -> float:
    """Return by how much of the narrower column two columns overlap, 0 if they are no pieces.

    Parameters
    ----------
    one, other : where their numbers begin and end, in px from the path of one of them, NaN where
        a row has none: (rows, 2)
    """
    fewer, more = sorted((one, other), key=lambda spans: np.isfinite(spans[:, 0]).sum())
    both = np.isfinite(fewer[:, 0]) & np.isfinite(more[:, 0])
    alone = np.isfinite(more[:, 0]) & ~both
    if both.sum() >= alone.sum():  # most numbers are whole
        return 0.0
    left, right = np.median(more[alone], axis=0)
    joined_width = np.maximum(fewer, more)[both, 1] - np.minimum(fewer, more)[both, 0]
    if both.any() and np.median(joined_width) > AS_WIDE * (right - left):
        return 0.0
    begin, end = np.nanmedian(fewer, axis=0)
    return float((min(end, right) - max(begin, left)) / min(end - begin, right - left))


def _spans(rows: Rows, columns: Columns) -> np.ndarray:
    """Return where the numbers of each cell begin and end: (rows, columns, 2) px, NaN without."""
    spans = np.full((*columns.middles.shape, 2), np.nan)
    for i, (row, places) in enumerate(zip(rows, columns.places, strict=True)):
        for k in set(places) - {None}:
            left, _, right, _ = bounds([n.box for n, p in zip(row, places, strict=True) if p == k])
            spans[i, k] = left, right
    return spans


def _follow(column: Members, row: int) -> float:
    """Return where a column is in a row: the median of its numbers in the nearest rows."""
    nearest = sorted(column, key=lambda member: abs(member[0] - row))[:NEAREST]
    return float(np.median([middle for _, middle in nearest]))


def _fit_lines(columns: Sequence[Members], n_rows: int) -> np.ndarray:
    """Return where columns are in each row: (rows, columns) px.

    Columns are lines whose slope is a linear function of where they stand, as a camera shows lines
    that are parallel. The two parameters are those of the least absolute deviations of all pairs
    of numbers of a column.
    """
    pairs = [
        (after[0] - before[0], (after[1] + before[1]) / 2, after[1] - before[1])
        for column in columns
        for before, after in combinations(sorted(column), 2)
        if after[0] > before[0]
    ]
    stands = np.array([np.median(column, axis=0)[1] for column in columns])
    shear, spread = 0.0, 0.0
    middle = float(stands.mean())
    if len(columns) > 1 and len(pairs) > len(columns):
        down, at, aside = np.array(pairs, float).T
        known = np.column_stack([down, down * (at - middle)])
        weights = np.ones(len(pairs))
        for _ in range(FITS):
            root = np.sqrt(weights)
            shear, spread = np.linalg.lstsq(known * root[:, None], aside * root, rcond=None)[0]
            off = np.abs(aside - known @ (shear, spread))
            weights = 1 / np.maximum(off, 1)
        n = sum(map(len, columns))
        if n * np.log((np.abs(aside).sum() + 1) / (off.sum() + 1)) < np.log(
            n
        ):  # BIC, of two parameters
            shear, spread = 0.0, 0.0
    rows = np.arange(n_rows)
    lines = []
    for column, stand in zip(columns, stands, strict=True):
        slope = shear + spread * (stand - middle)
        start = np.median([x - slope * i for i, x in column])
        lines.append(start + slope * rows)
    return np.column_stack(lines)


def _assign(row: Sequence[float], columns: Sequence[float], usual: float) -> list[int | None]:
    """Return a row's columns, from left to right; None for a number that is far from all.

    The sum of the distances is least. A number without a column costs as much as one that is far.
    """
    between = [after - before for before, after in pairwise(columns)]
    far = max(usual, ASIDE * float(np.median(between))) if between else usual
    n, m = len(row), len(columns)
    off = np.abs(np.subtract.outer(np.asarray(row), np.asarray(columns))).tolist()
    # least[i][k]: of the first i numbers in the first k columns
    least = [[far * i] + [0.0] * m for i in range(n + 1)]
    for i in range(1, n + 1):
        here, above, distance = least[i], least[i - 1], off[i - 1]
        for k in range(1, m + 1):
            here[k] = min(here[k - 1], above[k] + far, above[k - 1] + distance[k - 1])
    places: list[int | None] = [None] * n
    i, k = n, m
    while i and k:
        if least[i][k] == least[i][k - 1]:
            k -= 1
        elif least[i][k] == least[i - 1][k] + far:
            i -= 1
        else:
            i, k = i - 1, k - 1
            places[i] = k
    return places


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
    beside = _spans(rows, columns) - columns.middles[..., None]
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
