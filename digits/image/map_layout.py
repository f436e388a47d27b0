"""Cut out the numbers and cells that the page network found, each with its own ink."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from digits.image.alignment import find_lines
from digits.image.binarize import to_ink
from digits.image.cells import MapCell
from digits.image.components import find_components
from digits.image.number_regions import TALL, NumberRegion, NumberRegions, Rectangle, bounds
from digits.image.rectify import MARGIN, SIDE_MARGIN, straighten
from digits.types import BACKGROUND, STRUCK, Box, Page, Region

APART = 1.5  # digit heights from which two neighbours in one row are two numbers
CLOSE = 0.3  # digit heights up to which two neighbours are read together
LEAST_OTHER = 0.06  # of the square of the digits' height; smaller writing in a cell is dirt
SPREAD = 3  # px of the maps: window by which a number's ink is dilated, for pale rims
BARE = 0.05  # of the dilated ink in a pixel, below which it is bare paper
FAR = 1e-3  # weight of the whole piece's paper where no paper is near
LEAST_PAPER = 0.25  # of white; on darker paper a ratio is meaningless
KEPT = 0.35  # of the dilated ink in a pixel, from which it belongs to the number
AROUND = 0.06  # of the digits' height, added around a number's ink


@dataclass(frozen=True, slots=True)
class Placed:
    """A number, or a cell with or without one, ready to be read."""

    page: Page | None  # None without a number
    box: Box  # in pixels of the original
    table: int | None = None  # None outside tables
    place: tuple[int, int] | None = None  # row and column
    other: tuple[Box, ...] = ()  # writing in the cell that is not a number
    parts: "tuple[Placed, ...]" = ()  # numbers that are read separately and then joined


def lay_out(page: Page, regions: NumberRegions) -> list[Placed]:
    """Return cells of tables and lines of numbers, from top to bottom.

    Numbers outside cells that stand close on one line are one line.

    Parameters
    ----------
    page : as `digits.image.page_segmentation.open_levels` gives it
    regions : what the maps show of it, with the cells of all its tables
    """
    homes: dict[int, list[NumberRegion]] = {}
    for number in regions.numbers:
        homes.setdefault(number.cell, []).append(number)
    free = homes.pop(0, [])
    placed = [_cell(page, regions, cell, homes.get(cell.name, [])) for cell in regions.cells.cells]
    lines = [
        line
        for row in find_lines(free, regions.usual)
        for line in _divide(row, APART * regions.usual)
    ]
    placed += [(bounds([n.box for n in line])[1], _line(page, regions, line)) for line in lines]
    return [each for _, each in sorted(placed, key=lambda pair: pair[0])]


def find_left_out(page: Page, regions: NumberRegions) -> tuple[Box, ...]:
    """Return digit-like ink that is in no number, and other writing outside table cells.

    Parameters
    ----------
    page, regions : as for `lay_out`
    """
    digit_like = [box for box in regions.left_out if box[3] - box[1] >= TALL * regions.usual]
    cell = regions.other.commonest(regions.cells.labels)
    beside = (cell == 0) & (regions.other.area > LEAST_OTHER * regions.usual**2)
    writing = [_rectangle(box) for box in regions.other.boxes[beside]]
    return tuple(_box(page, regions, box) for box in (*digit_like, *writing))


def find_struck_out(page: Page, regions: NumberRegions) -> tuple[Box, ...]:
    """Return the boxes of struck-out numbers, with their strokes, in px of the original."""
    pieces = find_components(regions.maps.labels == STRUCK)
    large = pieces.area > LEAST_OTHER * regions.usual**2
    return tuple(_box(page, regions, _rectangle(box)) for box in pieces.boxes[large])


def _cell(
    page: Page, regions: NumberRegions, cell: MapCell, numbers: list[NumberRegion]
) -> tuple[int, Placed]:
    """Return one cell of a ruled table, and its top. Numbers on its other lines are not read."""
    mine = _one_line(numbers)
    beside = [_box(page, regions, number.box) for number in numbers if number not in mine]
    return cell.box[1], Placed(
        _cut_out(page, regions, mine) if mine else None,
        _box(page, regions, cell.box),
        cell.table,
        (cell.row, cell.column),
        (*_others(page, regions, cell), *beside),
    )


def _line(page: Page, regions: NumberRegions, line: list[NumberRegion]) -> Placed:
    """Return the numbers of one line; those that do not stand close are read separately."""
    whole = Placed(
        _cut_out(page, regions, line), _box(page, regions, bounds([n.box for n in line]))
    )
    parts = _divide(line, CLOSE * regions.usual)
    if len(parts) == 1:
        return whole
    return replace(whole, parts=tuple(_line(page, regions, part) for part in parts))


def _divide(row: list[NumberRegion], gap: float) -> list[list[NumberRegion]]:
    """Divide a row of numbers, from left to right, where a gap is wider than `gap` px."""
    parts = [row[:1]]
    for number in row[1:]:
        if number.box[0] - max(n.box[2] for n in parts[-1]) > gap:
            parts.append([])
        parts[-1].append(number)
    return parts


def _one_line(numbers: list[NumberRegion]) -> list[NumberRegion]:
    """Return the numbers of a cell on the line of its largest one."""
    if len(numbers) < 2:  # noqa: PLR2004
        return numbers
    main = max(numbers, key=lambda n: (n.box[2] - n.box[0]) * (n.box[3] - n.box[1]))
    return [n for n in numbers if min(n.box[3], main.box[3]) - max(n.box[1], main.box[1]) > 0]


def _others(page: Page, regions: NumberRegions, cell: MapCell) -> tuple[Box, ...]:
    """Return the boxes of other writing in a cell."""
    left, top, right, bottom = cell.box
    own = regions.cells.labels[top:bottom, left:right] == cell.name
    found = np.unique(regions.other.labels[top:bottom, left:right][own])
    least = LEAST_OTHER * regions.usual**2
    return tuple(
        _box(page, regions, _rectangle(regions.other.boxes[piece - 1]))
        for piece in found
        if piece > 0 and regions.other.area[piece - 1] > least
    )


def _cut_out(page: Page, regions: NumberRegions, numbers: list[NumberRegion]) -> Page:
    """Straighten numbers out of a page, without the ink of anything else.

    Ink is measured against the paper next to it. The maps say which is which, so neither the
    surroundings of the sheet nor the polarity of the ink matter.
    """
    around = AROUND * max(n.tall for n in numbers)
    left, top = (min(n.box[k] for n in numbers) - around for k in (0, 1))
    right, bottom = (max(n.box[k] for n in numbers) + around for k in (2, 3))
    piece = straighten(
        page, _region(page, regions, (left, top, right, bottom)), MARGIN, SIDE_MARGIN
    )
    own, bare, else_inked = _masks(page, regions, piece, [n.name for n in numbers])
    contrast = np.where(else_inked & ~own, 0, _contrast(piece.contrast, own, bare))
    ink = np.where(own, to_ink(contrast.astype(np.float32)), 0)
    return replace(piece, ink=ink.astype(np.float32), contrast=contrast.astype(np.float32))


def _masks(
    page: Page, regions: NumberRegions, piece: Page, names: list[int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return masks of the numbers' own ink, of bare paper, and of other ink on a piece."""
    height, width = piece.ink.shape
    to_maps = (
        np.linalg.inv(regions.maps.to_page) @ np.linalg.inv(page.to_original) @ piece.to_original
    )
    corners = to_maps @ np.array([[0, width, width, 0], [0, 0, height, height], [1, 1, 1, 1]])
    x, y = corners[:2] / corners[2]
    rows = slice(max(0, int(y.min()) - 4), max(1, int(y.max()) + 5))
    columns = slice(max(0, int(x.min()) - 4), max(1, int(x.max()) + 5))
    mine = np.isin(regions.labels[rows, columns], names)
    inked = regions.maps.labels[rows, columns] != BACKGROUND
    window = np.ones((SPREAD, SPREAD), np.uint8)
    layers = (
        cv2.dilate(mine.astype(np.float32), window),
        cv2.dilate(inked.astype(np.float32), window),
        cv2.dilate((inked & ~mine).astype(np.float32), window),
        mine.astype(np.float32),
        regions.borders[rows, columns].astype(np.float32),
    )
    # OpenCV's coordinates are those of pixel centres.
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    offset = np.array([[1, 0, -columns.start], [0, 1, -rows.start], [0, 0, 1]])
    matrix = np.linalg.inv(half) @ offset @ to_maps @ half
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    own, any_ink, other, mine_here, border = (
        cv2.warpPerspective(layer, matrix, (width, height), flags=flags) for layer in layers
    )
    return (own > KEPT) & ~((border > KEPT) & (border > mine_here)), any_ink < BARE, other > KEPT


