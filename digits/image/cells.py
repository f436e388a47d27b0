"""Find cells of tables and rows of boxes: areas of paper enclosed by rules."""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from digits.image.components import Components, find_components, joined
from digits.image.page_maps import PageMaps
from digits.types import RULE

BRIDGE = 0.6  # digit heights: a shorter break in a rule is closed
RULED = 0.3  # probability of a rule that separates cells
SMALLEST = (0.55, 0.75)  # digit heights: width and height of the smallest cell
LARGEST = (16.0, 6.0)  # digits' heights
FULL = 0.6  # of its box that a cell's paper fills
APART = 0.6  # digit heights: cells further apart belong to two tables
BESIDE = 0.6  # of the smaller side by which neighbours overlap
LEVEL = 0.4  # of the smaller height: vertical distance of one row's cells
MOST = 1500  # cells


@dataclass(frozen=True, slots=True)
class MapCell:
    """One cell; its box is in px of the maps."""

    table: int
    row: int
    column: int
    box: tuple[int, int, int, int]  # left, top, right, bottom
    name: int  # its value in `MapCells.labels`


@dataclass(frozen=True, slots=True)
class MapCells:
    """All cells of a page, and the cell of each pixel."""

    cells: tuple[MapCell, ...]
    labels: np.ndarray  # (h, w) int32: 0 outside cells


def find_cells(maps: PageMaps, usual: float) -> MapCells:
    """Return the cells enclosed by rules.

    Parameters
    ----------
    maps : of an upright page
    usual : height of its digits in px of the maps
    """
    holes = find_components(~_barriers(maps, usual), connectivity=4)
    kept = _cell_like(holes, usual, maps.labels.shape)
    if not len(kept) or len(kept) > MOST:
        return MapCells((), np.zeros(maps.labels.shape, np.int32))
    names = np.zeros(len(holes) + 1, np.int32)
    names[kept + 1] = np.arange(1, len(kept) + 1)
    boxes = holes.boxes[kept].astype(float)
    across, down = _neighbours(boxes, usual), _neighbours(boxes[:, [1, 0, 3, 2]], usual)
    tables = joined(np.concatenate([across, down]), len(boxes))
    cells: list[MapCell] = []
    for number, table in enumerate(np.unique(tables)):
        mine = np.flatnonzero(tables == table)
        rows = _ranks(boxes[mine], across, mine, 1)
        columns = _ranks(boxes[mine], down, mine, 0)
        cells += [
            MapCell(
                number,
                int(row),
                int(column),
                tuple(int(side) for side in boxes[i]),  # type: ignore[arg-type]
                int(i) + 1,
            )
            for i, row, column in zip(mine, rows, columns, strict=True)
        ]
    return MapCells(tuple(cells), names[holes.labels])


def _barriers(maps: PageMaps, usual: float) -> np.ndarray:
    """Return a mask of rules with closed breaks: (h, w) bool."""
    ruled = ((maps.probabilities[..., RULE] > RULED) | (maps.labels == RULE)).astype(np.uint8)
    length = max(3, round(BRIDGE * usual))
    across = cv2.morphologyEx(ruled, cv2.MORPH_CLOSE, np.ones((1, length), np.uint8))
    down = cv2.morphologyEx(ruled, cv2.MORPH_CLOSE, np.ones((length, 1), np.uint8))
    return (across | down) > 0


def _cell_like(holes: Components, usual: float, shape: tuple[int, ...]) -> np.ndarray:
    """Return which holes have the size and shape of a cell: (n,) indices."""
    wide, high = holes.width, holes.height
    inside = (
        (holes.boxes[:, 0] > 0)
        & (holes.boxes[:, 1] > 0)
        & (holes.boxes[:, 2] < shape[1])
        & (holes.boxes[:, 3] < shape[0])
    )
    sized = (
        (wide >= SMALLEST[0] * usual)
        & (high >= SMALLEST[1] * usual)
        & (wide <= LARGEST[0] * usual)
        & (high <= LARGEST[1] * usual)
    )
    # Cells at the picture's rim have no outer border.
    cut = (~inside) & (wide <= 0.5 * shape[1]) & (high <= 0.5 * shape[0])
    return np.flatnonzero(sized & (inside | cut) & (holes.area >= FULL * wide * high))


def _neighbours(boxes: np.ndarray, usual: float) -> np.ndarray:
    """Return pairs of horizontally adjacent boxes: (n, 4) -> (m, 2)."""
    left, top, right, bottom = boxes.T
    gap = left[None, :] - right[:, None]
    shared = np.minimum(bottom[None, :], bottom[:, None]) - np.maximum(top[None, :], top[:, None])
    high = np.minimum((bottom - top)[None, :], (bottom - top)[:, None])
    near = (gap > -0.3 * usual) & (gap < APART * usual) & (shared > BESIDE * high)
    near &= left[None, :] > left[:, None]
    return np.argwhere(near)


def _ranks(boxes: np.ndarray, pairs: np.ndarray, mine: np.ndarray, axis: int) -> np.ndarray:
    """Return the row (axis 1) or column (axis 0) of each of a table's boxes: (n,).

    Neighbours of like size are of one row, and so are their neighbours: bent rows stay whole.
    """
    place = {int(whole): i for i, whole in enumerate(mine)}
    inner = np.array(
        [(place[int(a)], place[int(b)]) for a, b in pairs if int(a) in place and int(b) in place]
    ).reshape(-1, 2)
    middle = (boxes[:, axis] + boxes[:, axis + 2]) / 2
    size = boxes[:, axis + 2] - boxes[:, axis]
    if len(inner):
        a, b = inner.T
        level = np.abs(middle[a] - middle[b]) < LEVEL * np.minimum(size[a], size[b])
        inner = inner[level]
    groups = joined(inner, len(boxes))
    names = np.unique(groups)
    at = np.array([np.median(middle[groups == name]) for name in names])
    spread = np.array([np.median(size[groups == name]) for name in names])
    order = np.argsort(at)
    rank = np.zeros(len(names), int)
    for before, after in pairwise(order):
        apart = at[after] - at[before] > LEVEL * min(spread[before], spread[after])
        rank[after] = rank[before] + int(apart)
    return rank[np.searchsorted(names, groups)]
