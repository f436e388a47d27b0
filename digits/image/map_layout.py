"""Numbers and cells that the page network found, cut out of the page with their own ink."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from digits.image.number_regions import NumberRegion, NumberRegions
from digits.image.rectify import MARGIN, SIDE_MARGIN, straighten
from digits.types import Box, Page, Region

SPREAD = 3  # px of the maps: window by which a number's ink is widened, for pale rims
KEPT = 0.35  # of the widened ink in a pixel from which it is the number's
AROUND = 0.06  # of the digits' height, added around a number's ink


@dataclass(frozen=True, slots=True)
class Placed:
    """A number, or a cell with or without one, as the reader takes it."""

    page: Page | None  # None where no number is written
    box: Box  # in pixels of the original
    table: int | None = None  # None outside tables
    place: tuple[int, int] | None = None  # row and column
    other: tuple[Box, ...] = ()  # writing in the cell that is no number


def lay_out(page: Page, regions: NumberRegions) -> list[Placed]:
    """Return the cells of tables row by row, and numbers outside them, from top to foot.

    Parameters
    ----------
    page : ink and contrast of the whole picture
    regions : what the maps show of it
    """
    homes: dict[int, list[NumberRegion]] = {}
    for number in regions.numbers:
        homes.setdefault(number.cell, []).append(number)
    placed = [
        (number.box[1], Placed(_cut_out(page, regions, [number]), _box(page, regions, number.box)))
        for number in homes.get(0, [])
    ]
    others = _others(page, regions)
    for cell in regions.cells.cells:
        mine = _one_line(homes.get(cell.name, []))
        placed.append(
            (
                cell.box[1],
                Placed(
                    _cut_out(page, regions, mine) if mine else None,
                    _box(page, regions, cell.box),
                    cell.table,
                    (cell.row, cell.column),
                    others.get(cell.name, ()),
                ),
            )
        )
    return [each for _, each in sorted(placed, key=lambda pair: pair[0])]


def _one_line(numbers: list[NumberRegion]) -> list[NumberRegion]:
    """Return the numbers of a cell that stand on the line of its largest one."""
    if len(numbers) < 2:  # noqa: PLR2004
        return numbers
    main = max(numbers, key=lambda n: (n.box[2] - n.box[0]) * (n.box[3] - n.box[1]))
    return [n for n in numbers if min(n.box[3], main.box[3]) - max(n.box[1], main.box[1]) > 0]


def _others(page: Page, regions: NumberRegions) -> dict[int, tuple[Box, ...]]:
    """Return where in each cell something else is written, by the cell's name."""
    found: dict[int, list[Box]] = {}
    least = 0.06 * regions.usual**2
    home = regions.other.commonest(regions.cells.labels)
    for piece in np.flatnonzero((home > 0) & (regions.other.area > least)):
        left, top, right, bottom = (int(side) for side in regions.other.boxes[piece])
        found.setdefault(int(home[piece]), []).append(
            _box(page, regions, (left, top, right, bottom))
        )
    return {name: tuple(boxes) for name, boxes in found.items()}


def _cut_out(page: Page, regions: NumberRegions, numbers: list[NumberRegion]) -> Page:
    """Straighten numbers out of a page, without the ink of anything else."""
    around = AROUND * max(n.tall for n in numbers)
    left, top = (min(n.box[k] for n in numbers) - around for k in (0, 1))
    right, bottom = (max(n.box[k] for n in numbers) + around for k in (2, 3))
    region = _region(page, regions, (left, top, right, bottom))
    piece = straighten(page, region, MARGIN, SIDE_MARGIN)
    own = np.isin(regions.labels, [n.name for n in numbers]).astype(np.float32)
    x0, y0 = max(0, int(left) - 4), max(0, int(top) - 4)
    own = np.ascontiguousarray(own[y0 : int(bottom) + 5, x0 : int(right) + 5])
    own = cv2.dilate(own, np.ones((SPREAD, SPREAD), np.uint8))
    to_maps = (
        np.array([[1, 0, -x0], [0, 1, -y0], [0, 0, 1]])
        @ np.linalg.inv(regions.maps.to_page)
        @ np.linalg.inv(page.to_original)
        @ piece.to_original
    )
    # From the middle of a pixel to the middle of a pixel, as OpenCV counts.
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    matrix = np.linalg.inv(half) @ to_maps @ half
    height, width = piece.ink.shape
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    kept = cv2.warpPerspective(own, matrix, (width, height), flags=flags) > KEPT
    return replace(
        piece,
        ink=np.where(kept, piece.ink, 0).astype(np.float32),
        contrast=np.where(kept, piece.contrast, np.minimum(piece.contrast, 0)).astype(np.float32),
    )


def _region(page: Page, regions: NumberRegions, box: tuple[float, float, float, float]) -> Region:
    """Return a box of the maps as a region of the page."""
    left, top, right, bottom = box
    corners = np.array([[left, right, right, left], [top, top, bottom, bottom], [1, 1, 1, 1]])
    x, y, scale = regions.maps.to_page @ corners
    height, width = page.ink.shape
    placed = np.clip(np.stack([x / scale, y / scale], axis=1), 0, (width, height))
    return Region(tuple((float(px), float(py)) for px, py in placed))


def _box(page: Page, regions: NumberRegions, box: tuple[int, int, int, int]) -> Box:
    """Return a box of the maps in pixels of the original."""
    corners = np.array(_region(page, regions, box).corners)
    left, top = np.floor(corners.min(axis=0)).astype(int)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int)
    return page.box_in_original(
        Box(int(left), int(top), max(1, int(right - left)), max(1, int(bottom - top)))
    )
