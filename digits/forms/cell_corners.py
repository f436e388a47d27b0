"""Align a form that consists of a table or a row of boxes by the corners of its cells."""

from collections.abc import Iterator
from itertools import product

import numpy as np

from digits.arrays import Float64
from digits.image.table_grid import find_grid
from digits.types import Ink

LITTLE = 300  # features of a form below which a table's corners may align it
FEWEST_CELLS = 3  # of a table that aligns a form
MISSED_CELLS = 1  # rows or columns at a table's rim that may not be found
NO_GRID = np.zeros((0, 0, 4, 2))


def find_cell_corners(ink: Ink) -> Float64[np.ndarray, "r c 4 2"]:
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


def overlaps(one: np.ndarray, other: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
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
