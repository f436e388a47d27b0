"""Find the pieces of a picture that hold one number each: cells of a table, or lines of writing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from digits.image.binarize import measure_contrast, to_ink
from digits.image.rectify import MARGIN, SIDE_MARGIN, box_region, straighten
from digits.image.ruling import erase
from digits.image.table_grid import find_grid
from digits.image.text_lines import find_lines
from digits.types import Box, Hint, Page, Picture, Region


@dataclass(frozen=True, slots=True)
class Found:
    """A straightened piece of the page that holds one number, and where it stands in a table."""

    page: Page | None  # None where nothing is written
    box: Box  # in pixels of the original
    place: tuple[int, int] | None = None  # row and column; None outside a table


def open_page(picture: Picture) -> Page:
    """Tell ink from paper on a whole picture."""
    contrast = measure_contrast(picture.grey)
    height, width = picture.grey.shape
    scale = np.diag([picture.width / width, picture.height / height, 1.0])
    return Page(to_ink(contrast), contrast, scale, (picture.width, picture.height))


def find_numbers(page: Page, picture: Picture, hint: Hint) -> list[Found]:
    """Return the pieces of a page that hold one number each, in reading order.

    Parameters
    ----------
    page : as `open_page` gives it, or turned
    picture : from which it comes
    hint : its boxes are the pieces; one digit alone is the whole page

    Raises
    ------
    CrowdedError
        There are more marks than a page of digits has.
    """
    if hint.boxes:
        return [_in_box(page, picture, box, hint) for box in hint.boxes]
    if is_single(hint):
        return [Found(page, Box(0, 0, picture.width, picture.height))]
    if hint.length is None and (grid := find_grid(page.ink)) is not None:
        clean = _without(page, grid.rules)
        return [_in_cell(clean, cell.region, (cell.row, cell.column)) for cell in grid.cells]
    lines = _lines(page)
    if hint.length is not None and len(lines) > 1:  # one line was promised: the one with most ink
        lines = [max(lines, key=lambda line: float(line.ink.sum()))]
    return [Found(line, _whole(line)) for line in lines]


def is_single(hint: Hint) -> bool:
    """Say whether the caller promises one digit."""
    return hint.single or hint.length == 1


def _in_box(page: Page, picture: Picture, box: Box, hint: Hint) -> Found:
    """Return a known region as one number."""
    region = straighten(page, box_region(picture.from_original(box)))
    if not is_single(hint):
        region = _only_line(region, ruled=True) or region
    return Found(region if region.ink.any() else None, box)


def _in_cell(page: Page, region: Region, place: tuple[int, int]) -> Found:
    """Return a cell of a table as one number, or as empty."""
    cell = straighten(page, region)
    return Found(_only_line(cell, ruled=False), _whole(cell), place)


def _only_line(page: Page, *, ruled: bool) -> Page | None:
    """Return all that is written on a small piece of the page as one line."""
    found = find_lines(page.ink, ruled=ruled)
    if not found.regions:
        return None
    return _straight(replace(page, ink=found.ink), _around(found.regions))


def _lines(page: Page) -> list[Page]:
    """Return the lines of a page, straightened, in reading order."""
    found = find_lines(page.ink)
    clean = replace(page, ink=found.ink)
    return [_straight(clean, region) for region in found.regions]


def _straight(page: Page, region: Region) -> Page:
    return straighten(page, region, MARGIN, SIDE_MARGIN)


def _around(regions: Sequence[Region]) -> Region:
    """Return the region itself where it is the only one, else the upright rectangle round all."""
    if len(regions) == 1:
        return regions[0]
    corners = np.concatenate([np.array(region.corners) for region in regions])
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return Region(((left, top), (right, top), (right, bottom), (left, bottom)))


def _without(page: Page, rules: np.ndarray) -> Page:
    """Take printed lines off a page."""
    ink = erase(page.ink, rules)
    contrast = np.where(rules, np.minimum(page.contrast, ink), page.contrast)
    return replace(page, ink=ink, contrast=contrast)


def _whole(page: Page) -> Box:
    """Return where a piece of the page lies in the original."""
    height, width = page.ink.shape
    return page.box_in_original(Box(0, 0, width, height))
