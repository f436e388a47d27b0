"""Find the columns in which rows of numbers stand, and which number is in which.

Each row's numbers are assigned to columns from left to right, by dynamic programming. Columns are
lines that may lean and converge, as a camera shows them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from digits.image.number_regions import NumberRegion, bounds

ASIDE = 0.5  # of the distance between columns: a number so far from all begins another
ONE_COLUMN = 0.5  # of the narrower column by which two that are one overlap
AS_WIDE = 1.25  # widths of a column's other numbers that the pieces of one number have, at most
BESIDE = 2  # columns on either side that may overlap one
ROUNDS = 3  # of assigning numbers to columns and moving these to their numbers
NEAREST = 5  # numbers of a column, in the nearest rows, that say where it is in the next
FITS = 10  # of the slopes of columns: least squares, with weights that make it least deviations

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
    spans, sizes = spans_of(rows, columns), columns.sizes()
    over: list[list[int]] = [[] for _ in sizes]  # the columns that overlap each
    for k, j in combinations(range(len(sizes)), 2):
        if j - k > BESIDE:
            continue
        path = columns.middles[:, k if sizes[k] >= sizes[j] else j, None]
        if _width_in_common(spans[:, k] - path, spans[:, j] - path) > ONE_COLUMN:
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


def spans_of(rows: Rows, columns: Columns) -> np.ndarray:
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
            weighted = known.T * weights
            shear, spread = np.linalg.lstsq(weighted @ known, weighted @ aside, rcond=None)[0]
            off = np.abs(aside - known @ (shear, spread))
            weights = 1 / np.maximum(off, 1)
        n = sum(map(len, columns))
        gain = n * np.log((np.abs(aside).sum() + 1) / (off.sum() + 1))
        if gain < np.log(n):  # too little for two parameters, by the BIC
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


def upright(rows: Rows, columns: Columns) -> list[np.ndarray]:
    """Return where each row's numbers begin and end if columns are vertical: (n, 2) px each."""
    lean = columns.middles - np.median(columns.middles, axis=0)
    spans = [np.array([(n.box[0], n.box[2]) for n in row], float) for row in rows]
    return [
        span - np.interp(span.mean(axis=1), middles, aside)[:, None]
        for span, middles, aside in zip(spans, columns.middles, lean, strict=True)
    ]
