"""Find the text regions of a picture: cells of a table, or lines of writing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from digits.image.binarize import measure_contrast, to_ink
from digits.image.rectify import MARGIN, SIDE_MARGIN, flatten, straighten
from digits.image.ruling import erase
from digits.types import ANY, Box, Hint, Ink, Page, Paper, Picture, Region

# What finds pages, tables and lines is imported where it is used: a digit by itself needs none.
if TYPE_CHECKING:
    from digits.image.table_grid import Grid
    from digits.image.text_lines import Lines

FRAME_WIDTH = 0.15  # of a cell's height: width of a table's printed frame
SMALLEST_PHOTOGRAPH = 32  # px: of a smaller picture no page is searched for
LOWEST = 0.2  # of a cell's height: least height of a number next to a table


@dataclass(frozen=True, slots=True)
class TextRegion:
    """A straightened part of a page with one number, and its position in a table."""

    page: Page | None  # None if nothing is written
    box: Box  # in pixels of the original
    place: tuple[int, int] | None = None  # row and column; None outside a table
    table: int = 0  # which of the page's tables
    other: tuple[Box, ...] = ()  # in pixels of the original: writing in a cell that is not a number


@dataclass(frozen=True, slots=True)
class Layout:
    """The text regions of a page, and the ink outside them."""

    numbers: tuple[TextRegion, ...]  # in reading order
    left_out: tuple[Box, ...] = ()  # in pixels of the original: ink that may be another number
    struck_out: tuple[Box, ...] = ()  # in pixels of the original: numbers that are crossed out

    @property
    def is_table(self) -> bool:
        """Whether the regions are the cells of a table."""
        return any(part.place is not None for part in self.numbers)


def paper_of(picture: Picture, hint: Hint = ANY) -> Paper | None:
    """Return the corners of the page, in px of the original; None if it fills the picture.

    A detected sheet must contain all boxes of the hint.
    """
    if hint.paper is not None or hint.whole_picture:
        return hint.paper
    if min(picture.grey.shape) < SMALLEST_PHOTOGRAPH:
        return None
    from digits.image.paper import find_paper

    found = find_paper(picture.grey)
    if found is None:
        return None
    scale = np.array([picture.width, picture.height]) / picture.grey.shape[::-1]
    corners = (np.array(found.corners) * scale).round(1)
    paper = Paper(tuple((float(x), float(y)) for x, y in corners))
    return paper if _holds(paper, hint.boxes) else None


def open_page(
    picture: Picture, paper: Paper | None = None, *, light_on_dark: bool | None = None
) -> tuple[Page, Picture]:
    """Separate ink from paper, on a sheet of paper or on the whole picture.

    Parameters
    ----------
    picture : to read
    paper : where the page lies, as `paper_of` gives it; it is straightened, and what lies beyond
        it is left out
    light_on_dark : whether ink is lighter than paper, if known

    Returns
    -------
    page : ink and contrast; its boxes find their way to the original
    sheet : the picture of the page alone, of the same size as `page`
    """
    sheet, to_original = _cut_out(picture, paper)
    contrast = measure_contrast(sheet.grey, light_on_dark=light_on_dark)
    return Page(to_ink(contrast), contrast, to_original, (picture.width, picture.height)), sheet


def open_levels(picture: Picture, paper: Paper | None = None) -> tuple[Page, Picture]:
    """Open a picture for the page network's maps, which say themselves what of it is ink.

    Parameters
    ----------
    picture, paper : as for `open_page`

    Returns
    -------
    page : its ink and contrast are the grey levels, 0.0 black to 1.0 white
    sheet : the picture of the page alone, of the same size as `page`
    """
    sheet, to_original = _cut_out(picture, paper)
    level = sheet.grey.astype(np.float32) / 255
    return Page(level, level, to_original, (picture.width, picture.height)), sheet


def _cut_out(picture: Picture, paper: Paper | None) -> tuple[Picture, np.ndarray]:
    """Return the page of a picture, and the homography from its px to px of the original."""
    height, width = picture.grey.shape
    to_original = np.diag([picture.width / width, picture.height / height, 1.0])
    if paper is None:
        return picture, to_original
    corners = np.array(paper.corners) / to_original.diagonal()[:2]
    sheet, to_picture = _cut_sheet(picture, corners)
    return sheet, to_original @ to_picture


def _cut_sheet(picture: Picture, corners: np.ndarray) -> tuple[Picture, np.ndarray]:
    """Straighten a sheet, and return it with the homography from its px to px of the picture."""
    from digits.image.paper import clean_rim

    flat, to_picture = flatten(picture.grey, corners)
    rgb = picture.rgb if picture.rgb is None else flatten(picture.rgb, corners)[0]
    height, width = flat.shape
    return Picture(clean_rim(flat), width, height, picture.sha256, rgb), to_picture


def _holds(paper: Paper, boxes: Iterable[Box]) -> bool:
    """Return whether the middles of all boxes lie on a sheet."""
    corners = np.array(paper.corners, np.float32)
    middles = [(box.x + box.width / 2, box.y + box.height / 2) for box in boxes]
    return all(cv2.pointPolygonTest(corners, middle, measureDist=False) >= 0 for middle in middles)


def find_numbers(page: Page, hint: Hint, *, tables: bool = True) -> Layout:
    """Return the text regions of a page, in reading order.

    Parameters
    ----------
    page : of `open_page`, possibly turned
    hint : its boxes are the regions; a single digit is the whole page
    tables : whether to look for the cells of a table before lines of writing

    Raises
    ------
    CrowdedError
        There are too many marks for a page of digits.
    """
    if hint.boxes:
        return _joined([_in_box(page, box, hint) for box in hint.boxes])
    if is_single(hint):
        return Layout((TextRegion(page, _whole(page)),))
    if tables and (grid := _find_grid(page.ink)) is not None:
        clean = _without(page, grid.rules)
        cells = [_in_cell(clean, cell.region, (cell.row, cell.column)) for cell in grid.cells]
        return _joined([*cells, Layout((), _beside(clean, grid))])
    found = _find_lines(page.ink)
    clean = replace(page, ink=found.ink)
    lines = [_straight(clean, region) for region in found.regions]
    return Layout(
        tuple(TextRegion(line, _whole(line)) for line in lines), _boxes(page, found.left_out)
    )


def is_single(hint: Hint) -> bool:
    """Return whether the hint is a single digit."""
    return hint.single or hint.length == 1


def _joined(parts: Sequence[Layout]) -> Layout:
    """Return several layouts of a page as one."""
    return Layout(
        tuple(number for part in parts for number in part.numbers),
        tuple(box for part in parts for box in part.left_out),
    )


def _in_box(page: Page, box: Box, hint: Hint) -> Layout:
    """Return a known region as one number."""
    region = straighten(page, page.region_from_original(box))
    line, left_out = (region, ()) if is_single(hint) else only_line(region, ruled=True)
    region = line or region
    return Layout((TextRegion(region if region.ink.any() else None, box),), left_out)


def _in_cell(page: Page, region: Region, place: tuple[int, int]) -> Layout:
    """Return a cell of a table as one number, or as empty."""
    cell = straighten(page, region)
    line, left_out = only_line(cell, ruled=False)
    return Layout((TextRegion(line, _whole(cell), place),), left_out)


def _beside(page: Page, grid: "Grid") -> tuple[Box, ...]:
    """Return the boxes of writing next to a table, in pixels of the original."""
    corners = np.array([cell.region.corners for cell in grid.cells])  # (n, 4, 2)
    height = float(np.median(np.linalg.norm(corners[:, 3] - corners[:, 0], axis=1)))
    table = np.zeros(page.ink.shape, np.uint8)
    hull = cv2.convexHull(corners.reshape(-1, 2).astype(np.float32))
    cv2.fillConvexPoly(table, np.round(hull).astype(np.int32), 1)
    cv2.polylines(
        table, [np.round(hull).astype(np.int32)], True, 1, max(1, round(2 * FRAME_WIDTH * height))
    )
    found = _find_lines(np.where(table > 0, np.float32(0), page.ink))
    tall = [
        region
        for region in (*found.regions, *found.left_out)
        if np.ptp(np.array(region.corners)[:, 1]) >= LOWEST * height
    ]
    return _boxes(page, tall)


def only_line(page: Page, *, ruled: bool) -> tuple[Page | None, tuple[Box, ...]]:
    """Return the writing on a small part of the page as one line, and the ink left out.

    Parameters
    ----------
    ruled : whether printed lines may be on it
    """
    found = _find_lines(page.ink, ruled=ruled)
    left_out = _boxes(page, found.left_out)
    if not found.regions:
        return None, left_out
    return _straight(replace(page, ink=found.ink), _around(found.regions)), left_out


def _find_grid(ink: Ink) -> "Grid | None":
    from digits.image.table_grid import find_grid

    return find_grid(ink)


def _find_lines(ink: Ink, *, ruled: bool = True) -> "Lines":
    from digits.image.text_lines import find_lines

    return find_lines(ink, ruled=ruled)


def _straight(page: Page, region: Region) -> Page:
    return straighten(page, region, MARGIN, SIDE_MARGIN)


def _around(regions: Sequence[Region]) -> Region:
    """Return the only region, or the upright rectangle around all regions."""
    if len(regions) == 1:
        return regions[0]
    corners = np.concatenate([np.array(region.corners) for region in regions])
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return Region(((left, top), (right, top), (right, bottom), (left, bottom)))


def _without(page: Page, rules: np.ndarray) -> Page:
    """Remove printed lines from a page."""
    ink = erase(page.ink, rules)
    contrast = np.where(rules, np.minimum(page.contrast, ink), page.contrast)
    return replace(page, ink=ink, contrast=contrast)


def _whole(page: Page) -> Box:
    """Return the box of a part of the page in the original."""
    height, width = page.ink.shape
    return page.box_in_original(Box(0, 0, width, height))


def _boxes(page: Page, regions: Sequence[Region]) -> tuple[Box, ...]:
    """Return the upright boxes around regions, in pixels of the original."""
    corners = [np.array(region.corners) for region in regions]
    return tuple(
        page.box_in_original(
            Box(
                int(np.floor(each[:, 0].min())),
                int(np.floor(each[:, 1].min())),
                max(1, int(np.ceil(np.ptp(each[:, 0])))),
                max(1, int(np.ceil(np.ptp(each[:, 1])))),
            )
        )
        for each in corners
    )