def _contrast(level: np.ndarray, own: np.ndarray, bare: np.ndarray) -> np.ndarray:
    """Return the contrast of each pixel with the bare paper near it: 0 to 1."""
    if not bare.any() or not own.any():
        return np.zeros(level.shape, np.float32)
    reach = 2 * (level.shape[0] // 2) + 1
    weight = bare.astype(np.float32)
    near = cv2.blur(weight, (reach, reach))
    mean = float(level[bare].mean())
    paper = (cv2.blur(level * weight, (reach, reach)) + FAR * mean) / (near + FAR)
    if level[own].mean() > paper[own].mean():  # chalk on a board
        level, paper = 1 - level, 1 - paper
    return np.clip((paper - level) / np.maximum(paper, LEAST_PAPER), 0, 1)


def _region(
    page: Page, regions: NumberRegions, box: tuple[float, float, float, float] | Rectangle
) -> Region:
    """Return a box of the maps as a region of the page."""
    left, top, right, bottom = box
    corners = np.array([[left, right, right, left], [top, top, bottom, bottom], [1, 1, 1, 1]])
    x, y, scale = regions.maps.to_page @ corners
    height, width = page.ink.shape
    placed = np.clip(np.stack([x / scale, y / scale], axis=1), 0, (width, height))
    return Region(tuple((float(px), float(py)) for px, py in placed))


def _rectangle(sides: np.ndarray) -> Rectangle:
    """Return a box as plain numbers."""
    left, top, right, bottom = (int(side) for side in sides)
    return left, top, right, bottom


def _box(page: Page, regions: NumberRegions, box: Rectangle) -> Box:
    """Return a box of the maps in pixels of the original."""
    corners = np.array(_region(page, regions, box).corners)
    left, top = np.floor(corners.min(axis=0)).astype(int)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int)
    return page.box_in_original(
        Box(int(left), int(top), max(1, int(right - left)), max(1, int(bottom - top)))
    )
